// Runs threads-worker.js, since a page's own thread may not sleep: the caller of the
// kernels is a worker here as it is in the engine.
globalThis.inWorker = (task) =>
  new Promise((resolve, reject) => {
    const worker = new Worker('/e2e/threads-worker.js', { type: 'module' });
    worker.onerror = (e) => reject(new Error(e.message));
    worker.onmessage = ({ data }) => {
      worker.terminate();
      if (data.error) reject(new Error(data.error));
      else resolve(data.value);
    };
    worker.postMessage(task);
  });
