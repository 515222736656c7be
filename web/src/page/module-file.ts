/** The files that lie beside the module's script. */
export type ModuleFile = 'worker.js' | 'engine.wasm.gz' | 'kernels.wasm' | 'kernels-relaxed.wasm' | 'kernels-shared.wasm' | 'kernels-relaxed-shared.wasm' | 'webgpu.js' | 'engine.js' | 'chat.wasm.gz' | 'vectors.js';
