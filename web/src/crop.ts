// Entities of a language for which nobody labelled any: CROP, each step to be watched.
import type { Engine } from './engine.js';
import { abortedError, LodestoneError } from './error.js';
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

/** Asks an engine for one step; what a step has no use for is empty. */
export interface CropRequest {
  op: 'crop';
  /**
   * What each reads, and writes: `split` a text, its words and their places; `words` a translation, its words; `tag` words, labels; `repair`
   * labels, labels; `translate` words, a word that is the translation; `mark` words and labels, pieces and the types of their slots, with a
   * place if one entity is all; `translate marked` pieces, lines of pieces; `decode` these and types, lines with tags and a note (as words) each; `project`
   * words and lines with tags, labels, types (as words), the number of the line that was taken and first and last words (as places), and a
   * line for what each lost.
   */
  step: CropStep['name'] | 'split' | 'repair';
  text: string;
  from: string;
  to: string;
  /** Words and labels. */
  lists: [words: string[], labels: string[]];
  lines: string[][];
  /** The labels of lines. */
  tags: string[][];
  whole: boolean;
  beams: number;
}

export type CropReply = [words: string[], labels: string[], lines: string[][], tags: string[][], places: Int32Array];

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

  const ask = (on: Engine, step: CropRequest['step'], from: string, r: Partial<CropRequest>): Promise<CropReply> =>
    on.call({ op: 'crop', step, text: '', from, to: from === source ? pivot : source, lists: [[], []], lines: [], tags: [], whole: false, beams, ...r }, { signal });
  const steps: CropStep[] = [];
  /** Does a step, which gives what it wrote and what comes of it, and tells of it. */
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

  const [words, , , , at] = await ask(engine, 'split', source, { text: sentence });
  if (words.length === 0) throw check.invalid(`${WHAT}: the text has no words`);
  const english = await does('translate', [line(words)], async () => {
    const [[translation]] = await ask(engine, 'translate', source, { lists: [words, []] });
    return [[line([translation!])], translation!];
  });
  const split = await does('words', [line([english])], async () => {
    const [list] = await ask(engine, 'words', pivot, { text: english });
    if (list.length === 0) throw check.invalid(`the translation ${JSON.stringify(english.slice(0, 60))} has no words`);
    return [[line(list)], list];
  });
  const labels = await does('tag', [line(split)], async () => {
    const said = tags
      ? (await ask(tags, 'tag', pivot, { lists: [split, []] }))[1]
      : check.strings('what the tagger returned', (await (tagger as (w: string[], o: object) => unknown)([...split], { signal })) ?? 'nothing')!;
    if (said.length !== split.length) throw check.invalid(`the tagger gave ${said.length} labels for ${split.length} words`);
    const [, list] = await ask(engine, 'repair', pivot, { lists: [[], said] });
    return [[line(split, list)], list];
  });
  // Where nothing was tagged there is nothing to carry back.
  let back: CropLine[] = [line([], [])];
  if (labels.some((l) => l !== 'O')) {
    const [pieces, types, whole] = await does('mark', [line(split, labels)], async () => {
      const [pieces, types, , , whole] = await ask(engine, 'mark', pivot, { lists: [split, labels] });
      return [[line(pieces)], [pieces, types, whole.length > 0] as const];
    });
    const lines = await does('translate marked', [line(pieces)], async () => {
      const [, , lines] = await ask(engine, 'translate marked', pivot, { lists: [pieces, []] });
      return [lines.map((l) => line(l)), lines];
    });
    back = await does('decode', lines.map((l) => line(l)), async () => {
      const [notes, , found, tags] = await ask(engine, 'decode', source, { lists: [[], types], lines, whole });
      const list = found.map((l, i) => line(l, tags[i]!, notes[i]!));
      return [list, list];
    });
  }
  const input = back.map((l) => line(l.words, l.labels));
  const [entities, placed] = await does('project', input, async () => {
    const [types, labels, lost, , [taken, ...places]] = await ask(engine, 'project', source, { lists: [words, []], lines: back.map((l) => l.words), tags: back.map((l) => l.labels!) });
    lost.forEach(([why], i) => (input[i]!.note = why!));
    const found = types.map((entity_group, i): CropEntity => {
      const start = at[2 * places[2 * i]!]!;
      const end = at[2 * places[2 * i + 1]! - 1]!;
      return { entity_group, word: sentence.slice(start, end), start, end };
    });
    return [[line(words, labels)], [found, lost[taken!]![0] === ''] as const];
  });
  return { entities, placed, steps };
}
