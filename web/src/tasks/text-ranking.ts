// Text ranking: documents by how well they answer a query, with a cross-encoder.
import * as check from '../page/validate.js';
import { type PipelineHandle, rows, type TaskDefinition } from './task.js';

export interface TextRankingOptions {
  /** The number of documents; all by default. */
  top_k?: number | null;
  /** False omits the text of each document. */
  return_documents?: boolean;
  /** `sigmoid` (the default) makes a score from 0 to 1, `none` leaves the model's output. */
  function_to_apply?: 'sigmoid' | 'none';
  signal?: AbortSignal | null;
}

/** A document, with the names of sentence-transformers' CrossEncoder.rank. */
export interface TextRankingResult {
  /** Its place among those that were given. */
  corpus_id: number;
  score: number;
  text?: string;
  /** True if query and document were longer than the model takes and were truncated; otherwise missing. */
  truncated?: true;
}

export interface TextRankingCall {
  /** The documents for a query, the best first. */
  (query: string, documents: readonly string[], options?: TextRankingOptions): Promise<TextRankingResult[]>;
}

/** A cross-encoder. */
export interface TextRankingPipeline extends TextRankingCall, PipelineHandle<'text-ranking'> {}

export const textRanking: TaskDefinition<TextRankingCall> = {
  parts: { tokenizer: true, weights: true, head: 'sequence-classification', task: 'text-ranking' },
  run:
    ({ client }) =>
    async (query, documents, options) => {
      const what = 'text-ranking';
      const o = check.knownOptions(what, options, ['top_k', 'return_documents', 'function_to_apply', 'signal']);
      const topK = o.top_k === null ? 0 : (check.count(`${what}: top_k`, o.top_k, 'null or ') ?? 0);
      const whole = check.boolean(`${what}: return_documents`, o.return_documents, true);
      const functionToApply = check.oneOf(`${what}: function_to_apply`, o.function_to_apply, ['sigmoid', 'none'] as const, 'sigmoid');
      const signal = check.abortSignal(`${what}: signal`, o.signal);
      const texts = [check.oneText(`${what}: query`, query)];
      const contexts = check.texts(`${what}: documents`, check.array(`${what}: documents`, documents));
      const reply = await client.call({ op: 'task', task: 'text-ranking', texts, contexts, topK, functionToApply }, { signal });
      return rows(reply.lengths, (i): TextRankingResult => {
        const result: TextRankingResult = { corpus_id: reply.index[i]!, score: reply.score[i]! };
        if (whole) result.text = contexts[result.corpus_id]!;
        if (reply.truncated[i]) result.truncated = true;
        return result;
      })[0]!;
    },
};
