// Looking into a model: what it is made of, and where attention and routing went.
import type { Engine } from './engine.js';
import { type ModelInputs, type Padded, paddedInputs } from './inputs.js';
import { int64Tensor, Tensor } from './tensor.js';
import * as check from './validate.js';

/** What a model is: its architecture and the size of its parts. */
export interface ModelDescription {
  model_type: string;
  kind: 'encoder' | 'decoder' | 'encoder-decoder';
  /** One, or two: the encoder, then the decoder. */
  stacks: StackDescription[];
  /** Of all tensors that the result depends on, without the scales of quantised rows. */
  parameters: number;
  /** The bytes of the file, by type of its elements. */
  stored: TypeSize[];
  /** What the weights take in f32, f16, q8 (unless they are stored with 4 bits) and q4. */
  sizes: TypeSize[];
  /** Matrices that q8 leaves in f32, because some weights of a row are far larger than the rest. */
  kept_f32: string[];
  /** The output projection; tied: it is the table of tokens. */
  head: 'none' | 'tied' | 'own';
}

export interface TypeSize {
  type: string;
  bytes: number;
  /** False where it depends on weights that were not looked at: then it is the least. */
  exact: boolean;
}

/** A stack of layers. */
export interface StackDescription {
  name: 'encoder' | 'decoder';
  layers: number;
  hidden_size: number;
  heads: number;
  /** Heads of keys and values, each of which several heads of queries may share. */
  kv_heads: number;
  head_size: number;
  intermediate_size: number;
  vocab_size: number;
  /** 0 if the model states none. */
  max_positions: number;
  activation: string;
  gated: boolean;
  norm: 'Pre-LN' | 'Post-LN' | 'Sub-LN' | 'DeepNorm';
  norm_kind: 'LayerNorm' | 'RMSNorm';
  norm_places: string[];
  /** What the residual is multiplied by. */
  alpha: number;
  positions: string;
  causal: boolean;
  cross_attention: boolean;
  /** Mixtures of experts, if the stack has them; layers are numbered from 0. */
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

/** Where the tokens went in one mixture of experts: T tokens a text, k experts a token, E experts. */
export interface LayerRouting {
  layer: number;
  /** [texts, T, k]: the experts of each token, best first; -1 for padding. */
  experts: Tensor<'int64'>;
  /** [texts, T, k]: 1 where the expert had room, 0 where the token was dropped. */
  kept: Tensor<'int64'>;
  /** [texts, T, k]: what the experts' results are multiplied by. */
  weights: Tensor<'float32'>;
  /** [texts, T, E]: softmax or sigmoid of the router's logits. */
  gates: Tensor<'float32'>;
  /** How many tokens chose each expert first. */
  load: number[];
  /** How many choices found no room. */
  dropped: number;
  /** Of the load, in nats: 0 if one expert has all tokens, ln E if all have the same number. */
  entropy: number;
}

export interface OutputOptions {
  /** Adds attentions: what each token takes from each other, in every layer and head. */
  output_attentions?: boolean;
  /** Adds router_logits. */
  output_router_logits?: boolean;
  /** Adds routing. */
  output_routing?: boolean;
  signal?: AbortSignal | null;
}

/** What a model returns. Of an encoder-decoder it is the encoder's. */
export interface ModelOutput {
  /** [texts, tokens, width] */
  last_hidden_state: Tensor<'float32'>;
  /** For each layer [texts, heads, tokens, tokens]; queries are rows. */
  attentions?: Tensor<'float32'>[];
  /** For each mixture of experts [texts, tokens, experts]: what tokens are routed by. */
  router_logits?: Tensor<'float32'>[];
  /** For each mixture of experts. */
  routing?: LayerRouting[];
}

/** Asks for the description of the loaded model, as JSON. */
export interface DescribeRequest {
  op: 'describe';
}

export interface WatchRequest extends Padded {
  op: 'watch';
  attentions: boolean;
  routing: boolean;
}

export interface WatchReply {
  data: Float32Array;
  dims: number[];
  heads: number;
  attentions: Float32Array[];
  routing: {
    layer: number;
    experts: number;
    k: number;
    expert: Int32Array;
    kept: Int32Array;
    weight: Float32Array;
    scores: Float32Array;
    gates: Float32Array;
    load: number[];
    dropped: number;
    entropy: number;
  }[];
}

/** Asks for one text, cut to maxLength tokens (0: not cut). */
export interface InspectRequest {
  op: 'inspect';
  text: string;
  maxLength: number;
  attentions: boolean;
  routing: boolean;
}

export interface InspectReply extends WatchReply {
  ids: Int32Array;
  tokens: string[];
  offsets: Int32Array;
  truncated: boolean;
}

/** A text inside a model: its T tokens, and where attention and routing went. */
export interface Inspection {
  ids: number[];
  /** As the vocabulary has them. */
  tokens: string[];
  /** Begin and end of each token in UTF-16 units; [0, 0] for special tokens. */
  offsets: [number, number][];
  /** True if the text was longer than the model takes, and its end was left out. */
  truncated: boolean;
  /** For each layer [1, heads, T, T]; queries are rows. */
  attentions: Tensor<'float32'>[];
  /** For each mixture of experts; empty for a model without. */
  routing: LayerRouting[];
}

export interface Inspectable {
  /** What the model is made of. */
  describe(): Promise<ModelDescription>;
  /** What the model does with one text; of an encoder-decoder, its encoder. */
  inspect(text: string, options?: { signal?: AbortSignal | null }): Promise<Inspection>;
}

/** The functions that every pipeline has for looking into its model. */
export function inspectable(engine: Engine, maxLength: number): Inspectable {
  return {
    describe: () => describe(engine),
    async inspect(input, options) {
      const signal = check.abortSignal('inspect: signal', check.knownOptions('inspect', options, ['signal']).signal);
      if (typeof input !== 'string') throw check.invalid('inspect: expected one text');
      const text = check.texts('inspect', input)[0]!;
      const reply = await engine.call({ op: 'inspect', text, maxLength, attentions: true, routing: true }, { signal });
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

/** What the loaded model is. */
export async function describe(engine: Engine): Promise<ModelDescription> {
  return JSON.parse(await engine.call({ op: 'describe' })) as ModelDescription;
}

/** Runs a model on padded tensors, with what the options ask for besides its states. */
export async function forward(engine: Engine, inputs: ModelInputs, options: OutputOptions | undefined): Promise<ModelOutput> {
  const o = check.knownOptions('model', options, ['output_attentions', 'output_router_logits', 'output_routing', 'signal']);
  const attentions = check.boolean('model: output_attentions', o.output_attentions, false);
  const logits = check.boolean('model: output_router_logits', o.output_router_logits, false);
  const routing = check.boolean('model: output_routing', o.output_routing, false);
  const signal = check.abortSignal('model: signal', o.signal);
  const { padded, transfer } = paddedInputs('model', inputs);
  if (!attentions && !logits && !routing) {
    const reply = await engine.call({ op: 'forward', ...padded }, { signal, transfer });
    return { last_hidden_state: new Tensor('float32', reply.data, reply.dims) };
  }
  const [texts, tokens] = [padded.batch, padded.length];
  const reply = await engine.call({ op: 'watch', ...padded, attentions, routing: logits || routing }, { signal, transfer });
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
