// The files that a page needs, besides those of a model. web/README.md lists the same.
export const PAGE_FILES = [
  'lodestone.js',
  'worker.js',
  'engine.wasm.gz',
  'kernels.wasm',
  'kernels-relaxed.wasm',
  'kernels-shared.wasm',
  'kernels-relaxed-shared.wasm',
  'webgpu.js',
  'engine.js',
  'chat.wasm.gz',
  'vectors.js',
];
