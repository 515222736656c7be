// Functions of tensors, with the names of transformers.js.
import { product, Tensor, type TensorType, zeros } from './tensor.js';
import { invalid } from './validate.js';

/** Tensors one behind the other along a dimension. */
export function cat<T extends TensorType>(tensors: readonly Tensor<T>[], dim = 0): Tensor<T> {
  const [first] = tensors;
  if (!first) throw invalid('cat: no tensors, expected at least one');
  const n = first.dims.length;
  const at = dim < 0 ? dim + n : dim;
  if (!(at >= 0 && at < n)) throw invalid(`cat: dimension ${dim} of ${n}`);
  const without = (t: Tensor): string => t.dims.map((d, i) => (i === at ? '·' : d)).join();
  const odd = tensors.find((t) => t.type !== first.type || without(t) !== without(first));
  if (odd) throw invalid(`cat: ${odd.type} [${odd.dims.join(', ')}] behind ${first.type} [${first.dims.join(', ')}], expected the same but for dimension ${at}`);
  const dims = first.dims.map((d, i) => (i === at ? tensors.reduce((sum, t) => sum + t.dims[at]!, 0) : d));
  const out = zeros(first.type, product(dims));
  const blocks = tensors.map((t) => product(t.dims.slice(at)));
  let next = 0;
  for (let o = 0; o < product(dims.slice(0, at)); o++) {
    for (const [i, t] of tensors.entries()) {
      out.set(t.data.subarray(o * blocks[i]!, (o + 1) * blocks[i]!) as never, next);
      next += blocks[i]!;
    }
  }
  return new Tensor(first.type, out, dims);
}

/** Tensors of one shape, along a new dimension. */
export function stack<T extends TensorType>(tensors: readonly Tensor<T>[], dim = 0): Tensor<T> {
  return cat(tensors.map((t) => t.unsqueeze(dim)), dim);
}

/** The product of matrices [m, k] and [k, n]: [m, n]. It runs in the page, on one thread. */
export async function matmul(a: Tensor<'float32'>, b: Tensor<'float32'>): Promise<Tensor<'float32'>> {
  for (const t of [a, b]) if (!(t instanceof Tensor) || t.type !== 'float32' || t.dims.length !== 2) throw invalid('matmul: expected two float32 Tensors of two dimensions');
  const [m, k] = a.dims as [number, number];
  const [rows, n] = b.dims as [number, number];
  if (rows !== k) throw invalid(`matmul: [${m}, ${k}] by [${rows}, ${n}], expected [${k}, …]`);
  const out = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a.data[i * k + l]! * b.data[l * n + j]!;
      out[i * n + j] = sum;
    }
  }
  return new Tensor('float32', out, [m, n]);
}

/** The k greatest elements along the last dimension, the greatest first, and their places. */
export async function topk(x: Tensor<'float32'>, k?: number): Promise<[Tensor<'float32'>, Tensor<'int64'>]> {
  if (!(x instanceof Tensor) || x.type !== 'float32' || x.dims.length === 0) throw invalid('topk: expected a float32 Tensor of one dimension or more');
  const n = x.dims.at(-1)!;
  const take = k === undefined ? n : k;
  if (!Number.isInteger(take) || take < 0 || take > n) throw invalid(`topk: k: ${k}, expected 0 to ${n}`);
  const dims = [...x.dims.slice(0, -1), take];
  const values = new Float32Array(product(dims));
  const places = new BigInt64Array(values.length);
  for (let row = 0; row < product(x.dims.slice(0, -1)); row++) {
    const own = x.data.subarray(row * n, (row + 1) * n);
    const order = Array.from(own, (_, i) => i).sort((a, b) => own[b]! - own[a]! || a - b);
    for (let i = 0; i < take; i++) {
      values[row * take + i] = own[order[i]!]!;
      places[row * take + i] = BigInt(order[i]!);
    }
  }
  return [new Tensor('float32', values, dims), new Tensor('int64', places, dims)];
}

/** (x − mean) / √(variance + eps) of each row [texts, width]. */
export function layer_norm(x: Tensor<'float32'>, normalized_shape: readonly number[], { eps = 1e-5 } = {}): Tensor<'float32'> {
  if (!(x instanceof Tensor) || x.type !== 'float32' || x.dims.length !== 2) throw invalid('layer_norm: expected a float32 Tensor of two dimensions');
  const n = x.dims[1]!;
  if (normalized_shape.length !== 1 || normalized_shape[0] !== n) throw invalid(`layer_norm: normalized_shape: [${normalized_shape.join(', ')}], expected [${n}]`);
  const mean = x.mean(1).data;
  const variance = x.map((v, i) => (v - mean[Math.floor(i / n)]!) ** 2).mean(1).data;
  return x.map((v, i) => (v - mean[Math.floor(i / n)]!) / Math.sqrt(variance[Math.floor(i / n)]! + eps));
}

/** The signs of vectors, eight to a byte, the first in the highest bit: uint8, or int8 less 128. */
export function quantize_embeddings<P extends 'binary' | 'ubinary'>(x: Tensor<'float32'>, precision: P): Tensor<P extends 'binary' ? 'int8' : 'uint8'> {
  if (!(x instanceof Tensor) || x.type !== 'float32' || x.dims.length !== 2) throw invalid('quantize_embeddings: expected a float32 Tensor of two dimensions');
  if (precision !== 'binary' && precision !== 'ubinary') throw invalid(`quantize_embeddings: precision: ${JSON.stringify(precision)}, expected 'binary' or 'ubinary'`);
  const [rows, width] = x.dims as [number, number];
  if (width % 8 !== 0) throw invalid(`quantize_embeddings: vectors of ${width} numbers, expected a multiple of 8`);
  const type = precision === 'binary' ? 'int8' : 'uint8';
  const out = zeros(type, (rows * width) / 8);
  for (let i = 0; i < out.length; i++) {
    const byte = x.data.subarray(8 * i, 8 * i + 8).reduce((bits, v) => 2 * bits + (v > 0 ? 1 : 0), 0);
    out[i] = type === 'int8' ? byte - 128 : byte;
  }
  return new Tensor(type, out, [rows, width / 8]) as unknown as Tensor<P extends 'binary' ? 'int8' : 'uint8'>;
}
