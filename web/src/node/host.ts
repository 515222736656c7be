// The page's side in Node.js, Deno and Bun: its workers are threads of node:worker_threads.
// The build for them takes this file in place of page/host.ts.
import { cwd } from 'node:process';
import { pathToFileURL } from 'node:url';
import { Worker as Thread } from 'node:worker_threads';
import type * as browser from '../page/host.js';
import type { ModuleFile } from '../page/module-file.js';
import { fetchFile } from './file.js';
import type { ThreadData } from './worker.js';

type Host = Omit<typeof browser, 'moduleFile'> & { moduleFile: (file: ModuleFile) => URL };

/** The files that lie beside the module for pages. */
export const moduleFile: Host['moduleFile'] = (file) => new URL(`../dist/${file}`, import.meta.url);

/** Relative addresses are relative to the working directory. */
export const baseAddress: Host['baseAddress'] = () => pathToFileURL(`${cwd()}/`).href;

export const SCHEMES = 'file:, http: or https:';

export const fetches: Host['fetches'] = ({ protocol }) => protocol === 'file:' || protocol === 'http:' || protocol === 'https:';

export const sharesMemory: Host['sharesMemory'] = () => true;

/** Nothing is kept: the forms of the kernels are timed at each start. */
export const storage: Host['storage'] = () => null;

/** A thread has an event for its end, and a pending lock would keep a process of Deno running. */
export const LOCKS: Host['LOCKS'] = false;

export const keepRunning: Host['keepRunning'] = (worker, call) => {
  const { thread } = worker as unknown as ThreadWorker;
  if (call) thread.ref();
  else thread.unref();
};

/** The main thread's own fetch reads no files. */
export const send: Host['send'] = (url, init) => (url.startsWith('file:') ? fetchFile(new URL(url), init) : fetch(url, init));

export const requireWorkers: Host['requireWorkers'] = () => {};

export const startWorker: Host['startWorker'] = (url, name) => new ThreadWorker(url, name) as unknown as Worker;

/** A thread with the members of a web worker that the page's side uses. */
class ThreadWorker {
  onmessage: ((e: { data: unknown }) => void) | null = null;
  onmessageerror: (() => void) | null = null;
  onerror: ((e: { message: string; preventDefault(): void }) => void) | null = null;
  readonly thread: Thread;
  #terminated = false;

  constructor(url: URL, name: string) {
    this.thread = new Thread(new URL('./worker.js', import.meta.url), { name, workerData: { script: url.href } satisfies ThreadData });
    this.thread.on('message', (data: unknown) => this.onmessage?.({ data }));
    this.thread.on('messageerror', () => this.onmessageerror?.());
    this.thread.on('error', (e: unknown) => this.onerror?.({ message: e instanceof Error ? e.message : String(e), preventDefault() {} }));
    this.thread.on('exit', () => {
      if (!this.#terminated) this.onerror?.({ message: 'the thread ended without a word', preventDefault() {} });
    });
    this.thread.unref(); // only a call keeps the process running; a listener would undo it later
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.thread.postMessage(message, transfer);
  }

  terminate(): void {
    this.#terminated = true;
    void this.thread.terminate();
  }
}
