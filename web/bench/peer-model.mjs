// Builds the model that the peers run, from the folder that ours runs: the same
// sizes, weights and tokenizer, as an ONNX graph of the operators that
// transformers.js' models are published with (optimum's export, then dynamic
// quantisation: DynamicQuantizeLinear, MatMulInteger, Cast, Mul; int8 a tensor,
// embedding tables int8).
//
// Two layouts:
//
//   bert     the arrangement of BERT (LayerNorm after each residual sum), which is
//            what users of transformers.js run at this size. Its outputs mean
//            nothing, since the weights were not trained in this arrangement.
//   magneto  our model itself (Sub-LN). Its outputs are compared with ours.
import fs from 'node:fs';
import path from 'node:path';
import { FLOAT, Graph, INT64, INT8 } from './onnx.mjs';
import { readSafetensors } from './safetensors.mjs';

const BATCH = ['batch_size', 'sequence_length'];

/** Writes a transformers.js folder to dir; dtype is 'q8' or 'fp32'. */
export function writePeerModel(modelDir, dir, layout, dtypes = ['q8']) {
  const config = JSON.parse(fs.readFileSync(path.join(modelDir, 'config.json'), 'utf8'));
  const weights = readSafetensors(path.join(modelDir, 'model.safetensors'));
  fs.mkdirSync(path.join(dir, 'onnx'), { recursive: true });
  for (const dtype of dtypes) {
    const name = { q8: 'model_quantized.onnx', fp32: 'model.onnx' }[dtype];
    fs.writeFileSync(path.join(dir, 'onnx', name), new Encoder(config, weights, dtype).build(layout));
  }
  fs.copyFileSync(path.join(modelDir, 'tokenizer.json'), path.join(dir, 'tokenizer.json'));
  fs.writeFileSync(path.join(dir, 'tokenizer_config.json'), JSON.stringify({
    tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: config.max_source_positions,
    bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>', unk_token: '<unk>', mask_token: '<mask>',
    clean_up_tokenization_spaces: false,
  }));
  // transformers.js goes by model_type; any encoder type gives input_ids and attention_mask.
  fs.writeFileSync(path.join(dir, 'config.json'), JSON.stringify({
    model_type: 'bert', architectures: ['BertModel'], vocab_size: config.vocab_size,
    hidden_size: config.encoder_embed_dim, num_hidden_layers: config.encoder_layers,
    num_attention_heads: config.encoder_attention_heads, intermediate_size: config.encoder_ffn_embed_dim,
    max_position_embeddings: config.max_source_positions, pad_token_id: config.pad_token_id,
  }));
}

class Encoder {
  constructor(config, weights, dtype) {
    this.weights = weights;
    this.quantised = dtype === 'q8';
    this.width = config.encoder_embed_dim;
    this.heads = config.encoder_attention_heads;
    this.layers = config.encoder_layers;
    this.positions = config.max_source_positions;
    this.firstPosition = config.position_offset ?? 2;
    this.eps = config.layernorm_eps;
    this.g = new Graph();
    this.activations = new Map(); // value name -> its DynamicQuantizeLinear, shared by q, k and v
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
    if (!this.quantised) return this.g.op('Gather', [this.vector(name), ids]);
    const [q, scale, zero] = this.quantise(name, shape, data);
    return this.g.op('DequantizeLinear', [this.g.op('Gather', [q, ids]), scale, zero]);
  }

  /** x [B,T,in] times weight [out,in] transposed, plus bias. */
  linear(x, name) {
    const { g } = this;
    const { shape: [out, inn], data } = this.tensor(`${name}.weight`);
    const transposed = new Float32Array(data.length);
    for (let o = 0; o < out; o++) for (let i = 0; i < inn; i++) transposed[i * out + o] = data[o * inn + i];
    const wname = `${name}.weight_transposed`;
    let y;
    if (!this.quantised) {
      y = g.op('MatMul', [x, g.constant(wname, FLOAT, [inn, out], transposed)]);
    } else {
      if (!this.activations.has(x)) this.activations.set(x, g.op('DynamicQuantizeLinear', [x], {}, 3));
      const [xq, xscale, xzero] = this.activations.get(x);
      const [wq, wscale, wzero] = this.quantise(wname, [inn, out], transposed);
      y = g.op('Cast', [g.op('MatMulInteger', [xq, wq, xzero, wzero])], { to: FLOAT });
      y = g.op('Mul', [y, g.op('Mul', [xscale, wscale])]);
    }
    return g.op('Add', [y, this.vector(`${name}.bias`)]);
  }

