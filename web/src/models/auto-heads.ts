// Models with a head, without a task: ids in, logits out.
import type { ModelSource } from '../page/address.js';
import { type ModelInputs, paddedInputs } from '../page/inputs.js';
import { configOf, type ModelHandle, modelHandle, type PretrainedConfig } from '../page/model.js';
import { type LoadOptions, loadWith } from '../page/options.js';
import { Tensor } from '../page/tensor.js';
import * as check from '../page/validate.js';
import type { Head } from '../protocol/load.js';

/** Logits. */
export interface HeadOutput {
  /**
   * [texts, tokens, vocabulary] for masked language models, [texts, tokens, classes] for
   * token classification, [texts, classes] for sequence classification. Padding has zeros.
   */
  logits: Tensor<'float32'>;
}

/** The logits of the begin and the end of an answer. */
export interface SpanOutput {
  /** [texts, tokens] */
  start_logits: Tensor<'float32'>;
  /** [texts, tokens] */
  end_logits: Tensor<'float32'>;
}

/** The classes of a model, from its config.json. */
export interface HeadConfig extends PretrainedConfig {
  readonly id2label: Readonly<Record<number, string>>;
  readonly label2id: Readonly<Record<string, number>>;
  readonly problem_type: string | null;
}

/** A model with a head. */
export interface ModelWithHead<O> extends ModelHandle {
  (inputs: ModelInputs, options?: { signal?: AbortSignal | null }): Promise<O>;
  readonly config: HeadConfig;
}

/** A class that loads the weights of a model folder with a head, without its tokenizer. */
export interface AutoModelWithHead<O> {
  from_pretrained(model: ModelSource, options?: LoadOptions): Promise<ModelWithHead<O>>;
}

function auto<O>(name: string, head: Head, output: (data: Float32Array, dims: number[]) => O): AutoModelWithHead<O> {
  return {
    async from_pretrained(model, options) {
      const loaded = await loadWith(`${name}.from_pretrained`, model, options, { tokenizer: false, weights: true, head });
      const { client, info } = loaded;
      const run = async (inputs: ModelInputs, options?: { signal?: AbortSignal | null }): Promise<O> => {
        const signal = check.onlySignal('model', options);
        const { padded, transfer } = paddedInputs('model', inputs);
        const { data, dims } = await client.call({ op: 'head', ...padded }, { signal, transfer });
        return output(data, dims);
      };
      return modelHandle(run, loaded, {
        config: {
          ...configOf(info),
          id2label: Object.fromEntries(info.labels.map((label, id) => [id, label])),
          label2id: Object.fromEntries(info.labels.map((label, id) => [label, id])),
          problem_type: info.problem || null,
        },
      });
    },
  };
}

function logits(data: Float32Array, dims: number[]): HeadOutput {
  return { logits: new Tensor('float32', data, dims) };
}

/** Splits [texts, tokens, 2]. */
function spans(data: Float32Array, dims: number[]): SpanOutput {
  const part = (first: number): Tensor<'float32'> => new Tensor('float32', Float32Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + first]!), dims.slice(0, 2));
  return { start_logits: part(0), end_logits: part(1) };
}

/** Models that fill masks, such as BertForMaskedLM. */
export const AutoModelForMaskedLM = auto('AutoModelForMaskedLM', 'masked-lm', logits);

/** Models that classify tokens. */
export const AutoModelForTokenClassification = auto('AutoModelForTokenClassification', 'token-classification', logits);

/** Models that classify texts. */
export const AutoModelForSequenceClassification = auto('AutoModelForSequenceClassification', 'sequence-classification', logits);

/** Models that find answers in a text. */
export const AutoModelForQuestionAnswering = auto('AutoModelForQuestionAnswering', 'question-answering', spans);
