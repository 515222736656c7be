// CROP: entities in a language without labelled data, by a tagger of another language.
import * as check from '../page/validate.js';
import type { LabeledWords } from '../protocol/crop.js';
import { abortedError, LodestoneError } from '../protocol/error.js';
import { clientOf } from './task.js';
import type { TokenClassificationPipeline } from './token-classification.js';
import type { TranslationPipeline } from './translation.js';

/** A line of words or pieces that a step reads or writes. */
export interface CropLine {
  words: string[];
  /** Labels such as B-PER, I-PER and O, one for each word; null for a line without labels. */
  labels: string[] | null;
  /** A remark, such as why an entity could not be placed; '' if there is none. */
  note: string;
}

export interface CropStep {
  /** Without a tagged entity, `mark`, `translate marked` and `decode` are skipped. */
  name: 'translate' | 'words' | 'tag' | 'mark' | 'translate marked' | 'decode' | 'project';
  /** One line. `decode` and `project` have one for each translation of the marked sentence. */
  input: CropLine[];
  output: CropLine[];
  milliseconds: number;
}

export interface CropEntity {
  /** The label without B- or I-. */
  entity_group: string;
  word: string;
  /** Its place: text.slice(start, end). */
  start: number;
  end: number;
}

export interface CropOutput {
  entities: CropEntity[];
  /**
   * False if an entity between markers could not be placed in the text, so that `entities`
   * lacks it. The notes in the input of `project` say which and why; the notes of `decode`
   * name the entities whose markers the translation lost.
   */
  placed: boolean;
  steps: CropStep[];
}

export interface CropOptions {
  /** Translates both ways; its vocabulary has the markers `__SLOT0__` … `__SLOT13__`. */
  translator: TranslationPipeline;
  /** Tags the translation. Your own function returns a label for each word: O, B-PER, I-PER. */
  tagger: Pick<TokenClassificationPipeline, 'task'> | ((words: string[], options: { signal: AbortSignal | undefined }) => Promise<string[]> | string[]);
  /** The language of the text, as the translator names it. */
  src_lang: string;
  /** The language of the tagger; 'en' by default. */
  pivot_lang?: string;
  /**
   * The number of translations of the marked sentence, and of beams; 1 by default. The one
   * whose entities fit best is used.
   */
  num_beams?: number;
  /** Called after each step. */
  on_step?: ((step: CropStep) => void) | null;
  signal?: AbortSignal | null;
}

const WHAT = 'crop';

const line = (words: string[], labels: string[] | null = null, note = ''): CropLine => ({ words, labels, note });

/** Adds to an error the step in which it occurred. */
function inStep(step: string, e: unknown, signal: AbortSignal | undefined): unknown {
  if (!(e instanceof LodestoneError)) return e;
  return e.code === 'aborted' ? abortedError(WHAT, signal) : new LodestoneError(e.code, `${WHAT}: step "${step}": ${e.message.replace(/^crop: /, '')}`, { ...e.details, step });
}

/**
 * Finds the entities of a sentence with a tagger of another language (CROP, Yang et al.
 * 2022). It translates the sentence, tags the translation, puts markers around its entities,
 * translates it back with the markers, and finds the text between them in the sentence.
 *
 *     const { entities, steps } = await crop('Tom wohnt in Boston.', { translator, tagger, src_lang: 'de' });
 *
 * @param text one sentence, no longer than the translator takes
 * @throws LodestoneError, whose message and details name the step
 */
