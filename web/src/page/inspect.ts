// Looking into a model: its parts, its attention and its routing.
import type { WatchReply } from '../protocol/inspect.js';
import type { Client } from './client.js';
import { type ModelInputs, paddedInputs } from './inputs.js';
import { int64Tensor, Tensor } from './tensor.js';
import * as check from './validate.js';

/** The architecture of a model and the size of its parts. */
export interface ModelDescription {
  model_type: string;
  kind: 'encoder' | 'decoder' | 'encoder-decoder';
  /** One stack, or the encoder and then the decoder. */
  stacks: StackDescription[];
  /** The number of elements of all tensors that results depend on, without the scales of quantised rows. */
  parameters: number;
  /** The bytes in the files, by element type. */
  stored: TypeSize[];
  /** The memory that the weights take as f32, f16, q8 (unless they are stored with 4 bits) and q4. */
  sizes: TypeSize[];
  /** Matrices that q8 keeps in f32, because some weights of a row are far larger than the rest. */
  kept_f32: string[];
  /** The output projection. `tied` uses the token embeddings. */
  head: 'none' | 'tied' | 'own';
}

export interface TypeSize {
  type: string;
  bytes: number;
  /** False if the size depends on weights that were not examined; then it is a lower bound. */
  exact: boolean;
}

/** A stack of layers. */
export interface StackDescription {
  name: 'encoder' | 'decoder';
  layers: number;
  hidden_size: number;
  heads: number;
  /** Heads of keys and values; several query heads may share one. */
  kv_heads: number;
  head_size: number;
  intermediate_size: number;
  vocab_size: number;
  /** 0 if the model has no limit. */
  max_positions: number;
  activation: string;
  gated: boolean;
  norm: 'Pre-LN' | 'Post-LN' | 'Sub-LN' | 'DeepNorm';
  norm_kind: 'LayerNorm' | 'RMSNorm';
  norm_places: string[];
  /** The factor of the residual. */
  alpha: number;
  positions: string;
  causal: boolean;
  cross_attention: boolean;
  /** The mixtures of experts, if the stack has some. Layers are numbered from 0. */
  routing?: { layers: number[]; experts: number; top_k: number; router: string; gate: 'softmax' | 'sigmoid'; capacity: string; dimension: number };
  knowledge?: { layers: number[]; items: number };
  vision?: { image_size: number; patch_size: number; channels: number; tokens: number };
  parts: ModelPart[];
  /** The parts of each layer. */
  layer_parts: ModelPart[][];
}

export interface ModelPart {
  name: string;
  parameters: number;
  /** As stored. */
  bytes: number;
}

/** The routing of one mixture of experts: T tokens a text, k experts a token, E experts. */
export interface LayerRouting {
  layer: number;
  /** `[texts, T, k]`: the experts of each token, the best first; −1 for padding. */
  experts: Tensor<'int64'>;
  /** `[texts, T, k]`: 1 where the expert had room, 0 where the token was dropped. */
  kept: Tensor<'int64'>;
  /** `[texts, T, k]`: the factors of the experts' results. */
  weights: Tensor<'float32'>;
  /** `[texts, T, E]`: softmax or sigmoid of the router's logits. */
  gates: Tensor<'float32'>;
  /** How many tokens chose each expert first. */
  load: number[];
  /** How many choices found no room. */
  dropped: number;
  /** The entropy of the load in nats: 0 if one expert has all tokens, ln E if all have the same number. */
  entropy: number;
}

export interface OutputOptions {
  /** Adds attentions: how much each token attends to each other token, in every layer and head. */
  output_attentions?: boolean;
  /** Adds router_logits. */
  output_router_logits?: boolean;
  /** Adds routing. */
  output_routing?: boolean;
  signal?: AbortSignal | null;
}

/** What a model returns. An encoder-decoder returns the states of its encoder. */
export interface ModelOutput {
  /** [texts, tokens, width] */
  last_hidden_state: Tensor<'float32'>;
  /** For each layer [texts, heads, queries, keys]. */
  attentions?: Tensor<'float32'>[];
  /** For each mixture of experts [texts, tokens, experts]: the logits that decide the routing. */
  router_logits?: Tensor<'float32'>[];
  /** For each mixture of experts. */
  routing?: LayerRouting[];
}

