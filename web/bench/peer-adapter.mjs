// Our engine behind the contract of an outside benchmark, which imports this file in
// a dedicated module worker of a cross-origin isolated page:
//
//   load(modelUrl, {dtype, threads}) -> {run(ids, mask) | generate(ids, {maxNewTokens}), close()}
//
//   modelUrl  a Hugging Face folder: config.json and model.safetensors under it
//   dtype     'f32' | 'q8' | 'q4'; weights are quantised while they load
//   threads   how many compute. A dtype or a model type that the engine does not have is
//             refused by the engine itself
//   run       of encoders: ids number[][], rows of one length, special tokens included; mask
//             null (all ones) or 0/1 with the padding on the right. Resolves to f32
//             row-major, [rows, length, width], or [rows, length, labels] of a model for
//             token classification.
//   generate  of gpt2 and m2m_100: greedy, exactly maxNewTokens ids, no end of sequence. ids
//             are the prompt, or what the encoder reads; no language is forced.
//
// The benchmark serves this file's folder, so the module is reached through dist, a
// link to web/dist (make build).
import * as lodestone from './dist/lodestone.js';

const tensor = rows => new lodestone.Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);

const GENERATE = { gpt2: 'AutoModelForCausalLM', m2m_100: 'AutoModelForSeq2SeqLM' };

export async function load(modelUrl, { dtype, threads = 1 }) {
  const { model_type, architectures = [] } = await (await fetch(new URL('config.json', new URL(modelUrl, location.href)))).json();
  const options = { dtype, device: 'auto', threads };
  const generates = GENERATE[model_type];
  if (generates) {
    const model = await lodestone[generates].from_pretrained(modelUrl, options);
    return {
      async generate(ids, { maxNewTokens }) {
        const all = { max_new_tokens: maxNewTokens, min_new_tokens: maxNewTokens, do_sample: false, num_beams: 1, eos_token_id: [] };
        const out = await model.generate({ input_ids: tensor([ids]), ...all });
        return Array.from(out.data.subarray(out.dims[1] - maxNewTokens), Number);
      },
      close: () => model.dispose(),
    };
  }
  const classifies = architectures.some(name => name.endsWith('ForTokenClassification'));
  const model = await lodestone[classifies ? 'AutoModelForTokenClassification' : 'AutoModel'].from_pretrained(modelUrl, options);
  return {
    async run(ids, mask) {
      const output = await model({
        input_ids: tensor(ids),
        attention_mask: tensor(mask ?? ids.map(row => row.map(() => 1))),
      });
      return (classifies ? output.logits : output.last_hidden_state).data;
    },
    close: () => model.dispose(),
  };
}
