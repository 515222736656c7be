// The pieces of a text: a Unigram vocabulary and Viterbi, as FORMAT.md of models/siteindex
// defines them. Kudo 2018, Subword Regularization, has the model.
import { Cursor } from './wire.js';
import { normalize } from './words.js';

const MOST_PIECES = 512;
const UNKNOWN_PENALTY = 10;

export interface Vocabulary {
  lower: boolean;
  worst: number;
  /** The longest piece, in UTF-16 units. */
  longest: number;
  scores: Float32Array;
  /** The row of each piece. */
  rows: Uint16Array;
  byText: Map<string, number>;
}

export function vocabulary(content: Uint8Array): Vocabulary {
  const c = new Cursor(content, 'LSPV');
  const lower = c.u8() === 1;
  const n = c.count(3);
  if (n >= 65535) throw c.damaged(`has ${n} pieces`);
  const worst = c.f32();
  const step = c.f32();
  const next = c.front();
  const byText = new Map<string, number>();
  let longest = 0;
  for (let i = 0; i < n; i++) {
    const piece = next();
    byText.set(piece, i);
    longest = Math.max(longest, piece.length);
  }
  const steps = c.take(n);
  c.end();
  const scores = Float32Array.from(steps, (s) => worst + step * s);
  // Rows are in the order of falling scores, so frequent pieces share chunks.
  const rows = new Uint16Array(n);
  Array.from(steps, (_, i) => i)
    .sort((a, b) => steps[b]! - steps[a]! || a - b)
    .forEach((piece, row) => (rows[piece] = row));
  return { lower, worst, longest, scores, rows, byText };
}

export interface Pieces {
  /** The rows of the pieces, in the order of the text. */
  rows: number[];
  /** Code points that no piece covers, and all without white space. */
  unknown: number;
  points: number;
}

/** Splits a text into pieces. */
export function pieces(text: string, v: Vocabulary): Pieces {
  let normal = normalize(text);
  if (v.lower) normal = normal.toLowerCase();
  const out: Pieces = { rows: [], unknown: 0, points: 0 };
  let taken = 0;
  for (const word of normal.split(/\s+/u)) {
    if (!word) continue;
    out.points += [...word].length;
    for (const id of viterbi([...`\u2581${word}`], v)) {
      if (taken++ >= MOST_PIECES) return out;
      if (id < 0) out.unknown++;
      else out.rows.push(v.rows[id]!);
    }
  }
  return out;
}

/** The pieces of the path of the greatest sum of scores, -1 for an unknown code point; on equal sums the longer last piece wins. */
function viterbi(points: string[], v: Vocabulary): number[] {
  const n = points.length;
  const best = new Float32Array(n + 1).fill(-Infinity);
  const from = new Int32Array(n + 1);
  const id = new Int32Array(n + 1).fill(-1);
  best[0] = 0;
  for (let end = 1; end <= n; end++) {
    let piece = '';
    for (let start = end - 1; start >= 0; start--) {
      piece = points[start]! + piece;
      if (piece.length > v.longest) break;
      const known = v.byText.get(piece);
      if (known === undefined) continue;
      const sum = Math.fround(best[start]! + v.scores[known]!);
      if (sum >= best[end]!) {
        best[end] = sum;
        from[end] = start;
        id[end] = known;
      }
    }
    if (!v.byText.has(points[end - 1]!)) {
      const sum = Math.fround(best[end - 1]! + v.worst - UNKNOWN_PENALTY);
      if (sum > best[end]!) {
        best[end] = sum;
        from[end] = end - 1;
        id[end] = -1;
      }
    }
  }
  const path: number[] = [];
  for (let end = n; end > 0; end = from[end]!) path.unshift(id[end]!);
  return path;
}
