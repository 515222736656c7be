// A server that answers as an R2 bucket does, with the files of dist/assets.
import { readFile, stat } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { dist } from './worker.mjs';

/**
 * Starts the server; it ends with the test t. address is what startWorkerd takes, asked has
 * the requests. After hold(), requests wait until release(); holding(n) resolves when n of
 * them wait.
 */
export async function bucket(t) {
  const asked = [];
  let gate = null;
  let held = 0;
  let watchers = [];
  const server = http.createServer(async (request, response) => {
    const { method, object } = JSON.parse(request.headers['cf-r2-request'] ?? '{}');
    asked.push(`${method} ${object}`);
    if (gate) {
      held++;
      watchers = watchers.filter((w) => !w());
      await gate.promise;
      held--;
    }
    const file = path.join(dist, 'assets', object ?? '');
    const bytes = await readFile(file).catch(() => null);
    if (method !== 'get' || !bytes) {
      response.writeHead(404, { 'CF-R2-Error': JSON.stringify({ version: 1, v4code: 10007, message: 'The specified key does not exist.' }) }).end();
      return;
    }
    const metadata = JSON.stringify({ name: object, version: '1', size: String(bytes.length), etag: 'x', uploaded: String(Math.floor((await stat(file)).mtimeMs)), httpFields: {}, customFields: [] });
    response.writeHead(200, { 'CF-R2-Metadata-Size': metadata.length, 'Content-Length': metadata.length + bytes.length });
    response.write(metadata);
    response.end(bytes);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const release = () => {
    gate?.resolve();
    gate = null;
  };
  t.after(() => {
    release();
    server.closeAllConnections();
    server.close();
  });
  return {
    address: `127.0.0.1:${server.address().port}`,
    asked,
    hold: () => (gate = Promise.withResolvers()),
    release,
    holding: (n) => new Promise((resolve) => {
      const reached = () => held >= n && (resolve(), true);
      if (!reached()) watchers.push(reached);
    }),
  };
}
