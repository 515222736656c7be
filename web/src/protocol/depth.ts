// The messages of deep stacks. wasm/engine/depth_js.go serves them.

/** Runs a stack of seeded weights twice, the second time with every matrix moved by a step. */
export interface DepthRequest {
  op: 'depth';
  scheme: 'postln' | 'preln' | 'subln' | 'deepnorm';
  layers: number;
  seed: number;
  step: number;
}

/** Each list has an element for the embedding and one for each layer. */
export interface DepthReply {
  states: Float32Array;
  moved: Float32Array;
  /** Empty where DeepNet's theorem says nothing. */
  bound: Float32Array;
  expected: Float32Array;
  alpha: number;
  gain: number;
  parameters: number;
}
