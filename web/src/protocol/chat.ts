// The message for the text of a chat. wasm/engine/chat_js.go serves it.

/** Asks for the text that a chat template makes of messages. */
export interface ChatRequest {
  op: 'chat';
  /** The name of one of the folder's templates, or a template; '': the folder's. */
  template: string;
  /** JSON: messages, and what else the template reads, such as tools and add_generation_prompt. */
  variables: string;
}
