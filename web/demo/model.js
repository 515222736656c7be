// What the view "Model" asks of the lodestone module: one model at a time, that of the search or one of its own.
import * as lodestone from './lodestone.js';
import { address as siteAddress, bytes, ViewError } from './folder.js';

/** The address of a folder; '' is the model of the search. */
const address = (folder) => siteAddress(folder === '' ? globalThis.lodestoneBoot.model(lodestone) : folder);

const isShared = (url) => url.href === address('').href;

/** The bytes that loading a folder downloads, as far as its server says: -1 if it does not. 0 if the model is here already. */
export async function size(folder) {
  const url = address(folder);
  if (handle !== null && current === url.href) return 0;
  if (isShared(url) && globalThis.lodestoneBoot.here()) return 0;
  return bytes(url);
}

let handle = null; // a pipeline, or a model that takes ids
let shared = false; // it is the search's, which must live on
let current = '';
let loading = null; // aborts the load under way

/** Loads a folder in the place of what was there: { description, takesText, shared }. listener({ file, loaded, total }) hears what has come. */
export async function load(folder, listener) {
  const url = address(folder);
  loading?.abort();
  const abort = new AbortController();
  loading = abort;
  const options = {
    dtype: 'q8',
    signal: abort.signal,
    progress_callback(event) {
      if (event.status === 'progress_total') listener({ file: '', loaded: event.loaded, total: event.total });
    },
  };
  let next;
  if (isShared(url)) {
    next = (await globalThis.lodestoneBoot.load(listener)).embed;
  } else {
    try {
      next = await lodestone.pipeline('feature-extraction', url.href, options);
    } catch (e) {
      if (e.code !== 'tokenizer_missing') throw e;
      next = await lodestone.AutoModel.from_pretrained(url.href, options);
    }
  }
  if (loading !== abort) {
    if (!isShared(url)) await next.dispose();
    throw new ViewError('aborted', 'another model was asked for meanwhile');
  }
  if (handle !== null && !shared) await handle.dispose();
  [handle, shared, current] = [next, isShared(url), url.href];
  return { description: JSON.stringify(await handle.describe()), takesText: 'inspect' in handle, dtype: handle.dtype };
}

/** Ends the load under way. */
export async function cancel() {
  loading?.abort();
  loading = null;
}

/** What the model does with a text, or with ids where it has no tokenizer, in plain arrays. */
export async function inspect(input) {
  if (handle === null) throw new ViewError('invalid_argument', 'no model is loaded');
  let found;
  let labels;
  if ('inspect' in handle) {
    found = await handle.inspect(input);
    labels = found.tokens.map((t, i) => {
      const [a, b] = found.offsets[i];
      return b > a ? input.slice(a, b).trim() || '␣' : t;
    });
  } else {
    const ids = input.split(/[\s,]+/).filter((w) => w !== '');
    const wrong = ids.find((w) => !/^\d{1,9}$/.test(w));
    if (ids.length === 0 || wrong !== undefined) {
      throw new ViewError('invalid_argument', `ids: ${wrong === undefined ? 'none' : JSON.stringify(wrong)}, expected whole numbers with spaces between; this model has no tokenizer`);
    }
    const input_ids = new lodestone.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]);
    found = await handle({ input_ids }, { output_attentions: true, output_routing: true });
    found.truncated = false;
    labels = ids;
  }
  const numbers = (t) => Int32Array.from(t.data, Number);
  return {
    labels,
    truncated: found.truncated,
    heads: found.attentions[0]?.dims[1] ?? 0,
    attentions: found.attentions.map((a) => a.data),
    routing: found.routing.map((r) => ({
      layer: r.layer,
      experts: r.gates.dims[2],
      k: r.experts.dims[2],
      expert: numbers(r.experts),
      kept: numbers(r.kept),
      weights: r.weights.data,
      gates: r.gates.data,
      load: Int32Array.from(r.load),
      dropped: r.dropped,
      entropy: r.entropy,
    })),
  };
}