  norm(x, name) {
    const inputs = [x, this.vector(`${name}.weight`), this.vector(`${name}.bias`)];
    return this.g.op('LayerNormalization', inputs, { axis: -1, epsilon: { f: this.eps } });
  }

  /** x · Φ(x), written out as optimum exports it; onnxruntime fuses it. */
  gelu(x) {
    const { g } = this;
    const erf = g.op('Erf', [g.op('Div', [x, g.scalar(Math.SQRT2)])]);
    return g.op('Mul', [g.op('Mul', [x, g.op('Add', [erf, g.scalar(1)])]), g.scalar(0.5)]);
  }

  attention(x, layer, mask) {
    const { g, heads, width } = this;
    const size = width / heads;
    const split = (name, perm) => {
      const y = g.op('Reshape', [this.linear(x, `${layer}.self_attn.${name}`), g.ints(0, 0, heads, size)]);
      return g.op('Transpose', [y], { perm });
    };
    const q = split('q_proj', [0, 2, 1, 3]); // [B,heads,T,size]
    const k = split('k_proj', [0, 2, 3, 1]); // [B,heads,size,T]
    const v = split('v_proj', [0, 2, 1, 3]);
    const scores = g.op('Add', [g.op('Div', [g.op('MatMul', [q, k]), g.scalar(Math.sqrt(size))]), mask]);
    const mixed = g.op('MatMul', [g.op('Softmax', [scores], { axis: -1 }), v]);
    return g.op('Reshape', [g.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }), g.ints(0, 0, width)]);
  }

  embeddings() {
    const { g } = this;
    const ids = g.input('input_ids', INT64, BATCH);
    const table = BigInt64Array.from({ length: this.positions }, (_, i) => BigInt(i + this.firstPosition));
    const all = g.constant('position_ids', INT64, [1, this.positions], table);
    const length = g.op('Slice', [g.op('Shape', [ids]), g.ints(1), g.ints(2)]);
    const positions = g.op('Slice', [all, g.ints(0), length, g.ints(1)]);
    return g.op('Add', [this.embed('embed_tokens.weight', ids), this.embed('embed_positions.weight', positions)]);
  }

  /** 0 where the attention mask is 1, a large negative number where it is 0: [B,1,1,T]. */
  mask() {
    const { g } = this;
    const keep = g.op('Cast', [g.op('Unsqueeze', [g.input('attention_mask', INT64, BATCH), g.ints(1, 2)])], { to: FLOAT });
    return g.op('Mul', [g.op('Sub', [g.scalar(1), keep]), g.scalar(-1e8)]);
  }

  build(layout) {
    const { g } = this;
    let x = this.embeddings();
    const mask = this.mask();
    if (layout === 'bert') x = this.norm(x, 'layer_norm');
    for (let i = 0; i < this.layers; i++) {
      const l = `layers.${i}`;
      if (layout === 'bert') {
        const a = this.linear(this.attention(x, l, mask), `${l}.self_attn.out_proj`);
        x = this.norm(g.op('Add', [a, x]), `${l}.self_attn_layer_norm`);
        const f = this.linear(this.gelu(this.linear(x, `${l}.ffn.fc1`)), `${l}.ffn.fc2`);
        x = this.norm(g.op('Add', [f, x]), `${l}.final_layer_norm`);
      } else {
        const a = this.attention(this.norm(x, `${l}.self_attn_layer_norm`), l, mask);
        x = g.op('Add', [this.linear(this.norm(a, `${l}.self_attn.inner_attn_ln`), `${l}.self_attn.out_proj`), x]);
        const f = this.gelu(this.linear(this.norm(x, `${l}.final_layer_norm`), `${l}.ffn.fc1`));
        x = g.op('Add', [this.linear(this.norm(f, `${l}.ffn.ffn_layernorm`), `${l}.ffn.fc2`), x]);
      }
    }
    if (layout !== 'bert') x = this.norm(x, 'layer_norm');
    g.op('Identity', [x], {}, 1, 'last_hidden_state');
    g.output('last_hidden_state', FLOAT, [...BATCH, this.width]);
    return g.encode();
  }
}
