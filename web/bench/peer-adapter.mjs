// Our engine behind the contract of an outside benchmark, which imports this file in
// a dedicated module worker of a cross-origin isolated page:
//
//   load(modelUrl, {dtype, threads}) -> {run(ids, mask), close()}
//
//   modelUrl  a Hugging Face folder: config.json and model.safetensors under it
//   dtype     'f32' | 'q8'; weights are quantised while they load
//   threads   how many compute. A dtype or a model type that the engine does not have is
//             refused by the engine itself
//   run       ids number[][], rows of one length, special tokens included; mask null
//             (all ones) or 0/1 with the padding on the right. Resolves to f32
//             [rows, length, width], row-major.
//
// The benchmark serves this file's folder, so the module is reached through dist, a
// link to web/dist (make build).
import { AutoModel, Tensor } from './dist/lodestone.js';

export async function load(modelUrl, { dtype, threads = 1 }) {
  const model = await AutoModel.from_pretrained(modelUrl, { dtype, device: 'auto', threads });
  return {
    async run(ids, mask) {
      const dims = [ids.length, ids[0].length];
      const tensor = rows => new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), dims);
      const output = await model({
        input_ids: tensor(ids),
        attention_mask: tensor(mask ?? ids.map(row => row.map(() => 1))),
      });
      return output.last_hidden_state.data;
    },
    close: () => model.dispose(),
  };
}
