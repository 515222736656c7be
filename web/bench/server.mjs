// The bench's server: static files on the loopback, cross-origin isolated,
// uncompressed, never cached. It keeps a log of what was asked for and when.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** folders: {'/prefix/': directory}; returns {origin, log, close}. */
export async function serve(folders) {
  const log = []; // {url, file, bytes, begin, end}: ms since the epoch
  const server = http.createServer((request, response) => {
    const url = decodeURIComponent(new URL(request.url, 'http://local').pathname);
    const prefix = Object.keys(folders).filter(p => url.startsWith(p)).sort((a, b) => b.length - a.length)[0];
    const root = prefix && path.resolve(folders[prefix]);
    const file = prefix && path.join(root, url.slice(prefix.length));
    if (!file?.startsWith(root + path.sep) || !fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404, HEADERS).end();
      return;
    }
    const entry = { url, file, bytes: fs.statSync(file).size, begin: performance.timeOrigin + performance.now() };
    log.push(entry);
    response.on('finish', () => { entry.end = performance.timeOrigin + performance.now(); });
    response.writeHead(200, { ...HEADERS, 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'Content-Length': entry.bytes });
    if (request.method === 'HEAD') response.end();
    else fs.createReadStream(file, { highWaterMark: 1 << 20 }).pipe(response);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, log, close: () => server.close() };
}
