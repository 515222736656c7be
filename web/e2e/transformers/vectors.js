import { pipeline, matmul, quantize_embeddings, layer_norm, topk, cat, stack } from '@huggingface/transformers';

const extractor = await pipeline('feature-extraction', 'f/good', { dtype: 'q8' });
const sentences = ['A dog runs in the park.', 'Ein Hund läuft im Park.', 'The stock market fell.'];
const output = await extractor(sentences, { pooling: 'mean', normalize: true });
const similarities = await matmul(output, output.transpose(1, 0));
const [best, places] = await topk(similarities[0], 2);
const signs = await extractor(sentences, { pooling: 'mean', quantize: true, precision: 'binary' });
const unsigned = quantize_embeddings(output, 'ubinary');
// Matryoshka: fewer numbers of each vector, normalized again.
const short = layer_norm(output, [output.dims[1]]).slice(null, [0, 64]).normalize(2, -1);
export const result = {
  first: output[0].dims,
  one: output[2][5].item() === output.data[2 * 256 + 5],
  similarities: similarities.dims,
  itself: similarities[0][0].item(),
  best: best.tolist(),
  places: places.tolist().map(Number),
  signs: [signs.type, ...signs.dims],
  sameSigns: signs.tolist().flat().every((v, i) => v + 128 === unsigned.data[i]),
  bit: unsigned[0].data[0] >> 7 === (output.data[0] > 0 ? 1 : 0),
  short: short.dims,
  length: Math.hypot(...short[0].data),
  cat: cat([output, output]).dims,
  stack: stack([output[0], output[1]]).dims,
  tokens: extractor.tokenizer.pad_token_id >= 0,
};
await extractor.dispose();
