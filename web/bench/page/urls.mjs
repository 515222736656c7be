// Where the bench's server has what (server.mjs).
export const ours = '/dist/lodestone.js';
export const oursModel = '/ours-model/';
export const models = '/models/';
export const transformers = '/node_modules/@huggingface/transformers/dist/transformers.min.js';
export const transformersRuntime = '/transformers-runtime/';
export const runtime = '/node_modules/onnxruntime-web/dist/';
