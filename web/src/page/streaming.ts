// Text that is passed on while it is generated: to a TextStreamer, or to a loop.
import type { Tokens } from '../protocol/generation.js';
import type { Client } from './client.js';
import { generate, type GenerationOptions, type Source } from './generation.js';
import * as check from './validate.js';

/**
 * Gets a text while it is generated, as in transformers.js. The worker decodes tokens, so
 * the tokenizer is ignored; it is accepted for compatibility.
 *
 *     await generator(prompt, { streamer: new TextStreamer(null, { callback_function: (text) => print(text) }) });
 */
export class TextStreamer {
  readonly callback_function: ((text: string) => void) | undefined;
  readonly token_callback_function: ((tokens: bigint[]) => void) | undefined;

  constructor(
    _tokenizer: unknown,
    options: { callback_function?: (text: string) => void; token_callback_function?: (tokens: bigint[]) => void; skip_prompt?: boolean } = {},
  ) {
    const what = 'TextStreamer';
    const o = check.knownOptions(what, options, ['callback_function', 'token_callback_function', 'skip_prompt']);
    if (o.skip_prompt === false) throw check.invalid(`${what}: skip_prompt: false is not supported; you have the prompt already`);
    this.callback_function = check.callback(`${what}: callback_function`, o.callback_function);
    this.token_callback_function = check.callback(`${what}: token_callback_function`, o.token_callback_function);
  }
}

/** The callback that passes the tokens of a single text to a streamer; undefined without one. */
export function streamingTo(what: string, streamer: TextStreamer | undefined | null, texts: number, o: GenerationOptions): ((tokens: Tokens) => void) | undefined {
  if (streamer === undefined || streamer === null) return undefined;
  if (!(streamer instanceof TextStreamer)) throw check.invalid(`${what}: streamer: expected a TextStreamer`);
  if (texts > 1 || (o.num_return_sequences ?? 1) > 1) throw check.invalid(`${what}: streamer: expected one text with one result`);
  return (tokens) =>
    eachToken(tokens, (id, text) => {
      if (id >= 0) streamer.token_callback_function?.([BigInt(id)]);
      if (text !== '') streamer.callback_function?.(text);
    });
}

/** Generates from one text and yields pieces of whole characters. Leaving the loop stops the call. */
export function stream<O extends GenerationOptions>(
  client: Client,
  what: string,
  text: string,
  options: O | undefined,
  known: readonly string[],
  source: (texts: string[], o: O) => Source,
): AsyncGenerator<string, void, void> {
  return pieces(options?.signal, async (signal, tokens) => {
    if (typeof text !== 'string') throw check.invalid(`${what}: stream: expected one text`);
    const o = check.knownOptions(what, options, known) as O;
    if ((o.num_return_sequences ?? 1) !== 1) throw check.invalid(`${what}: stream: num_return_sequences: expected 1`);
    check.abortSignal(`${what}: signal`, o.signal);
    await generate(client, what, source(check.texts(what, text), o), { ...o, signal }, tokens);
  });
}

/** The pieces of a text as `run` makes them. Leaving the loop aborts the signal that `run` gets. */
async function* pieces(
  signal: AbortSignal | null | undefined,
  run: (signal: AbortSignal, tokens: (tokens: Tokens) => void) => Promise<unknown>,
): AsyncGenerator<string, void, void> {
  const own = new AbortController();
  const stop = (): void => own.abort();
  const waiting: string[] = [];
  let wake = (): void => {};
  let ended = false;
  let failure: { error: unknown } | null = null;
  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  run(own.signal, (tokens) => {
    eachToken(tokens, (_, text) => {
      if (text !== '') waiting.push(text);
    });
    wake();
  })
    .catch((error: unknown) => void (failure = { error }))
    .finally(() => {
      ended = true;
      wake();
    });
  try {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift()!;
      if (ended) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (ended || waiting.length > 0) resolve();
      });
    }
    if (failure) throw (failure as { error: unknown }).error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** Calls f with the id and the text of each token. */
export function eachToken({ numbers, text }: Tokens, f: (id: number, text: string) => void): void {
  let begin = 0;
  for (let i = 0; i < numbers.length; i += 3) {
    const end = numbers[i + 2]!;
    f(numbers[i + 1]!, text.slice(begin, end));
    begin = end;
  }
}
