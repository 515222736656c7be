// Dense arrays of numbers, as callers see them.
import { has, invalid } from './validate.js';

/** The element types of tensors. */
export interface TensorData {
  float32: Float32Array;
  int64: BigInt64Array;
  int8: Int8Array;
  uint8: Uint8Array;
}

/** The array of each type. */
const ARRAYS = { float32: Float32Array, int64: BigInt64Array, int8: Int8Array, uint8: Uint8Array };

/** An array of n zeros. */
export function zeros<T extends TensorType>(type: T, n: number): TensorData[T] {
  return new ARRAYS[type](n) as TensorData[T];
}

export type TensorType = keyof TensorData;

/** Nested arrays, as `tolist` returns them. */
export type Nested<T> = T | Nested<T>[];

/**
 * The base of tensors, where an index that is no member is looked up: tensor[0]. Only such
 * names get to the proxy, so members cost nothing.
 */
const Indexed = /* @__PURE__ */ indexed();

function indexed(): new () => object {
  const isIndex = (name: string | symbol): name is string => typeof name === 'string' && /^-?\d+$/.test(name);
  const Base = class {};
  const lookup = new Proxy(Object.create(Object.prototype) as object, {
    get: (target, name, tensor: unknown) => (isIndex(name) ? part(tensor as Tensor, Number(name)) : Reflect.get(target, name, tensor) as unknown),
    set: (target, name, value, tensor) => {
      if (isIndex(name)) throw invalid(`tensor: [${name}] cannot be assigned; set elements of data`);
      return Reflect.set(target, name, value, tensor);
    },
  });
  Object.setPrototypeOf(Base.prototype, lookup);
  return Base;
}

/** The tensor at a place of the first dimension. It shares the data. */
function part<T extends TensorType>(t: Tensor<T>, index: number): Tensor<T> {
  const [n, ...rest] = t.dims;
  if (n === undefined) throw invalid('tensor: a scalar has no first dimension; item() is its number');
  const at = dimension(index, n, `[${index}]`);
  const size = product(rest);
  return new Tensor(t.type, t.data.subarray(at * size, (at + 1) * size) as TensorData[T], rest);
}

/**
 * A dense array of numbers: `data` is row-major, `dims` its shape. `tensor[i]` is the tensor
 * at place i of the first dimension, a scalar of a vector; it shares the data.
 */
export class Tensor<T extends TensorType = TensorType> extends Indexed {
  readonly [index: number]: Tensor<T>;
  readonly type: T;
  readonly data: TensorData[T];
  readonly dims: number[];

