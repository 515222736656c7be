// The first script of a thread in Node.js, Deno and Bun: it gives the thread what a web worker
// has, then runs worker.js, the script for pages.
import { parentPort, workerData } from 'node:worker_threads';
import { fetchFile } from './file.js';

/** What a thread is started with. */
export interface ThreadData {
  /** The address of worker.js. */
  script: string;
}

interface Scope {
  onmessage: ((e: { data: unknown }) => void) | null;
}

const web = globalThis.fetch;
const members = {
  self: globalThis,
  onmessage: null,
  postMessage: (message: unknown, transfer?: Transferable[]) => parentPort.postMessage(message, transfer),
  fetch: (url: string, init?: RequestInit) => (url.startsWith('file:') ? fetchFile(new URL(url), init) : web(url, init)),
};
for (const [name, value] of Object.entries(members)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });

await import((workerData as ThreadData).script);
// Messages wait until there is a listener.
parentPort.on('message', (data: unknown) => (globalThis as unknown as Scope).onmessage?.({ data }));
