// The layers of a transformer as ONNX operators, from weights in f32: the forms in
// which onnxruntime-web meets them in the wild.
//
//   dtype  fp32
//          q8     optimum's export after dynamic quantisation, as transformers.js' models
//                 are published: DynamicQuantizeLinear, MatMulInteger, Cast, Mul; int8 a
//                 tensor, embedding tables int8 too
//          q4     MatMulNBits: blocks of 32 inputs, symmetric; tables f32
//   form   published   attention and GELU in elementary operators, which onnxruntime fuses as it can
//          fused       onnxruntime's own operators: MultiHeadAttention, SkipLayerNormalization,
//                      BiasGelu, FastGelu; q4 multiplies activations in int8 (accuracy_level 4)
import { FLOAT, Graph, INT32, INT64, INT8, UINT8 } from './onnx.mjs';

export const BATCH = ['batch_size', 'sequence_length'];

export class Layers {
  g = new Graph();
  #activations = new Map(); // value name -> its DynamicQuantizeLinear, shared by q, k and v

  constructor(weights, dtype, form = 'published') {
    this.weights = weights;
    this.dtype = dtype;
    this.fused = form === 'fused';
  }

  tensor(name) {
    const t = this.weights.get(name);
    if (!t) throw new Error(`peer model: the weights have no tensor ${name}`);
    return t;
  }

  vector(name) {
    const { shape, data } = this.tensor(name);
    return this.g.constant(name, FLOAT, shape, data);
  }

  /** int8 weights with one scale a tensor: names of the values, the scale and the zero point. */
  quantise(name, shape, data) {
    let largest = 1e-12;
    for (const v of data) largest = Math.max(largest, Math.abs(v));
    const scale = Math.fround(largest / 127);
    const q = Int8Array.from(data, v => Math.max(-127, Math.min(127, Math.round(v / scale))));
    return [
      this.g.constant(`${name}_quantized`, INT8, shape, q),
      this.g.constant(`${name}_scale`, FLOAT, [], Float32Array.of(scale)),
      this.g.constant(`${name}_zero_point`, INT8, [], Int8Array.of(0)),
    ];
  }

  embed(name, ids) {
    const { shape, data } = this.tensor(name);
    if (this.dtype !== 'q8') return this.g.op('Gather', [this.vector(name), ids]);
    const [q, scale, zero] = this.quantise(name, shape, data);
    return this.g.op('DequantizeLinear', [this.g.op('Gather', [q, ids]), scale, zero]);
  }

