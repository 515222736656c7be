// Models of known sizes with random weights, in the layout of Hugging Face: the
// folder that ours loads, and the ONNX graphs that the peers load, of the same
// weights. The numbers are drawn from a seed, so every run measures the same model; or they
// are those of a folder in weights/.
import fs from 'node:fs';
import path from 'node:path';
import { BATCH, Layers } from './layers.mjs';
import { FLOAT, INT64 } from './onnx.mjs';
import { magnetoGraph } from './peer-model.mjs';
import { readSafetensors } from './safetensors.mjs';

const shipped = new URL('../../weights/prompt-magneto-en-de-fr/', import.meta.url);

/** The sizes: the encoder of all-MiniLM-L6-v2, BERT base, a decoder as small as the encoder, GPT-2, and the encoder that the demo runs. */
export const MODELS = {
  'minilm-l6': bertConfig(6, 384, 12, 1536),
  'bert-base': bertConfig(12, 768, 12, 3072),
  'gpt2-6x384': { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], n_layer: 6, n_embd: 384, n_head: 12, n_positions: 1024, vocab_size: 50257,
    activation_function: 'gelu_new', layer_norm_epsilon: 1e-5, bos_token_id: 50256, eos_token_id: 50256, tie_word_embeddings: true },
  gpt2: { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], n_layer: 12, n_embd: 768, n_head: 12, n_positions: 1024, vocab_size: 50257,
    activation_function: 'gelu_new', layer_norm_epsilon: 1e-5, bos_token_id: 50256, eos_token_id: 50256, tie_word_embeddings: true },
  'prompt-magneto': JSON.parse(fs.readFileSync(new URL('config.json', shipped), 'utf8')),
};

/** The longest text of a model, in tokens. */
export const longest = c => c.max_position_embeddings ?? c.n_positions ?? c.max_source_positions;

function bertConfig(layers, width, heads, ffn) {
  return { model_type: 'bert', architectures: ['BertModel'], num_hidden_layers: layers, hidden_size: width, num_attention_heads: heads, intermediate_size: ffn,
    vocab_size: 30522, hidden_act: 'gelu', max_position_embeddings: 512, type_vocab_size: 2, layer_norm_eps: 1e-12, pad_token_id: 0 };
}

/** The multiply-adds of an encoder's linear layers and attention for rows of `tokens`. */
export function multiplyAdds(config, rows, tokens) {
  const n = config.num_hidden_layers ?? config.encoder_layers, d = config.hidden_size ?? config.encoder_embed_dim;
  const f = config.intermediate_size ?? config.encoder_ffn_embed_dim;
  return n * rows * tokens * (4 * d * d + 2 * d * f + 2 * tokens * d);
}

/** Writes the folder DIR/NAME and its graphs, unless a finished one is there. graphs: [[dtype, form], …]. */
export function writeModel(dir, name, graphs) {
  const config = MODELS[name], folder = path.join(dir, name);
  const done = path.join(folder, 'done.json'), what = JSON.stringify([config, graphs]);
  if (fs.existsSync(done) && fs.readFileSync(done, 'utf8') === what) return folder;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const gpt = config.model_type === 'gpt2', ours = config.model_type === 'magneto';
  const weights = ours ? readSafetensors(new URL('model.safetensors', shipped)) : gpt ? gptWeights(config) : bertWeights(config);
  fs.writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config, null, 1));
  writeSafetensors(path.join(folder, 'model.safetensors'), weights);
  if (ours) fs.copyFileSync(new URL('tokenizer.json', shipped), path.join(folder, 'tokenizer.json'));
  else if (!gpt) writeTokenizer(folder, config);
  for (const [dtype, form] of graphs) {
    fs.mkdirSync(path.join(folder, directory(form)), { recursive: true });
    const graph = ours ? magnetoGraph(config, weights, dtype, form) : new (gpt ? Decoder : Encoder)(config, weights, dtype, form).build();
    fs.writeFileSync(path.join(folder, directory(form), fileOf(dtype)), graph);
  }
  fs.writeFileSync(done, what);
  return folder;
}

/** Where a graph lies in its folder; transformers.js looks into onnx/. */
export const directory = form => (form === 'published' ? 'onnx' : `onnx-${form}`);
export const fileOf = dtype => ({ fp32: 'model.onnx', q8: 'model_quantized.onnx', q4: 'model_q4.onnx' })[dtype];

