/**
 * A contender behind messages, its numbers transferred; one call at a time. contenders is
 * the module whose openHere opens it, beside this file.
 */
export async function openInWorker(spec, contenders) {
  const url = new URL('./worker.mjs', import.meta.url);
  url.searchParams.set('contenders', contenders);
  const worker = new Worker(url, { type: 'module' });
  const ask = message => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.numbers));
    worker.onerror = e => reject(new Error(`worker: ${e.message}`));
    worker.postMessage(message);
  });
  await ask({ open: spec });
  return { call: work => ask({ work }), close: () => worker.terminate() };
}
