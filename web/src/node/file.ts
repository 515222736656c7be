// Responses with the content of files, as a server would give them.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Answers a request for a file: address. Folders, devices and pipes do not exist for it. */
export async function fetchFile(url: URL, init?: RequestInit): Promise<Response> {
  const info = await stat(url).catch(() => null);
  if (!info?.isFile()) return new Response(null, { status: 404 });
  const { size } = info;
  const from = Number(/^bytes=(\d+)-$/.exec(new Headers(init?.headers).get('range') ?? '')?.[1] ?? 0);
  if (from > 0 && from >= size) return new Response(null, { status: 416, headers: { 'content-range': `bytes */${size}` } });
  const headers = new Headers({ 'content-type': url.pathname.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream', 'content-length': `${size - from}` });
  if (from > 0) headers.set('content-range', `bytes ${from}-${size - 1}/${size}`);
  const body = Readable.toWeb(createReadStream(url, { start: from, signal: init?.signal ?? undefined }));
  return new Response(body, { status: from > 0 ? 206 : 200, headers });
}