/** Names and numbers, drawn from a seed. */
class Draw extends Map {
  #state = 0x2545f491;
  // Box and Muller's normal numbers, taken from a table in random order: a hundred
  // million of them are quick, and no model can tell.
  #table = Float32Array.from({ length: 1 << 16 }, () => {
    const u = 1 - this.#next() / 2 ** 32, v = this.#next() / 2 ** 32;
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  });

  /** xorshift32 (Marsaglia, 2003) */
  #next() {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (this.#state = x) >>> 0;
  }
  normal(name, shape, spread, mean = 0) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = mean + spread * this.#table[this.#next() >>> 16];
    this.set(name, { shape, data });
  }
  table(name, rows, width, spread = 0.05) { this.normal(`${name}.weight`, [rows, width], spread); }
  norm(name, width) {
    this.normal(`${name}.weight`, [width], 0.1, 1);
    this.normal(`${name}.bias`, [width], 0.1);
  }
  /** Variance of a sum is kept, times gain². GPT-2 stores [in, out]. */
  linear(name, out, inn, { gain = 1, turned = false } = {}) {
    this.normal(`${name}.weight`, turned ? [inn, out] : [out, inn], gain / Math.sqrt(inn));
    this.normal(`${name}.bias`, [out], 0.05);
  }
}

function bertWeights(c) {
  const w = new Draw(), d = c.hidden_size, f = c.intermediate_size;
  w.table('embeddings.word_embeddings', c.vocab_size, d);
  w.table('embeddings.position_embeddings', c.max_position_embeddings, d, 0.02);
  w.table('embeddings.token_type_embeddings', c.type_vocab_size, d, 0.02);
  w.norm('embeddings.LayerNorm', d);
  for (let i = 0; i < c.num_hidden_layers; i++) {
    const l = `encoder.layer.${i}`;
    for (const n of ['query', 'key', 'value']) w.linear(`${l}.attention.self.${n}`, d, d, { gain: n === 'value' ? 1 : 1.5 });
    w.linear(`${l}.attention.output.dense`, d, d);
    w.norm(`${l}.attention.output.LayerNorm`, d);
    w.linear(`${l}.intermediate.dense`, f, d);
    w.linear(`${l}.output.dense`, d, f);
    w.norm(`${l}.output.LayerNorm`, d);
  }
  return w;
}

function gptWeights(c) {
  const w = new Draw(), d = c.n_embd, turned = true;
  w.table('transformer.wte', c.vocab_size, d);
  w.table('transformer.wpe', c.n_positions, d);
  for (let i = 0; i < c.n_layer; i++) {
    const l = `transformer.h.${i}`;
    w.norm(`${l}.ln_1`, d);
    w.linear(`${l}.attn.c_attn`, 3 * d, d, { turned });
    w.linear(`${l}.attn.c_proj`, d, d, { turned });
    w.norm(`${l}.ln_2`, d);
    w.linear(`${l}.mlp.c_fc`, 4 * d, d, { turned });
    w.linear(`${l}.mlp.c_proj`, d, 4 * d, { turned });
  }
  w.norm('transformer.ln_f', d);
  return w;
}

function writeSafetensors(file, weights) {
  const header = {};
  let at = 0;
  for (const [name, { shape, data }] of weights) header[name] = { dtype: 'F32', shape, data_offsets: [at, (at += data.byteLength)] };
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (text.length % 8)) % 8);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  const out = fs.openSync(file, 'w');
  for (const part of [size, Buffer.from(text), ...[...weights.values()].map(({ data }) => new Uint8Array(data.buffer))]) fs.writeSync(out, part);
  fs.closeSync(out);
}

/** Words that are one token each, for texts of a known length. */
const SYLLABLES = [...'bdfklmnprs'].flatMap(c => [...'aeiou'].map(v => c + v));
export const WORDS = Array.from({ length: 600 }, (_, i) => SYLLABLES[i % 50] + SYLLABLES[(i * 7 + 3) % 50] + SYLLABLES[(i / 50) | 0]);
const FIRST_WORD = 1000;