  /** x [B,T,in] times weight [out,in] transposed; turned: the weight is [in,out] as it is. */
  multiply(x, name, turned = false) {
    const { g } = this;
    const { shape, data } = this.tensor(`${name}.weight`);
    const [out, inn] = turned ? [shape[1], shape[0]] : shape;
    const wname = `${name}.weight_transposed`;
    if (this.dtype === 'q4') {
      const { q, scales } = nibbles(turned ? transpose(data, inn, out) : data, out, inn);
      const blocks = inn / 32;
      const inputs = [x, g.constant(`${wname}_Q4`, UINT8, [out, blocks, 16], q), g.constant(`${wname}_scales`, FLOAT, [out * blocks], scales)];
      return g.op('com.microsoft.MatMulNBits', inputs, { K: inn, N: out, bits: 4, block_size: 32, ...(this.fused ? { accuracy_level: 4 } : {}) });
    }
    const w = turned ? data : transpose(data, out, inn);
    if (this.dtype !== 'q8') return g.op('MatMul', [x, g.constant(wname, FLOAT, [inn, out], w)]);
    if (!this.#activations.has(x)) this.#activations.set(x, g.op('DynamicQuantizeLinear', [x], {}, 3));
    const [xq, xscale, xzero] = this.#activations.get(x);
    const [wq, wscale, wzero] = this.quantise(wname, [inn, out], w);
    const y = g.op('Cast', [g.op('MatMulInteger', [xq, wq, xzero, wzero])], { to: FLOAT });
    return g.op('Mul', [y, g.op('Mul', [xscale, wscale])]);
  }

  linear(x, name, turned = false) {
    return this.g.op('Add', [this.multiply(x, name, turned), this.vector(`${name}.bias`)]);
  }

  norm(x, name) {
    const inputs = [x, this.vector(`${name}.weight`), this.vector(`${name}.bias`)];
    return this.g.op('LayerNormalization', inputs, { axis: -1, epsilon: { f: this.eps } });
  }

  /** [LN(y + bias + skip), y + bias + skip], where y is what multiply gave. */
  sumNorm(y, bias, skip, name) {
    const { g } = this;
    if (!this.fused) {
      const sum = g.op('Add', [g.op('Add', [y, this.vector(bias)]), skip]);
      return [this.norm(sum, name), sum];
    }
    const inputs = [y, skip, this.vector(`${name}.weight`), this.vector(`${name}.bias`), this.vector(bias)];
    const [normed, , , sum] = g.op('com.microsoft.SkipLayerNormalization', inputs, { epsilon: { f: this.eps } }, 4, [`${y}_norm`, '', '', `${y}_sum`]);
    return [normed, sum];
  }

  /** GELU of linear(x, name): exact, or GPT-2's with tanh; written out as optimum exports it. */
  gelu(x, name, { tanh = false, turned = false } = {}) {
    const { g } = this;
    const y = this.multiply(x, name, turned);
    if (this.fused) return g.op(`com.microsoft.${tanh ? 'FastGelu' : 'BiasGelu'}`, [y, this.vector(`${name}.bias`)]);
    const z = g.op('Add', [y, this.vector(`${name}.bias`)]);
    const times = (a, b) => g.op('Mul', [a, b]);
    if (tanh) {
      const cube = times(g.op('Pow', [z, g.scalar(3)]), g.scalar(0.044715));
      const t = g.op('Tanh', [times(g.op('Add', [z, cube]), g.scalar(Math.sqrt(2 / Math.PI)))]);
      return times(times(z, g.scalar(0.5)), g.op('Add', [t, g.scalar(1)]));
    }
    const erf = g.op('Erf', [g.op('Div', [z, g.scalar(Math.SQRT2)])]);
    return times(times(z, g.op('Add', [erf, g.scalar(1)])), g.scalar(0.5));
  }

  /** x [B,T,D] as heads: perm [0,2,1,3] gives [B,heads,T,size], [0,2,3,1] gives [B,heads,size,T]. */
  split(x, perm) {
    const { g } = this;
    return g.op('Transpose', [g.op('Reshape', [x, g.ints(0, 0, this.heads, this.width / this.heads)])], { perm });
  }

  /** softmax(q·k/√size + mask)·v as [B,T,D]: q [B,heads,T,size], k [B,heads,size,S], v [B,heads,S,size]. */
  mix(q, k, v, mask) {
    const { g } = this;
    const scores = g.op('Add', [g.op('Div', [g.op('MatMul', [q, k]), g.scalar(Math.sqrt(this.width / this.heads))]), mask]);
    const mixed = g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), v]);
    return g.op('Reshape', [g.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), g.ints(0, 0, this.width)]);
  }

  /** Self-attention of an encoder before its output projection; names are those of q, k and v. */
  attend(x, names, mask) {
    const { g } = this;
    if (this.fused) {
      const bias = names.map(n => this.tensor(`${n}.bias`).data);
      const joined = Float32Array.from(bias.flatMap(b => [...b]));
      const inputs = [...names.map(n => this.multiply(x, n)), g.constant(`${names[0]}.qkv_bias`, FLOAT, [joined.length], joined), mask];
      return g.op('com.microsoft.MultiHeadAttention', inputs, { num_heads: this.heads });
    }
    const [q, k, v] = names.map(n => this.linear(x, n));
    return this.mix(this.split(q, [0, 2, 1, 3]), this.split(k, [0, 2, 3, 1]), this.split(v, [0, 2, 1, 3]), mask);
  }

  /** What attention adds to the scores: 0, or a large negative number where the mask [B,T] is 0. */
  mask(ones) {
    const { g } = this;
    if (this.fused) return g.op('Cast', [ones], { to: INT32 });
    const keep = g.op('Cast', [g.op('Unsqueeze', [ones, g.ints(1, 2)])], { to: FLOAT });
    return g.op('Mul', [g.op('Sub', [g.scalar(1), keep]), g.scalar(-1e8)]);
  }

  /** The ids of positions [1,T] for tokens [B,T], of at most `most`. */
  positionIds(ids, most, first = 0) {
    const { g } = this;
    const table = BigInt64Array.from({ length: most }, (_, i) => BigInt(i + first));
    const all = g.constant('position_ids', INT64, [1, most], table);
    return g.op('Slice', [all, g.ints(0), g.op('Slice', [g.op('Shape', [ids]), g.ints(1), g.ints(2)]), g.ints(1)]);
  }
}

function transpose(data, rows, columns) {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c];
  return out;
}

/**
 * 4-bit weights [out,in] in blocks of 32 inputs, low nibble first, offset 8: the
 * number of largest magnitude in a block becomes −8.
 */
export function nibbles(data, out, inn) {
  if (inn % 32) throw new Error(`peer model: ${inn} inputs are not blocks of 32`);
  const blocks = data.length / 32;
  const q = new Uint8Array(blocks * 16), scales = new Float32Array(blocks);
  for (let b = 0; b < blocks; b++) {
    let most = 0;
    for (let i = 0; i < 32; i++) if (Math.abs(data[b * 32 + i]) > Math.abs(most)) most = data[b * 32 + i];
    const scale = (scales[b] = most / -8 || 1e-8);
    for (let i = 0; i < 32; i++) {
      const v = Math.max(0, Math.min(15, Math.round(data[b * 32 + i] / scale) + 8));
      q[b * 16 + (i >> 1)] |= i & 1 ? v << 4 : v;
    }
  }
  return { q, scales };
}
