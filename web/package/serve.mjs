// A small static server: files of a folder, and of other folders below a prefix, with the
// headers that a test wants.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.json': 'application/json', '.wasm': 'application/wasm', '.gz': 'application/gzip', '.tsv': 'text/plain' };

/**
 * Serves `root`. `mounts` maps prefixes to folders; `headers` gives the headers of a path.
 * `requests` collects the paths that were asked for.
 */
export async function serve(root, { mounts = {}, headers = () => ({}) } = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    requests.push(pathname);
    const prefix = Object.keys(mounts).find((p) => pathname.startsWith(p));
    let file = prefix ? path.join(mounts[prefix], pathname.slice(prefix.length)) : path.join(root, pathname);
    if (pathname.endsWith('/')) file = path.join(file, 'index.html');
    const info = await stat(file).catch(() => null);
    if (!info?.isFile()) {
      response.writeHead(404, headers(pathname)).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'content-length': info.size, ...headers(pathname) });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