/** Rows of ids with BERT's frame, and the texts that they are the tokens of in its vocabulary; other models take any ids that they have. */
export function inputs(rows, tokens) {
  const ids = [], texts = [];
  for (let b = 0; b < rows; b++) {
    const pick = Array.from({ length: tokens - 2 }, (_, i) => (b * 131 + i * 7 + ((i * i) % 13)) % WORDS.length);
    ids.push([101, ...pick.map(i => FIRST_WORD + i), 102]);
    texts.push(pick.map(i => WORDS[i]).join(' '));
  }
  return { ids, texts };
}

/** A WordPiece tokenizer.json of the model's size in BERT's layout. */
function writeTokenizer(folder, c) {
  const vocab = {};
  for (let i = 0; i < c.vocab_size; i++) vocab[`[unused${i}]`] = i;
  const name = (id, text) => {
    delete vocab[`[unused${id}]`];
    vocab[text] = id;
  };
  const special = { 0: '[PAD]', 100: '[UNK]', 101: '[CLS]', 102: '[SEP]', 103: '[MASK]' };
  for (const [id, text] of Object.entries(special)) name(Number(id), text);
  WORDS.forEach((w, i) => name(FIRST_WORD + i, w));
  const frame = (id, type) => ({ SpecialToken: { id, type_id: type } }), sequence = (id, type) => ({ Sequence: { id, type_id: type } });
  fs.writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify({
    version: '1.0', truncation: null, padding: null,
    added_tokens: Object.entries(special).map(([id, content]) => ({ id: Number(id), content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'TemplateProcessing', single: [frame('[CLS]', 0), sequence('A', 0), frame('[SEP]', 0)],
      pair: [frame('[CLS]', 0), sequence('A', 0), frame('[SEP]', 0), sequence('B', 1), frame('[SEP]', 1)],
      special_tokens: { '[CLS]': { id: '[CLS]', ids: [101], tokens: ['[CLS]'] }, '[SEP]': { id: '[SEP]', ids: [102], tokens: ['[SEP]'] } } },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
  }));
  fs.writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true, model_max_length: c.max_position_embeddings,
    cls_token: '[CLS]', sep_token: '[SEP]', pad_token: '[PAD]', unk_token: '[UNK]', mask_token: '[MASK]', clean_up_tokenization_spaces: false }));
}

/** BERT: input_ids, attention_mask, token_type_ids → last_hidden_state. */
class Encoder extends Layers {
  constructor(config, weights, dtype, form) {
    super(weights, dtype, form);
    this.config = config;
    this.width = config.hidden_size;
    this.heads = config.num_attention_heads;
    this.eps = config.layer_norm_eps;
  }

  build() {
    const { g, config } = this;
    const ids = g.input('input_ids', INT64, BATCH), ones = g.input('attention_mask', INT64, BATCH), types = g.input('token_type_ids', INT64, BATCH);
    const e = 'embeddings';
    let x = g.op('Add', [this.embed(`${e}.word_embeddings.weight`, ids), this.embed(`${e}.token_type_embeddings.weight`, types)]);
    x = g.op('Add', [x, this.embed(`${e}.position_embeddings.weight`, this.positionIds(ids, config.max_position_embeddings))]);
    x = this.norm(x, `${e}.LayerNorm`);
    const mask = this.mask(ones);
    for (let i = 0; i < config.num_hidden_layers; i++) {
      const l = `encoder.layer.${i}`, a = `${l}.attention.output`;
      const mixed = this.attend(x, ['query', 'key', 'value'].map(n => `${l}.attention.self.${n}`), mask);
      [x] = this.sumNorm(this.multiply(mixed, `${a}.dense`), `${a}.dense.bias`, x, `${a}.LayerNorm`);
      const f = this.multiply(this.gelu(x, `${l}.intermediate.dense`), `${l}.output.dense`);
      [x] = this.sumNorm(f, `${l}.output.dense.bias`, x, `${l}.output.LayerNorm`);
    }
    g.op('Identity', [x], {}, 1, 'last_hidden_state');
    g.output('last_hidden_state', FLOAT, [...BATCH, this.width]);
    return g.encode();
  }
}

/** GPT-2 with a cache: input_ids, position_ids, attention_mask, past → logits of the last token [B,1,V], present. */
class Decoder extends Layers {
  constructor(config, weights, dtype, form) {
    super(weights, dtype, form);
    this.config = config;
    this.width = config.n_embd;
    this.heads = config.n_head;
    this.eps = config.layer_norm_epsilon;
  }

