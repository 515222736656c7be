// Chats: messages, and what a chat template may read besides.
import * as check from './validate.js';

/** A message of a chat. Templates may read other members, such as tool_calls. */
export interface ChatMessage {
  role: string;
  content: string | null | readonly unknown[];
  [member: string]: unknown;
}

/** What a chat template reads besides messages. */
export interface ChatTemplateOptions {
  /** Functions that the model may call, as JSON schemas. */
  tools?: readonly unknown[] | null;
  /** Texts that the answer is to be found in. */
  documents?: readonly unknown[] | null;
  /** The name of one of the folder's templates, or a template. */
  chat_template?: string | null;
}

/** Options of apply_chat_template. Others are variables for the template, which must read them. */
export interface ChatOptions extends ChatTemplateOptions {
  /** True ends the text where the answer begins. */
  add_generation_prompt?: boolean;
  /** False returns the text; true (the default) its ids. */
  tokenize?: boolean;
  /** As for the tokenizer. */
  padding?: boolean | 'max_length';
  truncation?: boolean;
  max_length?: number;
  return_tensor?: boolean;
  /** False returns input_ids alone. */
  return_dict?: boolean;
  signal?: AbortSignal | null;
  [variable: string]: unknown;
}

/** Whether a value looks like a chat: an array of objects. */
export function isChat(value: unknown): value is readonly ChatMessage[] {
  return Array.isArray(value) && value.length > 0 && value.every((m) => typeof m === 'object' && m !== null && !Array.isArray(m));
}

/** The messages of a chat, checked. */
export function chatMessages(what: string, value: unknown): readonly ChatMessage[] {
  if (!isChat(value)) throw check.invalid(`${what}: messages: expected an array of { role, content }, at least one`);
  value.forEach((m, i) => {
    if (typeof m.role !== 'string') throw check.invalid(`${what}: messages: message ${i} has no role, expected a string`);
    if (!('content' in m)) throw check.invalid(`${what}: messages: message ${i} has no content, expected a text`);
    if (typeof m.content === 'string') check.oneText(`${what}: messages: message ${i}`, m.content);
  });
  return value;
}

/** The template and the variables of a chat, as they cross to the worker. */
export function chatVariables(what: string, messages: readonly ChatMessage[], options: ChatOptions): { template: string; variables: string } {
  const { chat_template, tokenizer_kwargs, ...variables } = options;
  if (tokenizer_kwargs !== undefined) throw check.invalid(`${what}: option "tokenizer_kwargs" is not known; give its members as options`);
  if (chat_template !== undefined && chat_template !== null && typeof chat_template !== 'string') throw check.invalid(`${what}: chat_template: expected the name of a template, or a template`);
  for (const name of ['tools', 'documents'] as const) {
    const value = variables[name];
    if (value !== undefined && value !== null && !Array.isArray(value)) throw check.invalid(`${what}: ${name}: expected an array`);
  }
  const all = { tools: null, documents: null, ...variables, messages, add_generation_prompt: check.boolean(`${what}: add_generation_prompt`, options.add_generation_prompt, false) };
  let json: string;
  try {
    json = JSON.stringify(all);
  } catch (e) {
    throw check.invalid(`${what}: the messages cannot be written as JSON: ${e instanceof Error ? e.message : String(e)}`);
  }
  return { template: chat_template ?? '', variables: json };
}
