// Dense arrays of numbers, as callers see them.
import { invalid } from './validate.js';

/** The element types of tensors. */
export interface TensorData {
  float32: Float32Array;
  int64: BigInt64Array;
}

export type TensorType = keyof TensorData;

/** Nested arrays, as `tolist` returns them. */
export type Nested<T> = T | Nested<T>[];

/** A dense array of numbers: `data` is row-major, `dims` its shape. */
export class Tensor<T extends TensorType = TensorType> {
  readonly type: T;
  readonly data: TensorData[T];
  readonly dims: number[];

  constructor(type: T, data: TensorData[T], dims: readonly number[]) {
    if (type !== 'float32' && type !== 'int64') {
      throw invalid(`tensor: type ${JSON.stringify(type)}, expected 'float32' or 'int64'`);
    }
    const wanted = type === 'float32' ? Float32Array : BigInt64Array;
    if (!(data instanceof wanted)) {
      throw invalid(`tensor: data of a ${type} tensor must be a ${wanted.name}`);
    }
    if (!Array.isArray(dims) || !dims.every((d) => Number.isSafeInteger(d) && d >= 0)) {
      throw invalid(`tensor: dims ${JSON.stringify(dims)}, expected an array of whole numbers of at least 0`);
    }
    const size = dims.reduce((a: number, b: number) => a * b, 1);
    if (size !== data.length) {
      throw invalid(`tensor: ${data.length} elements, but dims [${dims.join(', ')}] need ${size}`);
    }
    this.type = type;
    this.data = data;
    this.dims = Object.freeze([...dims]) as number[]; // the type is that of transformers.js; nobody may change the shape
  }

  /** The number of elements. */
  get size(): number {
    return this.data.length;
  }

  /** The elements as nested arrays, one level for each dimension. */
  tolist(): Nested<T extends 'int64' ? bigint : number> {
    const { data, dims } = this;
    let at = 0;
    const build = (depth: number): unknown =>
      depth === dims.length ? data[at++] : Array.from({ length: dims[depth]! }, () => build(depth + 1));
    return build(0) as Nested<T extends 'int64' ? bigint : number>;
  }
}

/** An int64 tensor of 32-bit numbers. */
export function int64Tensor(values: ArrayLike<number>, dims: readonly number[]): Tensor<'int64'> {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]!);
  return new Tensor('int64', data, dims);
}

/** The numbers of an int64 tensor, each checked to be from 0 to 2147483647. */
export function toInt32(name: string, t: Tensor): Int32Array {
  if (!(t instanceof Tensor) || t.type !== 'int64') {
    throw invalid(`${name}: expected an int64 Tensor`);
  }
  const data = t.data as BigInt64Array;
  const out = new Int32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const v = data[i]!;
    if (v < 0n || v > 0x7fffffffn) {
      throw invalid(`${name}: ${v} at position ${i}, expected 0 to 2147483647`, { position: i });
    }
    out[i] = Number(v);
  }
  return out;
}
