// The edge worker's peer: transformers.js over onnxruntime-node behind a plain Node server.
// node server.mjs MODEL-DIR prints its address once the model has answered.
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const { env, pipeline } = createRequire(new URL('../../bench/package.json', import.meta.url))('@huggingface/transformers');
const dir = path.resolve(process.argv[2]);
env.allowRemoteModels = false;
env.localModelPath = `${path.dirname(dir)}/`;
const embed = await pipeline('feature-extraction', path.basename(dir), { dtype: 'q8', device: 'cpu' });
await embed('warm', { pooling: 'mean', normalize: true });

const server = http.createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const { input } = JSON.parse(Buffer.concat(parts));
  const vectors = (await embed(input, { pooling: 'mean', normalize: true })).tolist();
  const body = JSON.stringify({ object: 'list', data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })) });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
