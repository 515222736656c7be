// What the tasks of an encoder–decoder have in common: texts in, other texts out.
import { generate, GENERATION_ELSEWHERE, type GenerationOptions, type Source } from '../page/generation.js';
import type { Loaded } from '../page/options.js';
import { stream, type Streamer, streamingTo } from '../page/streaming.js';
import * as check from '../page/validate.js';

/** The options of a call. Which of them a task has is in its own file. */
interface RewritingOptions extends GenerationOptions {
  src_lang?: string;
  tgt_lang?: string;
  streamer?: Streamer | null;
}

/** The function of a task, whose options are `known`; `result` makes its result of a text. */
export function rewriting<R>({ client, info }: Loaded, what: string, known: readonly string[], result: (text: string) => R) {
  const source = (texts: string[], o: RewritingOptions): Source => ({
    texts,
    ids: null,
    lengths: null,
    from: check.language(`${what}: src_lang`, o.src_lang) ?? '',
    to: check.language(`${what}: tgt_lang`, o.tgt_lang) ?? '',
  });
  const run = async (input: string | readonly string[], options?: RewritingOptions): Promise<R[]> => {
    const o = check.knownOptions(what, options, [...known, 'streamer'], GENERATION_ELSEWHERE) as RewritingOptions;
    const texts = check.texts(what, input);
    const streaming = streamingTo(what, o.streamer, texts.length, o, info.special);
    const reply = await generate(client, what, source(texts, o), o, streaming?.tokens);
    streaming?.end();
    return reply.texts.map(result);
  };
  return Object.assign(run, {
    stream: (text: string, options?: RewritingOptions) => stream(client, what, options, known, (o) => source([check.oneText(`${what}: stream`, text)], o)),
  });
}
