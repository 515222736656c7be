// Writes ONNX files: just enough of protobuf and of ONNX (IR version 8, operator set
// 17, and onnxruntime's own operators) for the graphs that transformers.js publishes.
// Field numbers are those of https://github.com/onnx/onnx/blob/v1.14.0/onnx/onnx.proto

/** Element types: TensorProto.DataType. */
export const FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7, BOOL = 9;

/** The operators that onnxruntime adds: op('com.microsoft.X', …). */
const MICROSOFT = 'com.microsoft';

const utf8 = new TextEncoder();

/** varint encodes a non-negative integer; BigInt, because int64 attributes may be negative. */
function varint(n) {
  let v = BigInt.asUintN(64, BigInt(n));
  const out = [];
  do {
    const low = Number(v & 0x7fn);
    v >>= 7n;
    out.push(v ? low | 0x80 : low);
  } while (v);
  return Uint8Array.from(out);
}

function concat(parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** A protobuf message under construction: a list of encoded fields. */
class Message {
  parts = [];
  int(field, n) {
    this.parts.push(varint(field << 3), varint(n));
    return this;
  }
  bytes(field, b) {
    this.parts.push(varint((field << 3) | 2), varint(b.length), b);
    return this;
  }
  string(field, s) {
    return this.bytes(field, utf8.encode(s));
  }
  message(field, m) {
    return this.bytes(field, m.encode());
  }
  float(field, x) {
    this.parts.push(varint((field << 3) | 5), new Uint8Array(Float32Array.of(x).buffer));
    return this;
  }
  encode() {
    return concat(this.parts);
  }
}

/** An attribute of a node: a number with a fraction part is marked as {f: x}. */
function attribute(name, value) {
  const m = new Message().string(1, name);
  if (Array.isArray(value)) {
    for (const v of value) m.int(8, v);
    return m.int(20, 7); // INTS
  }
  if (typeof value === 'object') return m.float(2, value.f).int(20, 1); // FLOAT
  return m.int(3, value).int(20, 2); // INT
}

/** A graph input or output; dims are numbers or names of free dimensions. */
function valueInfo(name, elemType, dims) {
  const shape = new Message();
  for (const d of dims) {
    shape.message(1, typeof d === 'number' ? new Message().int(1, d) : new Message().string(2, d));
  }
  const tensor = new Message().int(1, elemType).message(2, shape);
  return new Message().string(1, name).message(2, new Message().message(1, tensor));
}

/** A graph that grows by one operator at a time; values are known by name. */
export class Graph {
  nodes = [];
  initializers = [];
  inputs = [];
  outputs = [];
  #constants = new Set();
  #count = 0;

  input(name, elemType, dims) {
    this.inputs.push(valueInfo(name, elemType, dims));
    return name;
  }

  output(name, elemType, dims) {
    this.outputs.push(valueInfo(name, elemType, dims));
  }

  /** A constant tensor; data is a typed array of the element type, row-major. */
  constant(name, elemType, dims, data) {
    if (this.#constants.has(name)) return name;
    this.#constants.add(name);
    const m = new Message();
    for (const d of dims) m.int(1, d);
    m.int(2, elemType).string(8, name);
    m.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.initializers.push(m);
    return name;
  }

  /** The f32 scalar x. */
  scalar(x) {
    return this.constant(`f32_${x}`, FLOAT, [], Float32Array.of(x));
  }

  /** An int64 vector. */
  ints(...v) {
    return this.constant(`i64_${v.join('_')}`, INT64, [v.length], BigInt64Array.from(v, BigInt));
  }

  /**
   * Adds operator type on inputs ('' is an optional one left out); returns the name of
   * its output, or the names if outputs > 1. named is the name of the output, or the names.
   */
  op(type, inputs, attributes = {}, outputs = 1, named) {
    const id = `${type}_${++this.#count}`;
    const names = named ? [named].flat() : Array.from({ length: outputs }, (_, i) => `${id}_${i}`);
    const m = new Message();
    for (const i of inputs) m.string(1, i);
    for (const o of names) m.string(2, o);
    const own = type.startsWith(`${MICROSOFT}.`);
    m.string(3, id).string(4, own ? type.slice(MICROSOFT.length + 1) : type);
    if (own) m.string(7, MICROSOFT);
    for (const [k, v] of Object.entries(attributes)) m.message(5, attribute(k, v));
    this.nodes.push(m);
    return names.length === 1 ? names[0] : names;
  }

  /** The bytes of the .onnx file. */
  encode() {
    const graph = new Message();
    for (const n of this.nodes) graph.message(1, n);
    graph.string(2, 'model');
    for (const t of this.initializers) graph.message(5, t);
    for (const i of this.inputs) graph.message(11, i);
    for (const o of this.outputs) graph.message(12, o);
    return new Message()
      .int(1, 8)
      .string(2, 'lodestone-bench')
      .message(7, graph)
      .message(8, new Message().string(1, '').int(2, 17))
      .message(8, new Message().string(1, MICROSOFT).int(2, 1))
      .encode();
  }
}
