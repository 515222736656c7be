// A tokenizer in the page instead of a worker, so that its calls return at once. The engine
// runs on the page's thread, with one thread, and without weights.
import { hideGlue } from './globals.js';
import 'go/wasm_exec';
import type { LoadInline } from '../protocol/inline.js';
import type { Request } from '../protocol/messages.js';
import { Chats, type Render } from './chat.js';
import { instantiate, type Running } from './instantiate.js';
import { Job } from './job.js';
import { loadFolder } from './load.js';
import { sendWith } from './net.js';

export { build } from '../protocol/build.js';

const showGlue = hideGlue();
let last: Promise<unknown> = Promise.resolve();

/** Starts an engine here and loads the tokenizer of a folder. */
export const loadInline: LoadInline = (...args) => {
  const next = last.then(() => load(...args)); // engines start one by one: they share global names
  last = next.catch(() => {});
  return next;
};

const load: LoadInline = async (assets, request, signal, progress, send) => {
  sendWith(send);
  const job = new Job({ tokens: () => {}, step: () => {} });
  const onAbort = (): void => job.abort();
  if (signal?.aborted) job.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const reports = { device: () => {}, lost: () => {}, kernels: () => {}, threads: () => {}, thread: () => {} };
    showGlue();
    let running: Running;
    let render: Render | null = null;
    let unready: unknown;
    let info;
    try {
      running = await instantiate({ type: 'start', assets, threads: { threads: 1, auto: false, reason: '' }, kernels: 'simd128', device: { device: 'wasm', reason: '', times: {} }, last: null, stallTimeout: request.stallTimeout }, reports);
      info = await loadFolder(request, job, Promise.resolve(running), progress);
      // A call cannot wait for a request: what a chat needs is fetched now, if the folder has a template.
      await new Chats(request, assets.chat).open(running, job, false).then((r) => (render = r), (e: unknown) => (unready = e));
    } finally {
      hideGlue();
    }
    return {
      info,
      call: (r) => {
        if (r.op !== 'chat') return now(running, r);
        if (!render) throw unready;
        return render(r);
      },
    };
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
};

/** The result of a call that has settled when it returns. */
function now(running: Running, request: Request): unknown {
  let value: unknown;
  let failure: { error: unknown } | null = { error: new Error('the call has not ended') };
  const job = new Job({ tokens: () => {}, step: () => {} });
  running.engine.call(request.op, request, job, (v) => ((value = v), (failure = null)), (error) => (failure = { error }), true);
  if (failure) throw (failure as { error: unknown }).error;
  return value;
}