  constructor(type: T, data: TensorData[T], dims: readonly number[]) {
    super();
    const wanted = has(ARRAYS, type) ? ARRAYS[type] : undefined;
    if (!wanted) throw invalid(`tensor: type ${JSON.stringify(type)}, expected ${Object.keys(ARRAYS).join(', ')}`);
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
    const n = this.dims[0];
    if (n === undefined) throw invalid('tensor: a scalar has nothing to iterate over');
    for (let i = 0; i < n; i++) yield part(this, i);
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
    const out = zeros(this.type, product(dims));
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

  clone(): Tensor<T> {
    return new Tensor(this.type, this.data.slice() as TensorData[T], this.dims);
  }

  /** The same data with another shape; one of the numbers may be −1, for what remains. */
  view(...dims: number[]): Tensor<T> {
    const rest = this.size / product(dims.filter((d) => d !== -1));
    return new Tensor(this.type, this.data, dims.map((d) => (d === -1 ? rest : d)));
  }

  /** The same data without the dimensions of size 1, or without one of them. */
  squeeze(dim: number | null = null): Tensor<T> {
    const at = dim === null ? -1 : dimension(dim, this.dims.length, 'squeeze()');
    return this.view(...this.dims.filter((d, i) => d !== 1 || (dim !== null && i !== at)));
  }

  /** The same data with a dimension of size 1 before dimension `dim`. */
  unsqueeze(dim: number): Tensor<T> {
    const dims = [...this.dims];
    dims.splice(dimension(dim, dims.length + 1, 'unsqueeze()'), 0, 1);
    return this.view(...dims);
  }

  /** The same data with the dimensions from `start` to `end` as one. */
  flatten(start = 0, end = -1): Tensor<T> {
    const n = Math.max(1, this.dims.length);
    const [from, to] = [dimension(start, n, 'flatten()'), dimension(end, n, 'flatten()') + 1];
    return this.view(...this.dims.slice(0, from), product(this.dims.slice(from, to)), ...this.dims.slice(to));
  }

  /** A copy with its dimensions in another order. */
  permute(...axes: number[]): Tensor<T> {
    const n = this.dims.length;
    const order = axes.map((axis) => dimension(axis, n, 'permute()'));
    if (order.length !== n || new Set(order).size !== n) throw invalid(`tensor: permute(): [${axes.join(', ')}], expected each of ${n} dimensions once`);
    const strides = order.map((axis) => product(this.dims.slice(axis + 1)));
    const dims = order.map((axis) => this.dims[axis]!);
    const out = this.data.slice() as TensorData[T];
    let next = 0;
    const copy = (depth: number, at: number): void => {
      if (depth === n) out[next++] = this.data[at]!;
      else for (let i = 0; i < dims[depth]!; i++) copy(depth + 1, at + i * strides[depth]!);
    };
    copy(0, 0);
    return new Tensor(this.type, out, dims);
  }

  /** As permute, as in transformers.js. */
  transpose(...axes: number[]): Tensor<T> {
    return this.permute(...axes);
  }

  /** A tensor of another type. Whole numbers lose what is behind the point. */
  to<U extends TensorType>(type: U): Tensor<U> {
    const convert = type === 'int64' ? (v: unknown): unknown => BigInt(Math.trunc(Number(v))) : Number;
    const out = zeros(type, this.size) as unknown as unknown[];
    for (let i = 0; i < this.size; i++) out[i] = convert(this.data[i]);
    return new Tensor(type, out as unknown as TensorData[U], this.dims);
  }

  /** f of each element. */
  map(f: (value: number, index: number) => number): Tensor<'float32'> {
    return new Tensor('float32', Float32Array.from(floats(this, 'map'), f), this.dims);
  }

  /** Each element and a number; sub, mul and div likewise. */
  add(value: number): Tensor<'float32'> {
    return this.map((v) => v + value);
  }

  sub(value: number): Tensor<'float32'> {
    return this.map((v) => v - value);
  }

  mul(value: number): Tensor<'float32'> {
    return this.map((v) => v * value);
  }

  div(value: number): Tensor<'float32'> {
    return this.map((v) => v / value);
  }

  /** The mean over a dimension, or over all elements. `keepdim` keeps the dimension, of size 1. */
  mean(dim: number | null = null, keepdim = false): Tensor<'float32'> {
    return reduced(this, 'mean', dim, keepdim, (values) => values.reduce((a, b) => a + b, 0) / values.length);
  }

  sum(dim: number | null = null, keepdim = false): Tensor<'float32'> {
    return reduced(this, 'sum', dim, keepdim, (values) => values.reduce((a, b) => a + b, 0));
  }

  min(dim: number | null = null, keepdim = false): Tensor<'float32'> {
    return reduced(this, 'min', dim, keepdim, (values) => values.reduce((a, b) => Math.min(a, b), Infinity));
  }

  max(dim: number | null = null, keepdim = false): Tensor<'float32'> {
    return reduced(this, 'max', dim, keepdim, (values) => values.reduce((a, b) => Math.max(a, b), -Infinity));
  }

  /** The place of the least element along a dimension, or among all. */
  argmin(dim: number | null = null, keepdim = false): Tensor<'int64'> {
    return reduced(this, 'argmin', dim, keepdim, (values) => values.reduce((best, v, i) => (v < values[best]! ? i : best), 0)).to('int64');
  }

  /** The place of the greatest element along a dimension, or among all. */
  argmax(dim: number | null = null, keepdim = false): Tensor<'int64'> {
    return reduced(this, 'argmax', dim, keepdim, (values) => values.reduce((best, v, i) => (v > values[best]! ? i : best), 0)).to('int64');
  }

  /** The p-norm over a dimension, or of all elements; 'fro' is 2. */
  norm(p: number | 'fro' = 'fro', dim: number | null = null, keepdim = false): Tensor<'float32'> {
    const power = p === 'fro' ? 2 : p;
    return reduced(this, 'norm', dim, keepdim, (values) => values.reduce((a, b) => a + Math.abs(b) ** power, 0) ** (1 / power));
  }

  /** Divides by the p-norm over a dimension: with the defaults every row of a matrix gets the length 1. */
  normalize(p = 2, dim = 1): Tensor<'float32'> {
    const norms = this.norm(p, dim, true);
    const at = dimension(dim, this.dims.length, 'normalize()');
    const inner = product(this.dims.slice(at + 1));
    const n = this.dims[at]!;
    return this.map((v, i) => v / norms.data[Math.floor(i / (inner * n)) * inner + (i % inner)]!);
  }

  /** 1 / (1 + exp(−x)) of each element x. */
  sigmoid(): Tensor<'float32'> {
    return this.map((v) => 1 / (1 + Math.exp(-v)));
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

export function product(dims: readonly number[]): number {
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
