// Fill-mask: tokens for the masks of a text.
import * as check from '../page/validate.js';
import { type PipelineHandle, rows, type TaskDefinition, topK } from './task.js';

/** A token for a mask. */
export interface FillMaskResult {
  /** Its probability. */
  score: number;
  /** Its id. */
  token: number;
  token_str: string;
  /** The text with the token in place of the mask. Other masks remain. */
  sequence: string;
}

export interface FillMaskOptions {
  /** The number of tokens for each mask; 5 by default. */
  top_k?: number;
  signal?: AbortSignal | null;
}

/**
 * The likeliest tokens for the mask of a text; for a text with several masks, a list for
 * each. The type knows the number of masks only of a string literal.
 */
export type FillMaskOutput<T extends string> = T extends
  | `${string}[MASK]${string}[MASK]${string}`
  | `${string}<mask>${string}<mask>${string}`
  ? FillMaskResult[][]
  : FillMaskResult[];

export interface FillMaskCall {
  <T extends string>(text: T, options?: FillMaskOptions): Promise<FillMaskOutput<T>>;
  <T extends string>(texts: readonly T[], options?: FillMaskOptions): Promise<FillMaskOutput<T>[]>;
  /** How a text spells a mask, such as [MASK] or <mask>. */
  readonly mask_token: string;
}

/** A model that fills masks. */
export interface FillMaskPipeline extends FillMaskCall, PipelineHandle<'fill-mask'> {}

export const fillMask: TaskDefinition<FillMaskCall> = {
  parts: { tokenizer: true, weights: true, head: 'masked-lm' },
  run: ({ client, info }) => {
    const run = async (input: string | readonly string[], options?: FillMaskOptions): Promise<unknown> => {
      const what = 'fill-mask';
      const o = check.knownOptions(what, options, ['top_k', 'signal']);
      const k = topK(what, o.top_k) ?? 5;
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = check.texts(what, input);
      const { masks, lengths, score, token, tokenStr, sequence } = await client.call({ op: 'task', task: 'fill-mask', texts, topK: k }, { signal });
      const lists = rows(lengths, (i): FillMaskResult => ({ score: score[i]!, token: token[i]!, token_str: tokenStr[i]!, sequence: sequence[i]! }));
      const results = rows(masks, (i) => lists[i]!).map((text) => (text.length === 1 ? text[0]! : text));
      return typeof input === 'string' ? results[0] : results;
    };
    return Object.assign(run as FillMaskCall, { mask_token: info.maskToken });
  },
};
