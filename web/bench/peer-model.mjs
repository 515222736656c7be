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
import { BATCH, Layers } from './layers.mjs';
import { FLOAT, INT64 } from './onnx.mjs';
import { readSafetensors } from './safetensors.mjs';

/** Writes a transformers.js folder to dir; dtype is 'q8' or 'fp32'. */
export function writePeerModel(modelDir, dir, layout, dtypes = ['q8']) {
  const config = JSON.parse(fs.readFileSync(path.join(modelDir, 'config.json'), 'utf8'));
  const weights = readSafetensors(path.join(modelDir, 'model.safetensors'));
  fs.mkdirSync(path.join(dir, 'onnx'), { recursive: true });
  for (const dtype of dtypes) {
    const name = { q8: 'model_quantized.onnx', fp32: 'model.onnx' }[dtype];
    fs.writeFileSync(path.join(dir, 'onnx', name), magnetoGraph(config, weights, dtype, 'published', layout));
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

/** The graph of a Magneto folder's weights, of `layout`; dtype and form as in layers.mjs. */
export function magnetoGraph(config, weights, dtype, form, layout = 'magneto') {
  return new Encoder(config, weights, dtype, form).build(layout);
}

class Encoder extends Layers {
  constructor(config, weights, dtype, form) {
    super(weights, dtype, form);
    this.width = config.encoder_embed_dim;
    this.heads = config.encoder_attention_heads;
    this.layers = config.encoder_layers;
    this.positions = config.max_source_positions;
    this.firstPosition = config.position_offset ?? 2;
    this.eps = config.layernorm_eps;
  }

  attention(x, layer, mask) {
    return this.attend(x, ['q_proj', 'k_proj', 'v_proj'].map(n => `${layer}.self_attn.${n}`), mask);
  }

  embeddings() {
    const { g } = this;
    const ids = g.input('input_ids', INT64, BATCH);
    return g.op('Add', [this.embed('embed_tokens.weight', ids), this.embed('embed_positions.weight', this.positionIds(ids, this.positions, this.firstPosition))]);
  }

  build(layout) {
    const { g } = this;
    let x = this.embeddings();
    const mask = this.mask(g.input('attention_mask', INT64, BATCH));
    if (layout === 'bert') x = this.norm(x, 'layer_norm');
    for (let i = 0; i < this.layers; i++) {
      const l = `layers.${i}`;
      if (layout === 'bert') {
        const a = this.linear(this.attention(x, l, mask), `${l}.self_attn.out_proj`);
        x = this.norm(g.op('Add', [a, x]), `${l}.self_attn_layer_norm`);
        const f = this.linear(this.gelu(x, `${l}.ffn.fc1`), `${l}.ffn.fc2`);
        x = this.norm(g.op('Add', [f, x]), `${l}.final_layer_norm`);
      } else {
        const a = this.attention(this.norm(x, `${l}.self_attn_layer_norm`), l, mask);
        x = g.op('Add', [this.linear(this.norm(a, `${l}.self_attn.inner_attn_ln`), `${l}.self_attn.out_proj`), x]);
        const f = this.gelu(this.norm(x, `${l}.final_layer_norm`), `${l}.ffn.fc1`);
        x = g.op('Add', [this.linear(this.norm(f, `${l}.ffn.ffn_layernorm`), `${l}.ffn.fc2`), x]);
      }
    }
    if (layout !== 'bert') x = this.norm(x, 'layer_norm');
    g.op('Identity', [x], {}, 1, 'last_hidden_state');
    g.output('last_hidden_state', FLOAT, [...BATCH, this.width]);
    return g.encode();
  }
}
