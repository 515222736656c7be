// Text generation: continues texts and chats.
import { type ChatMessage, type ChatTemplateOptions, chatMessages, chatVariables, isChat } from '../page/chat.js';
import { generate, GENERATION_ELSEWHERE, GENERATION_OPTIONS, type GenerationOptions, type Source } from '../page/generation.js';
import { stream, type Streamer, streamingTo } from '../page/streaming.js';
import * as check from '../page/validate.js';
import type { PipelineHandle, TaskDefinition } from './task.js';

export interface TextGenerationOptions extends GenerationOptions, ChatTemplateOptions {
  /** False omits the prompt from generated_text. Chats are always returned whole. */
  return_full_text?: boolean;
  /** True (the default) adds the special tokens that the tokenizer's template has before a prompt. A chat's template writes its own. */
  add_special_tokens?: boolean;
  /** Gets the text while it is generated; for a single prompt. */
  streamer?: Streamer | null;
}

export interface TextGenerationOutput {
  generated_text: string;
}

/** A chat with the model's answer as its last message. */
export interface ChatGenerationOutput {
  generated_text: ChatMessage[];
}

/** A chat: the messages so far. */
export type Chat = readonly ChatMessage[];

export interface TextGenerationCall {
  /** Continues a text, with num_return_sequences results (1 by default). */
  (text: string, options?: TextGenerationOptions): Promise<TextGenerationOutput[]>;
  /** Continues several texts at once. */
  (texts: readonly string[], options?: TextGenerationOptions): Promise<TextGenerationOutput[][]>;
  /** Answers a chat, by the chat template of the model's folder. */
  (chat: Chat, options?: TextGenerationOptions): Promise<ChatGenerationOutput[]>;
  /** Answers several chats at once. */
  (chats: readonly Chat[], options?: TextGenerationOptions): Promise<ChatGenerationOutput[][]>;
  /**
   * The continuation of a text, or the answer to a chat, in pieces of whole characters. The
   * call starts with the first piece that is read; leaving the loop stops it.
   *
   *     for await (const piece of generator.stream('Once upon a time', { max_new_tokens: 100 })) print(piece);
   */
  stream(input: string | Chat, options?: Omit<TextGenerationOptions, 'streamer' | 'return_full_text' | 'num_beams'>): AsyncGenerator<string, void, void>;
}

/** A model that continues texts. */
export interface TextGenerationPipeline extends TextGenerationCall, PipelineHandle<'text-generation'> {}

const WHAT = 'text-generation';
const CHAT = ['tools', 'documents', 'chat_template'] as const;
const KNOWN = [...GENERATION_OPTIONS, ...CHAT, 'add_special_tokens'];

export const textGeneration: TaskDefinition<TextGenerationCall> = {
  parts: { tokenizer: true, weights: true, head: 'causal-lm' },
  run: ({ client, info }) => {
    /** The text of each chat. */
    const written = (chats: readonly Chat[], o: TextGenerationOptions, signal: AbortSignal | undefined): Promise<string[]> => {
      const { tools, documents, chat_template } = o;
      const own: ChatTemplateOptions = { tools: tools ?? null, documents: documents ?? null, chat_template: chat_template ?? null };
      const requests = chats.map((chat) => chatVariables(WHAT, chatMessages(WHAT, chat), { ...own, add_generation_prompt: true }));
      return Promise.all(requests.map((r) => client.call({ op: 'chat', ...r }, { signal })));
    };
    const source = (texts: string[], o: TextGenerationOptions, chat: boolean): Source => {
      const special = check.boolean(`${WHAT}: add_special_tokens`, o.add_special_tokens, true);
      if (!chat) for (const name of CHAT) if (o[name] !== undefined && o[name] !== null) throw check.invalid(`${WHAT}: ${name}: expected a chat, an array of { role, content }, instead of a text`);
      return { texts, ids: null, lengths: null, addSpecial: special && !chat };
    };
    const run = async (input: unknown, options?: TextGenerationOptions): Promise<unknown> => {
      const o = check.knownOptions(WHAT, options, [...KNOWN, 'return_full_text', 'streamer'], GENERATION_ELSEWHERE) as TextGenerationOptions;
      const full = check.boolean(`${WHAT}: return_full_text`, o.return_full_text, true);
      const signal = check.abortSignal(`${WHAT}: signal`, o.signal);
      const one = isChat(input) ? input : null;
      const list: unknown[] | null = Array.isArray(input) && !one ? input : null;
      const chats = one ? [one] : list && list.length > 0 && list.every(Array.isArray) ? (list as unknown as Chat[]) : null;
      const texts = chats ? await written(chats, o, signal) : check.texts(WHAT, input);
      const streaming = streamingTo(WHAT, o.streamer, texts.length, o, info.special, texts[0]);
      const reply = await generate(client, WHAT, source(texts, o, chats !== null), o, streaming?.tokens);
      streaming?.end();
      const each = reply.texts.length / texts.length;
      const results = texts.map((text, i) =>
        reply.texts.slice(i * each, (i + 1) * each).map((added) => {
          if (chats) return { generated_text: [...chats[i]!, { role: 'assistant', content: added }] };
          return { generated_text: full ? text + added : added };
        }),
      );
      return list ? results : results[0];
    };
    return Object.assign(run, {
      stream: (input: string | Chat, options?: TextGenerationOptions) =>
        stream(client, WHAT, options, KNOWN, async (o, signal) => {
          if (isChat(input)) return source(await written([input], o, signal), o, true);
          return source([check.oneText(`${WHAT}: stream`, input)], o, false);
        }),
    }) as TextGenerationCall;
  },
};
