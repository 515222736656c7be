// The memory of an isolate and of its process, by V8's inspector protocol.
import { execFileSync } from 'node:child_process';
import WebSocket from 'ws';

/** Connects to the worker "main" of a workerd that was started with inspect. */
export async function inspect(address) {
  const targets = await (await fetch(`http://${address}/json/list`)).json();
  const socket = new WebSocket(targets.find((t) => t.webSocketDebuggerUrl.includes('main')).webSocketDebuggerUrl);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const calls = new Map();
  let last = 0;
  socket.on('message', (text) => {
    const { id, result, error } = JSON.parse(text);
    calls.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
    calls.delete(id);
  });
  const call = (method, params = {}) => new Promise((resolve) => {
    calls.set(++last, resolve);
    socket.send(JSON.stringify({ id: last, method, params }));
  });
  return {
    /** V8's heap with what C++ objects take there, and the buffers outside of it, in bytes. */
    async heap() {
      const h = await call('Runtime.getHeapUsage');
      return h.totalSize + h.embedderHeapUsedSize + h.backingStorageSize;
    },
    /** Collects all garbage: V8 does so before it takes a snapshot, which nobody reads. */
    async collect() {
      await call('HeapProfiler.enable');
      await call('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
      await call('HeapProfiler.disable');
    },
    close: () => socket.close(),
  };
}

/** The resident set of a process in bytes. */
export const resident = (pid) => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