  build() {
    const { g, config, width, heads } = this;
    const turned = true;
    const ids = g.input('input_ids', INT64, BATCH), positions = g.input('position_ids', INT64, BATCH);
    const all = g.input('attention_mask', INT64, ['batch_size', 'total_sequence_length']);
    const cache = [];
    for (let i = 0; i < config.n_layer; i++) {
      cache.push(['key', 'value'].map(k => {
        const shape = length => ['batch_size', heads, length, width / heads];
        g.input(`past_key_values.${i}.${k}`, FLOAT, shape('past_sequence_length'));
        g.output(`present.${i}.${k}`, FLOAT, shape('total_sequence_length'));
        return [`past_key_values.${i}.${k}`, `present.${i}.${k}`];
      }));
    }
    let x = g.op('Add', [this.embed('transformer.wte.weight', ids), this.embed('transformer.wpe.weight', positions)]);
    const mask = this.fused ? this.mask(all) : g.op('Add', [this.mask(all), this.#future(ids, all)]);
    let n = this.norm(x, 'transformer.h.0.ln_1');
    for (let i = 0; i < config.n_layer; i++) {
      const l = `transformer.h.${i}`;
      const a = this.#attention(n, `${l}.attn.c_attn`, mask, cache[i]);
      [n, x] = this.sumNorm(this.multiply(a, `${l}.attn.c_proj`, turned), `${l}.attn.c_proj.bias`, x, `${l}.ln_2`);
      const f = this.gelu(n, `${l}.mlp.c_fc`, { tanh: true, turned });
      const next = i + 1 < config.n_layer ? `transformer.h.${i + 1}.ln_1` : 'transformer.ln_f';
      [n, x] = this.sumNorm(this.multiply(f, `${l}.mlp.c_proj`, turned), `${l}.mlp.c_proj.bias`, x, next);
    }
    const last = g.op('Slice', [n, g.ints(-1), g.ints(2 ** 52), g.ints(1)]);
    this.weights.set('lm_head.weight', this.tensor('transformer.wte.weight'));
    g.op('Identity', [this.multiply(last, 'lm_head')], {}, 1, 'logits');
    g.output('logits', FLOAT, ['batch_size', 1, config.vocab_size]);
    return g.encode();
  }

  #attention(x, name, mask, [[pastKey, presentKey], [pastValue, presentValue]]) {
    const { g, width, heads } = this;
    const bias = this.vector(`${name}.bias`);
    let qkv = this.multiply(x, name, true);
    if (!this.fused) qkv = g.op('Add', [qkv, bias]);
    const [q, k, v] = g.op('Split', [qkv, g.ints(width, width, width)], { axis: 2 }, 3);
    if (this.fused) {
      const inputs = [q, k, v, bias, mask, '', pastKey, pastValue];
      return g.op('com.microsoft.MultiHeadAttention', inputs, { num_heads: heads, unidirectional: 1 }, 3, [`${q}_mixed`, presentKey, presentValue])[0];
    }
    const perm = [0, 2, 1, 3];
    const keys = g.op('Concat', [pastKey, this.split(k, perm)], { axis: 2 }, 1, presentKey);
    const values = g.op('Concat', [pastValue, this.split(v, perm)], { axis: 2 }, 1, presentValue);
    return this.mix(this.split(q, perm), g.op('Transpose', [keys], { perm: [0, 1, 3, 2] }), values, mask);
  }

  /** [T,total]: a large negative number where a key comes after its query; queries are the last T positions. */
  #future(ids, all) {
    const { g } = this;
    const whole = n => g.constant(`whole_${n}`, INT64, [], BigInt64Array.of(BigInt(n)));
    const size = x => g.op('Gather', [g.op('Shape', [x]), whole(1)]);
    const total = size(all), zero = whole(0), one = whole(1);
    const keys = g.op('Range', [zero, total, one]);
    const queries = g.op('Unsqueeze', [g.op('Range', [g.op('Sub', [total, size(ids)]), total, one]), g.ints(1)]);
    return g.op('Mul', [g.op('Cast', [g.op('Greater', [keys, queries])], { to: FLOAT }), g.scalar(-1e8)]);
  }
}
