// What views that load a model on demand ask of the lodestone module.
import * as lodestone from './lodestone.js';
import { address, bytes } from './folder.js';

/** The bytes that loading a folder downloads, -1 if nobody knows. */
export const size = async (folder) => bytes(address(folder));

/** The pipeline of a folder. listener({ loaded, total }) hears what has come; ending signal ends the load. */
export const load = async (task, folder, signal, listener) =>
  lodestone.pipeline(task, address(folder).href, {
    signal,
    progress_callback(event) {
      if (event.status === 'progress_total' && !signal.aborted) listener(event);
    },
  });

/**
 * Generates with a pipeline: piece(text) hears what is added, as it comes.
 * Resolves to { text, tokens, ms }: all of it, how many tokens that were, and how long they took.
 */
export async function generate(pipeline, input, options, piece) {
  let text = '';
  let tokens = 0;
  const begin = performance.now();
  const streamer = new lodestone.TextStreamer(null, {
    callback_function(added) {
      text += added;
      if (!options.signal.aborted) piece(added);
    },
    token_callback_function: () => tokens++,
  });
  await pipeline(input, { ...options, streamer });
  return { text, tokens, ms: performance.now() - begin };
}

/** How many tokens a pipeline of text generation reads an input as. */
export async function count(pipeline, input, signal) {
  let tokens = 0;
  await pipeline(input, { max_new_tokens: 1, do_sample: false, signal, logits_processor: ([ids]) => void (tokens = ids.length) });
  return tokens;
}
