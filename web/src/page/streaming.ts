// Text that is passed on while it is generated: to a TextStreamer, or to a loop.
import type { Tokens } from '../protocol/generation.js';
import type { LoadReply } from '../protocol/load.js';
import type { Client } from './client.js';
import { generate, GENERATION_ELSEWHERE, type GenerationOptions, type Source } from './generation.js';
import type { PreTrainedTokenizer } from './tokenizer.js';
import * as check from './validate.js';

/** Gets ids as they are chosen, as in transformers.js. Extend it for a streamer of your own. */
export class BaseStreamer {
  /** Gets the next ids of the one row: the prompt is not among them. */
  put(_value: bigint[][]): void {
    throw check.invalid('BaseStreamer: it has no put() of its own; extend the class and define put()');
  }

  /** The generation has ended. */
  end(): void {
    throw check.invalid('BaseStreamer: it has no end() of its own; extend the class and define end()');
  }
}

export interface TextStreamerOptions {
  /** Gets pieces of whole characters. */
  callback_function?: ((text: string) => void) | null;
  /** Gets the ids, one for each call. */
  token_callback_function?: ((tokens: bigint[]) => void) | null;
  /** False passes on the prompt of a pipeline, too, before what is added. True by default; transformers.js has false. */
  skip_prompt?: boolean;
  /** False passes on the names of special tokens, such as </s>, too. True by default. */
  skip_special_tokens?: boolean;
}

/**
 * Gets a text while it is generated, as in transformers.js. In a pipeline the worker decodes
 * tokens, so the tokenizer may be null. `AutoModelForCausalLM` has none: give its tokenizer.
 *
 *     await generator(prompt, { streamer: new TextStreamer(generator.tokenizer, { callback_function: (text) => print(text) }) });
 */
export class TextStreamer extends BaseStreamer {
  readonly tokenizer: PreTrainedTokenizer | null;
  readonly callback_function: ((text: string) => void) | undefined;
  readonly token_callback_function: ((tokens: bigint[]) => void) | undefined;
  readonly skip_prompt: boolean;
  readonly skip_special_tokens: boolean;
  #ids: number[] = [];
  #printed = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(tokenizer: PreTrainedTokenizer | null | undefined, options: TextStreamerOptions = {}) {
    super();
    const what = 'TextStreamer';
    const o = check.knownOptions(what, options, ['callback_function', 'token_callback_function', 'skip_prompt', 'skip_special_tokens'], {
      decode_kwargs: 'give skip_special_tokens',
    });
    this.tokenizer = tokenizer ?? null;
    this.skip_prompt = check.boolean(`${what}: skip_prompt`, o.skip_prompt, true);
    this.skip_special_tokens = check.boolean(`${what}: skip_special_tokens`, o.skip_special_tokens, true);
    this.callback_function = check.callback(`${what}: callback_function`, o.callback_function);
    this.token_callback_function = check.callback(`${what}: token_callback_function`, o.token_callback_function);
  }

  /** Decodes ids with the tokenizer and passes on the text that they complete. */
  override put(value: bigint[][]): void {
    if (value.length !== 1) throw check.invalid('TextStreamer: expected one row');
    this.token_callback_function?.(value[0]!);
    if (!this.tokenizer) return;
    this.#ids.push(...value[0]!.map(Number));
    const ids = [...this.#ids];
    this.#last = this.#last.then(() => this.#decode(ids, false));
    this.#last.catch(() => {}); // finished() rejects with it
  }

  override end(): void {
    const ids = this.#ids;
    this.#ids = [];
    this.#last = this.#last.then(async () => {
      if (this.tokenizer && ids.length > 0) await this.#decode(ids, true);
      else this.on_finalized_text('', true);
      this.#printed = 0;
    });
    this.#last.catch(() => {});
  }

  /** Settles when all of the text has been passed on. */
  finished(): Promise<void> {
    return this.#last;
  }

  /** Gets each piece of the text. Override it for something else than callback_function. */
  on_finalized_text(text: string, _stream_end: boolean): void {
    if (text !== '') this.callback_function?.(text);
  }

  async #decode(ids: number[], end: boolean): Promise<void> {
    const text = await this.tokenizer!.decode(ids, { skip_special_tokens: this.skip_special_tokens });
    const whole = end ? text : text.replace(/\uFFFD+$/, ''); // the rest of a character is to come
    const piece = whole.slice(this.#printed);
    this.#printed = Math.max(this.#printed, whole.length);
    this.on_finalized_text(piece, end);
  }
}

/** Something that gets ids or text. */
export type Streamer = BaseStreamer | TextStreamer;

/** What passes a single text on to a streamer, while it is generated and at its end. */
export interface Streaming {
  tokens: (tokens: Tokens) => void;
  end(): void;
}

/**
 * Passes the tokens of a single text to a streamer; undefined without one. `special` are the
 * tokenizer's special tokens, `prompt` the text before what is added.
 */
export function streamingTo(
  what: string,
  streamer: Streamer | undefined | null,
  texts: number,
  o: GenerationOptions,
  special: LoadReply['special'],
  prompt = '',
): Streaming | undefined {
  if (streamer === undefined || streamer === null) return undefined;
  if (!(streamer instanceof BaseStreamer)) throw check.invalid(`${what}: streamer: expected a TextStreamer, or a class that extends BaseStreamer`);
  if (texts > 1 || (o.num_return_sequences ?? 1) > 1) throw check.invalid(`${what}: streamer: expected one text with one result`);
  if (!(streamer instanceof TextStreamer)) {
    return { tokens: (tokens) => eachToken(tokens, (id) => id >= 0 && streamer.put([[BigInt(id)]])), end: () => streamer.end() };
  }
  const names = new Map<number, string>();
  if (!streamer.skip_special_tokens) special?.tokens.forEach((name, i) => names.set(special.ids[i]!, name));
  let begun = streamer.skip_prompt;
  const begin = (): void => {
    if (!begun && prompt !== '') streamer.on_finalized_text(prompt, false);
    begun = true;
  };
  return {
    tokens: (tokens) => {
      begin();
      eachToken(tokens, (id, text) => {
        if (id >= 0) streamer.token_callback_function?.([BigInt(id)]);
        const piece = text + (names.get(id) ?? '');
        if (piece !== '') streamer.on_finalized_text(piece, false);
      });
    },
    end: () => {
      begin();
      streamer.on_finalized_text('', true);
    },
  };
}

/** Generates from one input and yields pieces of whole characters. Leaving the loop stops the call. */
export function stream<O extends GenerationOptions>(
  client: Client,
  what: string,
  options: O | undefined,
  known: readonly string[],
  source: (o: O, signal: AbortSignal) => Source | Promise<Source>,
): AsyncGenerator<string, void, void> {
  return pieces(options?.signal, async (signal, tokens) => {
    const o = check.knownOptions(what, options, known, GENERATION_ELSEWHERE) as O;
    if ((o.num_return_sequences ?? 1) !== 1) throw check.invalid(`${what}: stream: num_return_sequences: expected 1`);
    check.abortSignal(`${what}: signal`, o.signal);
    await generate(client, what, await source(o, signal), { ...o, signal }, tokens);
  });
}

/** The pieces of a text as `run` makes them. Leaving the loop aborts the signal that `run` gets. */
async function* pieces(
  signal: AbortSignal | null | undefined,
  run: (signal: AbortSignal, tokens: (tokens: Tokens) => void) => Promise<unknown>,
): AsyncGenerator<string, void, void> {
  const own = new AbortController();
  const stop = (): void => own.abort(signal?.reason);
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
