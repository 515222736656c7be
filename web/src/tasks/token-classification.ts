// Token classification: the entities of texts, such as names of people and places.
import * as check from '../page/validate.js';
import { type PipelineHandle, rows, type TaskDefinition } from './task.js';

interface Found {
  score: number;
  /** The decoded tokens: in lower case, if the tokenizer lowercases. */
  word: string;
  /** Its place: text.slice(start, end). */
  start: number;
  end: number;
}

/** A token with its label. */
export interface TokenClassificationToken extends Found {
  entity: string;
  /** The position of the token among all tokens of the text, special tokens included. */
  index: number;
  entity_group?: undefined;
}

/** Neighbouring tokens that make one entity. */
export interface TokenClassificationGroup extends Found {
  /** The label without B- or I-. */
  entity_group: string;
  entity?: undefined;
  index?: undefined;
}

export type TokenClassificationResult = TokenClassificationToken | TokenClassificationGroup;

/** How tokens become entities. */
export type AggregationStrategy = 'none' | 'simple' | 'first' | 'average' | 'max';

export interface TokenClassificationOptions {
  /**
   * `none` (the default) returns single tokens. `simple` joins neighbours with the same
   * label. `first`, `average` and `max` first label whole words: by their first token, by
   * the mean score of their tokens, or by the token with the highest score. Then they join
   * neighbours.
   */
  aggregation_strategy?: AggregationStrategy;
  /** Labels to leave out; ['O'] by default. For groups, labels without B- or I-. */
  ignore_labels?: readonly string[];
  /** The number of tokens that the windows of a long text share; a quarter of a window by default. */
  stride?: number;
  signal?: AbortSignal | null;
}

type Element<O> = O extends { aggregation_strategy: infer A }
  ? [A] extends ['none']
    ? TokenClassificationToken
    : [A] extends ['simple' | 'first' | 'average' | 'max']
      ? TokenClassificationGroup
      : TokenClassificationResult
  : TokenClassificationToken;

export type TokenClassificationOutput<T, O> = T extends string ? Element<O>[] : Element<O>[][];

export interface TokenClassificationCall {
  /** The entities of one text or of several. Long texts are read in windows, so nothing is truncated. */
  <T extends string | readonly string[], const O extends TokenClassificationOptions = {}>(texts: T, options?: O): Promise<TokenClassificationOutput<T, O>>;
  /** The labels, by class. */
  readonly labels: readonly string[];
}

/** A model that finds entities. */
export interface TokenClassificationPipeline extends TokenClassificationCall, PipelineHandle<'token-classification'> {}

const STRATEGIES = ['none', 'simple', 'first', 'average', 'max'] as const;

export const tokenClassification: TaskDefinition<TokenClassificationCall> = {
  parts: { tokenizer: true, weights: true, head: 'token-classification' },
  run: ({ client, info }) => {
    const run = async (input: string | readonly string[], options?: TokenClassificationOptions): Promise<unknown> => {
      const what = 'token-classification';
      const o = check.knownOptions(what, options, ['aggregation_strategy', 'ignore_labels', 'stride', 'signal']);
      const aggregationStrategy = check.oneOf(`${what}: aggregation_strategy`, o.aggregation_strategy, STRATEGIES, 'none');
      const ignoreLabels = check.strings(`${what}: ignore_labels`, o.ignore_labels) ?? ['O'];
      const stride = check.count(`${what}: stride`, o.stride) ?? 0;
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = check.texts(what, input);
      const reply = await client.call({ op: 'task', task: 'token-classification', texts, aggregationStrategy, ignoreLabels, stride }, { signal });
      const results = rows(reply.lengths, (i): TokenClassificationResult => {
        const [label, score, word, start, end] = [reply.label[i]!, reply.score[i]!, reply.word[i]!, reply.start[i]!, reply.end[i]!];
        return aggregationStrategy === 'none' ? { entity: label, score, index: reply.index[i]!, word, start, end } : { entity_group: label, score, word, start, end };
      });
      return typeof input === 'string' ? results[0] : results;
    };
    return Object.assign(run as TokenClassificationCall, { labels: info.labels });
  },
};
