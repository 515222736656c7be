// Chats: their templates run in a Go program of their own, wasm/chat, which is fetched with the
// first chat.
import { fromMessage, LodestoneError } from '../protocol/error.js';
import type { ChatRequest } from '../protocol/chat.js';
import type { LoadRequest } from '../protocol/load.js';
import { Folder } from './fetch.js';
import { compile } from './compile.js';
import type { Running } from './instantiate.js';
import { call, Job } from './job.js';
import { openCache } from './load.js';
import { ProgressMeter } from './progress-meter.js';

const CONFIG = 'tokenizer_config.json';
const TEMPLATE = 'chat_template.jinja';

/** Writes the text of a chat. Throws a LodestoneError. */
export type Render = (request: ChatRequest) => string;

/** What the program exports; see wasm/chat/main_js.go. */
interface ChatProgram {
  open(tokenizerConfig: Uint8Array | null, chatTemplate: Uint8Array | null): (template: string, variables: string) => { text: string } | Parameters<typeof fromMessage>[0];
}

declare global {
  var __lodestoneChat: ChatProgram | undefined;
}

/** The chats of the folder that a request has loaded. */
export class Chats {
  readonly #request: LoadRequest;
  readonly #program: string;
  #render: Promise<Render> | null = null;

  /** `program` is the address of chat.wasm. */
  constructor(request: LoadRequest, program: string) {
    this.#request = request;
    this.#program = program;
  }

  /** Fetches the templates and the program, once. With `needed` false a folder without a template fetches no program. */
  open(running: Running, job: Job, needed = true): Promise<Render> {
    if (!this.#render) {
      const opening = this.#open(running, job, needed);
      this.#render = opening;
      opening.catch(() => (this.#render = null)); // the next chat tries again
    }
    return this.#render;
  }

  async #open(running: Running, job: Job, needed: boolean): Promise<Render> {
    const files = this.#files(job.controller.signal);
    files.catch(() => {}); // what awaits it gets this error
    if (!needed) {
      const [config, template] = await files;
      if (!template && !(config && new TextDecoder().decode(config).includes('chat_template'))) {
        throw new LodestoneError('invalid_argument', 'chat: no chat template: the folder has neither chat_template.jinja nor a chat_template in tokenizer_config.json');
      }
    }
    const [[tokenizerConfig, chatTemplate], program] = await Promise.all([files, start(this.#program, this.#request.stallTimeout)]);
    const listed = (await call(running.engine, 'chat-files', { tokenizerConfig, chatTemplate }, job)) as { tokenizerConfig: boolean; chatTemplate: boolean };
    const render = program.open(listed.tokenizerConfig ? tokenizerConfig : null, listed.chatTemplate ? chatTemplate : null);
    return ({ template, variables }) => {
      const reply = render(template, variables);
      if ('text' in reply) return reply.text;
      throw fromMessage(reply);
    };
  }

  /** tokenizer_config.json and chat_template.jinja, which are stored like the files of the load; null for one that the folder lacks. */
  async #files(signal: AbortSignal): Promise<[Uint8Array | null, Uint8Array | null]> {
    const request = this.#request;
    const cache = await openCache(request);
    try {
      const folder = new Folder(request, signal, new ProgressMeter(request.url, () => {}), cache);
      const files = await Promise.all([
        folder.bytes(CONFIG, { limit: 16 << 20, tooLarge: 'config_invalid', optional: true }),
        folder.bytes(TEMPLATE, { limit: 256 << 10, tooLarge: 'config_invalid', optional: true }),
      ]);
      if (request.cache === 'only-if-cached' && !request.files && !files[0] && !files[1]) {
        throw new LodestoneError('network', `chat: neither ${CONFIG} nor ${TEMPLATE} is in the browser's storage, and the network is not used (offline); make one chat with the network`, { file: CONFIG });
      }
      const sums = new Map(await Promise.all([CONFIG, TEMPLATE].map(async (f) => [f, await folder.listed(f)] as const)));
      await cache?.commit((file) => sums.get(file) ?? null);
      return files;
    } catch (e) {
      if (e instanceof LodestoneError && e.code === 'integrity') await cache?.clear(); // the next chat fetches them
      else cache?.close();
      throw e;
    }
  }
}

async function start(url: string, stallTimeout: number): Promise<ChatProgram> {
  const module = await compile(url, stallTimeout);
  const go = new globalThis.Go();
  void go.run(await WebAssembly.instantiate(module, go.importObject)); // it waits for calls
  const program = globalThis.__lodestoneChat;
  if (!program) throw new LodestoneError('engine_missing', 'engine: chat.wasm.gz ended at its start; it belongs to another release than worker.js');
  return program;
}
