// What the worker reads of a request before the program has it.

/** The most bytes of a body. */
export const MAX_BODY = 1 << 20;

/**
 * The body; undefined if it is longer than MAX_BODY, null if it did not arrive whole within
 * so many milliseconds. Before it is returned, the runtime takes in other requests that have
 * arrived: the program computes without a pause, and they have to be counted.
 */
export async function readBody(request, milliseconds) {
  if (!request.body) return new Uint8Array(0);
  const stated = request.headers.get('content-length');
  if (Number(stated) > MAX_BODY) return undefined;
  let arrived = false;
  // The runtime holds a body to the length that is stated. Reading it whole makes fewer objects.
  const whole = (stated !== null ? request.arrayBuffer().then((b) => new Uint8Array(b)) : parts(request.body))
    .catch(() => null)
    .finally(() => (arrived = true));
  await scheduler.wait(0);
  if (arrived) return whole; // as nearly always; a timer costs more than the rest of this function
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds, null)));
  try {
    return await Promise.race([whole, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A body without a stated length. */
async function parts(body) {
  const all = [];
  let n = 0;
  for await (const part of body) {
    n += part.length;
    if (n > MAX_BODY) return undefined;
    all.push(part);
  }
  if (all.length === 1) return all[0];
  const bytes = new Uint8Array(n);
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Tells whether errors of an address are in the form of Text Embeddings Inference. */
export function isAddressOfTEI(url) {
  return /^\/(embed|rerank|tokenize|info|health)$/.test(new URL(url).pathname);
}