/** What a model does with one text of T tokens. */
export interface Inspection {
  ids: number[];
  /** As the vocabulary spells them. */
  tokens: string[];
  /** The begin and the end of each token in UTF-16 units; [0, 0] for special tokens. */
  offsets: [number, number][];
  /** True if the text was longer than the model takes and was truncated. */
  truncated: boolean;
  /** For each layer [1, heads, queries, keys]. */
  attentions: Tensor<'float32'>[];
  /** For each mixture of experts; empty for a model without any. */
  routing: LayerRouting[];
}

export interface Inspectable {
  /** The architecture of the model and the size of its parts. */
  describe(): Promise<ModelDescription>;
  /** What the model does with one text. Of an encoder-decoder, only the encoder runs. */
  inspect(text: string, options?: { signal?: AbortSignal | null }): Promise<Inspection>;
}

/** The members that every pipeline has for looking into its model. */
export function inspectable(client: Client, maxLength: number): Inspectable {
  return {
    describe: () => describe(client),
    async inspect(input, options) {
      const signal = check.onlySignal('inspect', options);
      const text = check.oneText('inspect', input);
      const reply = await client.call({ op: 'inspect', text, maxLength, attentions: true, routing: true }, { signal });
      const tokens = reply.ids.length;
      return {
        ids: Array.from(reply.ids),
        tokens: reply.tokens,
        offsets: Array.from(reply.ids, (_, i): [number, number] => [reply.offsets[2 * i]!, reply.offsets[2 * i + 1]!]),
        truncated: reply.truncated,
        attentions: reply.attentions.map((a) => new Tensor('float32', a, [1, reply.heads, tokens, tokens])),
        routing: routings(reply, 1, tokens),
      };
    },
  };
}

/** The description of the loaded model. */
export async function describe(client: Client): Promise<ModelDescription> {
  return JSON.parse(await client.call({ op: 'describe' })) as ModelDescription;
}

/** Runs a model on padded tensors. The options add to the states. */
export async function forward(client: Client, inputs: ModelInputs, options: OutputOptions | undefined): Promise<ModelOutput> {
  const o = check.knownOptions('model', options, ['output_attentions', 'output_router_logits', 'output_routing', 'signal']);
  const attentions = check.boolean('model: output_attentions', o.output_attentions, false);
  const logits = check.boolean('model: output_router_logits', o.output_router_logits, false);
  const routing = check.boolean('model: output_routing', o.output_routing, false);
  const signal = check.abortSignal('model: signal', o.signal);
  const { padded, transfer } = paddedInputs('model', inputs);
  if (!attentions && !logits && !routing) {
    const reply = await client.call({ op: 'forward', ...padded }, { signal, transfer });
    return { last_hidden_state: new Tensor('float32', reply.data, reply.dims) };
  }
  const [texts, tokens] = [padded.batch, padded.length];
  const reply = await client.call({ op: 'watch', ...padded, attentions, routing: logits || routing }, { signal, transfer });
  const out: ModelOutput = { last_hidden_state: new Tensor('float32', reply.data, reply.dims) };
  if (attentions) out.attentions = reply.attentions.map((a) => new Tensor('float32', a, [texts, reply.heads, tokens, tokens]));
  if (logits) out.router_logits = reply.routing.map((r) => new Tensor('float32', r.scores, [texts, tokens, r.experts]));
  if (routing) out.routing = routings(reply, texts, tokens);
  return out;
}

function routings(reply: WatchReply, texts: number, tokens: number): LayerRouting[] {
  return reply.routing.map((r) => ({
    layer: r.layer,
    experts: int64Tensor(r.expert, [texts, tokens, r.k]),
    kept: int64Tensor(r.kept, [texts, tokens, r.k]),
    weights: new Tensor('float32', r.weight, [texts, tokens, r.k]),
    gates: new Tensor('float32', r.gates, [texts, tokens, r.experts]),
    load: r.load,
    dropped: r.dropped,
    entropy: r.entropy,
  }));
}
