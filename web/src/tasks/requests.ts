// The messages of the tasks that stand on a head; see protocol.ts.
import type { Padded } from '../inputs.js';
import * as check from '../validate.js';
import type { Engine } from '../engine.js';

export interface HeadRequest extends Padded {
  op: 'head';
}

/** Asks for the one task of the model's head. */
export interface TaskRequest {
  op: 'task';
  texts: string[];
  /** Of questions. */
  contexts: string[] | null;
  /** Labels that are left out. */
  ignore: string[] | null;
  /** What makes scores of a text's logits, or how tokens become entities. */
  mode: string;
  /** top_k, max_answer_len, max_seq_len, stride, handle_impossible_answer, whether answers are left as tokens have them; 0 is the default. */
  numbers: Int32Array;
}

/** What was found, one after the other, each as the columns of Found. */
export type Flat = (string | number | boolean)[];

export interface TaskReplies {
  head: { data: Float32Array; dims: number[] };
  /** A list for each text; of masks, for each mask of each text. */
  task: Flat[] | Flat[][];
}

/** What a task finds; what it does not speak of is 0 or ''. */
export interface Found {
  label: string;
  text: string;
  score: number;
  token: number;
  sequence: string;
  index: number;
  start: number;
  end: number;
  truncated: boolean;
}

const COLUMNS = ['label', 'text', 'score', 'token', 'sequence', 'index', 'start', 'end', 'truncated'] as const;

function found(flat: Flat): Found[] {
  return Array.from({ length: flat.length / COLUMNS.length }, (_, i) =>
    Object.fromEntries(COLUMNS.map((name, k) => [name, flat[i * COLUMNS.length + k]])),
  ) as unknown as Found[];
}

type Call = Pick<TaskRequest, 'texts'> & Partial<Omit<TaskRequest, 'op' | 'numbers'>> & { numbers?: number[]; signal: AbortSignal | undefined };

async function ask(engine: Engine, { texts, contexts = null, ignore = null, mode = '', numbers = [], signal }: Call): Promise<Flat[] | Flat[][]> {
  const six = new Int32Array(6);
  six.set(numbers);
  return engine.call({ op: 'task', texts, contexts, ignore, mode, numbers: six }, { signal });
}

/** Runs a task: a list for each text. */
export async function lists(engine: Engine, call: Call): Promise<Found[][]> {
  return ((await ask(engine, call)) as Flat[]).map(found);
}

/** Runs a task on masks: a list for each mask of each text. */
export async function masks(engine: Engine, call: Call): Promise<Found[][][]> {
  return ((await ask(engine, call)) as Flat[][]).map((text) => text.map(found));
}

/** top_k, 1 to 1000. */
export function topK(what: string, value: unknown, or = ''): number | undefined {
  const k = check.count(`${what}: top_k`, value, or);
  if (k !== undefined && k > 1000) throw check.invalid(`${what}: top_k: ${k}, expected ${or}1 to 1000`);
  return k;
}
