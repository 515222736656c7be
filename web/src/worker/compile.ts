// Fetches and compiles the WebAssembly modules of this build.
import { build, otherBuild, SECTION } from '../protocol/build.js';
import { LodestoneError } from '../protocol/error.js';
import { request } from './net.js';
import { clock, Stalled, within } from './patience.js';
import { blockedByPolicy } from './policy.js';

/** How many stall timeouts a whole file of the engine may take: a browser that compiles while it fetches does not say how much has come. */
const WHOLE = 4;

/** Fetches and compiles a module of this build. */
export async function compile(url: string, stallTimeout: number): Promise<WebAssembly.Module> {
  const sent = new AbortController();
  const missing = (why: string, details = {}): LodestoneError => {
    sent.abort();
    return new LodestoneError('engine_missing', `engine: ${why}`, { url, ...details });
  };
  const beside = 'the file belongs next to worker.js, see env.assetsPath';
  const slow = (ms: number): LodestoneError => missing(`${url} did not come within ${ms / 1000} seconds; check the server and the connection`);
  let r: Response;
  try {
    r = await within(request(url, { signal: sent.signal }), stallTimeout, clock);
  } catch (e) {
    if (e instanceof Stalled) throw slow(stallTimeout);
    const policy = await blockedByPolicy(url);
    throw missing(policy === '' ? `no response for ${url}; ${beside}` : `the Content-Security-Policy of worker.js forbids ${url}; add 'self' to ${policy}`);
  }
  if (!r.ok) throw missing(`status ${r.status} for ${url}; ${beside}`, { status: r.status });
  let module: WebAssembly.Module;
  try {
    module = await within(wasmResponse(url, r).then((w) => WebAssembly.compileStreaming(w)), WHOLE * stallTimeout, clock);
  } catch (e) {
    if (e instanceof Stalled) throw slow(WHOLE * stallTimeout);
    const text = e instanceof Error ? e.message : String(e);
    const csp = /content security policy|unsafe-eval|blocked by csp/i.test(text);
    throw missing(
      csp
        ? "the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to script-src"
        : `this browser cannot compile ${url} (${text}); serve the file of this release`,
    );
  }
  const [id] = WebAssembly.Module.customSections(module, SECTION);
  const found = id && new TextDecoder().decode(id);
  if (found !== build) throw missing(`${url}: ${otherBuild(found)}`);
  return module;
}

/**
 * A response as compileStreaming takes it. A server may have decompressed the file already,
 * and may send it with any type: its first bytes say what it is.
 */
async function wasmResponse(url: string, r: Response): Promise<Response> {
  const packed = new URL(url).pathname.endsWith('.gz');
  if (!r.body || (!packed && /^application\/wasm\s*(;|$)/i.test(r.headers.get('content-type') ?? ''))) return r;
  const reader = r.body.getReader();
  const first = await reader.read();
  let bytes = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (c) => (first.done ? c.close() : c.enqueue(first.value)),
    pull: async (c) => {
      const { done, value } = await reader.read();
      if (done) c.close();
      else c.enqueue(value);
    },
    cancel: (why) => reader.cancel(why),
  });
  if (first.value?.[0] === 0x1f) bytes = bytes.pipeThrough(new DecompressionStream('gzip'));
  return new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
}
