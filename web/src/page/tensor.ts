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
    const size = product(dims);
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

  /** The one element of a tensor that has one. */
  item(): T extends 'int64' ? bigint : number {
    if (this.size !== 1) throw invalid(`tensor: item() of ${this.size} elements, expected one`);
    return this.data[0] as T extends 'int64' ? bigint : number;
  }

  /** The tensors of the first dimension; scalars of a vector. They share the data. */
  *[Symbol.iterator](): IterableIterator<Tensor<T>> {
    const [n, ...rest] = this.dims;
    if (n === undefined) throw invalid('tensor: a scalar has nothing to iterate over');
    const size = product(rest);
    for (let i = 0; i < n; i++) yield new Tensor(this.type, this.data.subarray(i * size, (i + 1) * size) as TensorData[T], rest);
  }

  /**
   * A copy of a part. For each dimension: a number takes one place and drops the dimension,
   * [begin, end] takes a range (null is its border), null or nothing takes all. Negative
   * numbers count from the end.
   */
  slice(...parts: (number | readonly [number | null, number | null] | null)[]): Tensor<T> {
    if (parts.length > this.dims.length) throw invalid(`tensor: slice() with ${parts.length} parts of ${this.dims.length} dimensions`);
    const dims: number[] = [];
    const ranges = this.dims.map((n, i): [number, number] => {
      const part = parts[i] ?? null;
      if (typeof part === 'number') {
        const at = dimension(part, n, `slice(): index ${i}`);
        return [at, at + 1];
      }
      if (part !== null && (!Array.isArray(part) || part.length !== 2)) throw invalid(`tensor: slice(): part ${i}: expected a number, [begin, end] or null`);
      const border = (v: number | null, otherwise: number): number => (v === null ? otherwise : Math.min(Math.max(v < 0 ? v + n : v, 0), n));
      const begin = border(part === null ? null : part[0]!, 0);
      const end = border(part === null ? null : part[1]!, n);
      if (!(begin <= end)) throw invalid(`tensor: slice(): part ${i}: [${part!.join(', ')}] of ${n}, expected the begin before the end`);
      dims.push(end - begin);
      return [begin, end];
    });
    const out = (this.type === 'float32' ? new Float32Array(product(dims)) : new BigInt64Array(product(dims))) as TensorData[T];
    let next = 0;
    const copy = (depth: number, at: number): void => {
      if (depth === ranges.length) {
        out[next++] = this.data[at]!;
        return;
      }
      const [begin, end] = ranges[depth]!;
      const stride = product(this.dims.slice(depth + 1));
      for (let i = begin; i < end; i++) copy(depth + 1, at + i * stride);
    };
    copy(0, 0);
    return new Tensor(this.type, out, dims);
  }

  /** The mean over a dimension, or over all elements. `keepdim` keeps the dimension, of size 1. */
  mean(dim: number | null = null, keepdim = false): Tensor<'float32'> {
    return reduced(this, 'mean', dim, keepdim, (values) => values.reduce((a, b) => a + b, 0) / values.length);
  }

  /** Divides by the p-norm over a dimension: with the defaults every row of a matrix gets the length 1. */
  normalize(p = 2, dim = 1): Tensor<'float32'> {
    const norms = reduced(this, 'normalize', dim, true, (values) => values.reduce((a, b) => a + Math.abs(b) ** p, 0) ** (1 / p));
    const at = dimension(dim, this.dims.length, 'normalize()');
    const inner = product(this.dims.slice(at + 1));
    const n = this.dims[at]!;
    const out = Float32Array.from(this.data as Float32Array, (v, i) => v / norms.data[Math.floor(i / (inner * n)) * inner + (i % inner)]!);
    return new Tensor('float32', out, this.dims);
  }

  /** 1 / (1 + exp(−x)) of each element x. */
  sigmoid(): Tensor<'float32'> {
    return new Tensor('float32', floats(this, 'sigmoid').map((v) => 1 / (1 + Math.exp(-v))), this.dims);
  }
}

/** The elements of a float32 tensor. */
function floats(t: Tensor, what: string): Float32Array {
  if (t.type !== 'float32') throw invalid(`tensor: ${what}() of ${t.type}, expected float32`);
  return t.data as Float32Array;
}

/** Makes a number of the values along a dimension, or of all. */
function reduced(t: Tensor, what: string, dim: number | null, keepdim: boolean, reduce: (values: Float64Array) => number): Tensor<'float32'> {
  const data = floats(t, what);
  if (dim === null) return new Tensor('float32', Float32Array.of(reduce(Float64Array.from(data))), keepdim ? t.dims.map(() => 1) : []);
  const at = dimension(dim, t.dims.length, `${what}()`);
  const n = t.dims[at]!;
  const inner = product(t.dims.slice(at + 1));
  const outer = product(t.dims.slice(0, at));
  const out = new Float32Array(outer * inner);
  const values = new Float64Array(n);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      for (let k = 0; k < n; k++) values[k] = data[(o * n + k) * inner + i]!;
      out[o * inner + i] = reduce(values);
    }
  }
  return new Tensor('float32', out, t.dims.flatMap((d, i) => (i !== at ? [d] : keepdim ? [1] : [])));
}

function product(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}

/** A place from 0 to n − 1; negative ones count from the end. */
function dimension(at: number, n: number, what: string): number {
  const place = at < 0 ? at + n : at;
  if (!Number.isInteger(place) || place < 0 || place >= n) throw invalid(`tensor: ${what}: ${at}, expected ${-n} to ${n - 1}`);
  return place;
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
