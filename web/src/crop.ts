// Entities of a language for which nobody labelled any: CROP, each step to be watched.
import type { Engine } from './engine.js';
import { abortedError, LodestoneError } from './error.js';
import type { CropReplies, CropRequest, LabeledWords } from './protocol/crop.js';
import { engineOf } from './tasks/task.js';
import type { TokenClassificationPipeline } from './tasks/token-classification.js';
import type { TranslationPipeline } from './tasks/translation.js';
import * as check from './validate.js';

/** Words or pieces that went into a step or came out of it. */
export interface CropLine {
  words: string[];
  /** B-PER, I-PER, O and their like, one a word; null where nothing was labelled. */
  labels: string[] | null;
  /** What became of the line, such as why its entities could not be placed; '' if there is nothing to say. */
  note: string;
}

export interface CropStep {
  /** The three from `mark` are left out where nothing was tagged. */
  name: 'translate' | 'words' | 'tag' | 'mark' | 'translate marked' | 'decode' | 'project';
  /** One line; of `decode` and `project` one for each translation of the marked sentence. */
  input: CropLine[];
  output: CropLine[];
  milliseconds: number;
}

export interface CropEntity {
  /** The label without B- or I-. */
  entity_group: string;
  word: string;
  /** Where it stands: text.slice(start, end). */
  start: number;
  end: number;
}

export interface CropOutput {
  entities: CropEntity[];
  /**
   * False if some entities between markers could not be placed in the text, and are missing in `entities`; the input of the step `project` says
   * which and why. What lost its markers in translation is in the notes of `decode`.
   */
  placed: boolean;
  steps: CropStep[];
}

export interface CropOptions {
  /** Translates both ways, and has the markers `__SLOT0__` … `__SLOT13__` in its vocabulary. */
  translator: TranslationPipeline;
  /** Tags the translation; or a function of yours, which gives each word a label: O, B-PER, I-PER. */
  tagger: Pick<TokenClassificationPipeline, 'task'> | ((words: string[], options: { signal: AbortSignal | undefined }) => Promise<string[]> | string[]);
  /** The language of the text, as the translator names it. */
  src_lang: string;
  /** The language of the tagger, 'en' if left out. */
  pivot_lang?: string;
  /** How many translations of the marked sentence are made (with as many beams); the one of which most entities can be placed is taken. 1 if left out. */
  num_beams?: number;
  /** Hears each step as it ends. */
  on_step?: ((step: CropStep) => void) | null;
  signal?: AbortSignal | null;
}

const WHAT = 'crop';

const line = (words: string[], labels: string[] | null = null, note = ''): CropLine => ({ words, labels, note });

function language(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw check.invalid(`${WHAT}: ${name}: ${String(value)}, expected the name of a language that the translator has, such as 'de'`);
}

/** An error with the step in which it occurred. */
function named(step: string, e: unknown): unknown {
  if (!(e instanceof LodestoneError)) return e;
  return e.code === 'aborted' ? abortedError(WHAT) : new LodestoneError(e.code, `${WHAT}: step "${step}": ${e.message.replace(/^crop: /, '')}`, { ...e.details, step });
}

/**
 * Finds the entities of a sentence with a tagger of another language (CROP, Yang et al.
 * 2022): the sentence is translated, the translation tagged, its entities marked, what is
 * marked translated back, and what then stands between the markers found in the sentence.
 *
 *     const { entities, steps } = await crop('Tom wohnt in Boston.', { translator, tagger, src_lang: 'de' });
 *
 * @param text one sentence; as many tokens as the translator reads
 * @throws LodestoneError, whose message and details name the step
 */