export async function crop(text: string, options: CropOptions): Promise<CropOutput> {
  const o = check.knownOptions(WHAT, options, ['translator', 'tagger', 'src_lang', 'pivot_lang', 'num_beams', 'on_step', 'signal']);
  const sentence = check.oneText(WHAT, text);
  const translator = clientOf(o.translator, 'translation');
  if (!translator) throw check.invalid(`${WHAT}: translator: expected what pipeline('translation', …) returned`);
  const { tagger } = o;
  const model = clientOf(tagger, 'token-classification');
  if (!model && (typeof tagger !== 'function' || 'task' in tagger)) {
    throw check.invalid(`${WHAT}: tagger: expected what pipeline('token-classification', …) returned, or a function that labels words`);
  }
  const source = check.language(`${WHAT}: src_lang`, o.src_lang ?? '')!;
  const pivot = check.language(`${WHAT}: pivot_lang`, o.pivot_lang) ?? 'en';
  const beams = check.count(`${WHAT}: num_beams`, o.num_beams) ?? 1;
  const onStep = check.callback(`${WHAT}: on_step`, o.on_step);
  const signal = check.abortSignal(`${WHAT}: signal`, o.signal);

  const call = { signal };
  const steps: CropStep[] = [];
  /** Runs a step, which returns its output and what the next steps need, and reports it. */
  const step = async <T>(name: CropStep['name'], input: CropLine[], run: () => Promise<[output: CropLine[], T]>): Promise<T> => {
    const began = performance.now();
    let done: [CropLine[], T];
    try {
      done = await run();
    } catch (e) {
      throw inStep(name, e, signal);
    }
    const ended: CropStep = { name, input, output: done[0], milliseconds: performance.now() - began };
    steps.push(ended);
    onStep?.(ended);
    return done[1];
  };

  const { words, start: starts, end: ends } = await translator.call({ op: 'crop', step: 'split', text: sentence, language: source }, call);
  if (words.length === 0) throw check.invalid(`${WHAT}: the text has no words`);
  const translated = await step('translate', [line(words)], async () => {
    const reply = await translator.call({ op: 'crop', step: 'translate', words, from: source, to: pivot }, call);
    return [[line([reply.text])], reply.text];
  });
  const split = await step('words', [line([translated])], async () => {
    const reply = await translator.call({ op: 'crop', step: 'words', text: translated, language: pivot }, call);
    if (reply.words.length === 0) throw check.invalid(`the translation ${JSON.stringify(translated.slice(0, 60))} has no words`);
    return [[line(reply.words)], reply.words];
  });
  const labels = await step('tag', [line(split)], async () => {
    const given = model
      ? (await model.call({ op: 'crop', step: 'tag', words: split }, call)).labels
      : check.strings('what the tagger returned', (await (tagger as (w: string[], o: object) => unknown)([...split], { signal })) ?? 'nothing')!;
    if (given.length !== split.length) throw check.invalid(`the tagger gave ${given.length} labels for ${split.length} words`);
    const reply = await translator.call({ op: 'crop', step: 'repair', labels: given }, call);
    return [[line(split, reply.labels)], reply.labels];
  });
  // Without an entity there is nothing to mark: the line that is projected is empty.
  let back: LabeledWords[] = [{ words: [], labels: [] }];
  if (labels.some((l) => l !== 'O')) {
    const marked = await step('mark', [line(split, labels)], async () => {
      const reply = await translator.call({ op: 'crop', step: 'mark', words: split, labels, language: pivot }, call);
      return [[line(reply.pieces)], reply];
    });
    const lines = await step('translate marked', [line(marked.pieces)], async () => {
      const reply = await translator.call({ op: 'crop', step: 'translate marked', pieces: marked.pieces, from: pivot, to: source, beams }, call);
      return [reply.lines.map((l) => line(l)), reply.lines];
    });
    back = await step('decode', lines.map((l) => line(l)), async () => {
      const reply = await translator.call({ op: 'crop', step: 'decode', lines, types: marked.types, whole: marked.whole, language: source }, call);
      return [reply.lines, reply.lines];
    });
  }
  const input = back.map((l) => line(l.words, l.labels));
  const [entities, placed] = await step('project', input, async () => {
    const reply = await translator.call({ op: 'crop', step: 'project', words, lines: back.map(({ words, labels }) => ({ words, labels })) }, call);
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
