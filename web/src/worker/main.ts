// The script of every worker, worker.js. Its first message says what it serves: the engine
// (worker.ts) or, as one of its threads, the kernels (kernel-worker.ts).
import 'go/wasm_exec';
import type { StartMessage } from '../protocol/messages.js';
import type { StartThread } from '../protocol/thread-orders.js';
import { serveThread } from './kernel-worker.js';
import { serveEngine } from './worker.js';

self.onmessage = ({ data }: MessageEvent<StartMessage | StartThread>) => {
  if (data.type === 'start') serveEngine(data);
  else void serveThread(data);
};