export async function crop(text: string, options: CropOptions): Promise<CropOutput> {
  const o = check.knownOptions(WHAT, options, ['translator', 'tagger', 'src_lang', 'pivot_lang', 'num_beams', 'on_step', 'signal']);
  if (typeof text !== 'string') throw check.invalid(`${WHAT}: expected one text`);
  const [sentence] = check.texts(WHAT, text) as [string];
  const engine = engineOf(o.translator, 'translation');
  if (!engine) throw check.invalid(`${WHAT}: translator: expected what pipeline('translation', …) returned`);
  const { tagger } = o;
  const tags = engineOf(tagger, 'token-classification');
  if (!tags && (typeof tagger !== 'function' || 'task' in tagger)) {
    throw check.invalid(`${WHAT}: tagger: expected what pipeline('token-classification', …) returned, or a function that labels words`);
  }
  const source = language('src_lang', o.src_lang);
  const pivot = language('pivot_lang', o.pivot_lang ?? 'en');
  const beams = check.count(`${WHAT}: num_beams`, o.num_beams) ?? 1;
  const hear = check.callback(`${WHAT}: on_step`, o.on_step);
  const signal = check.abortSignal(`${WHAT}: signal`, o.signal);

  /** Asks an engine for a step. */
  const ask = <S extends keyof CropReplies>(on: Engine, step: S, fields: Omit<Extract<CropRequest, { step: S }>, 'op' | 'step'>): Promise<CropReplies[S]> =>
    on.call({ op: 'crop', step, ...fields } as unknown as CropRequest, { signal }) as Promise<CropReplies[S]>;
  const steps: CropStep[] = [];
  /** Runs a step, which returns its output and what the next steps need, and reports it. */
  const does = async <T>(name: CropStep['name'], input: CropLine[], run: () => Promise<[output: CropLine[], T]>): Promise<T> => {
    const began = performance.now();
    let done: [CropLine[], T];
    try {
      done = await run();
    } catch (e) {
      throw named(name, e);
    }
    const step: CropStep = { name, input, output: done[0], milliseconds: performance.now() - began };
    steps.push(step);
    hear?.(step);
    return done[1];
  };

  const { words, start: starts, end: ends } = await ask(engine, 'split', { text: sentence, language: source });
  if (words.length === 0) throw check.invalid(`${WHAT}: the text has no words`);
  const translated = await does('translate', [line(words)], async () => {
    const reply = await ask(engine, 'translate', { words, from: source, to: pivot });
    return [[line([reply.text])], reply.text];
  });
  const split = await does('words', [line([translated])], async () => {
    const reply = await ask(engine, 'words', { text: translated, language: pivot });
    if (reply.words.length === 0) throw check.invalid(`the translation ${JSON.stringify(translated.slice(0, 60))} has no words`);
    return [[line(reply.words)], reply.words];
  });
  const labels = await does('tag', [line(split)], async () => {
    const given = tags
      ? (await ask(tags, 'tag', { words: split })).labels
      : check.strings('what the tagger returned', (await (tagger as (w: string[], o: object) => unknown)([...split], { signal })) ?? 'nothing')!;
    if (given.length !== split.length) throw check.invalid(`the tagger gave ${given.length} labels for ${split.length} words`);
    const reply = await ask(engine, 'repair', { labels: given });
    return [[line(split, reply.labels)], reply.labels];
  });
  // Without an entity there is nothing to mark: the line that is projected is empty.
  let back: LabeledWords[] = [{ words: [], labels: [] }];
  if (labels.some((l) => l !== 'O')) {
    const marked = await does('mark', [line(split, labels)], async () => {
      const reply = await ask(engine, 'mark', { words: split, labels, language: pivot });
      return [[line(reply.pieces)], reply];
    });
    const lines = await does('translate marked', [line(marked.pieces)], async () => {
      const reply = await ask(engine, 'translate marked', { pieces: marked.pieces, from: pivot, to: source, beams });
      return [reply.lines.map((l) => line(l)), reply.lines];
    });
    back = await does('decode', lines.map((l) => line(l)), async () => {
      const reply = await ask(engine, 'decode', { lines, types: marked.types, whole: marked.whole, language: source });
      return [reply.lines, reply.lines];
    });
  }
  const input = back.map((l) => line(l.words, l.labels));
  const [entities, placed] = await does('project', input, async () => {
    const reply = await ask(engine, 'project', { words, lines: back.map(({ words, labels }) => ({ words, labels })) });
    reply.lost.forEach((why, i) => (input[i]!.note = why));
    const found = reply.entities.map((e): CropEntity => {
      const start = starts[e.first]!;
      const end = ends[e.end - 1]!;
      return { entity_group: e.type, word: sentence.slice(start, end), start, end };
    });
    return [[line(words, reply.labels)], [found, reply.lost[reply.line] === ''] as const];
  });
  return { entities, placed, steps };
}
