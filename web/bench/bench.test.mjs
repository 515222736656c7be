// node --test web/bench: the parts of the bench that need neither a browser nor its
// packages.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { inputs, longest, MODELS, multiplyAdds, WORDS, writeModel } from './hf-models.mjs';
import { nibbles } from './layers.mjs';
import { FLOAT, Graph, INT64 } from './onnx.mjs';
import { cycle, turn, turns } from './page/turns.mjs';
import { payload, statistics } from './report.mjs';
import { readSafetensors } from './safetensors.mjs';
import { serve } from './server.mjs';
import { shapesReport } from './shapes-report.mjs';

test('a graph is encoded as protobuf', () => {
  const g = new Graph();
  g.input('x', INT64, ['n', 2]);
  g.op('Cast', ['x'], { to: FLOAT }, 1, 'y');
  g.output('y', FLOAT, ['n', 2]);
  // By hand from the message definitions: field<<3|wire type, length, contents.
  const node = '0a0178' + '120179' + '1a06' + hex('Cast_1') + '2204' + hex('Cast') + '2a09' + '0a02' + hex('to') + '1801' + 'a00102';
  const value = (name, type) => '0a01' + name + '120f' + '0a0d' + '08' + type + '1209' + '0a03' + '12016e' + '0a02' + '0802';
  const graph = '0a' + length(node) + node + '1205' + hex('model') + '5a' + length(value('78', '07')) + value('78', '07') +
    '62' + length(value('79', '01')) + value('79', '01');
  const sets = '4204' + '0a00' + '1011' + '4211' + '0a0d' + hex('com.microsoft') + '1001';
  const want = '0808' + '120f' + hex('lodestone-bench') + '3a' + length(graph) + graph + sets;
  assert.equal(Buffer.from(g.encode()).toString('hex'), want);
});

const hex = s => Buffer.from(s).toString('hex');
const length = h => (h.length / 2).toString(16).padStart(2, '0'); // below 128: one byte

test('statistics takes the middle of an odd and of an even number of values', () => {
  assert.deepEqual(statistics([3, 1, 2]), { n: 3, median: 2, min: 1, max: 3 });
  assert.deepEqual(statistics([4, 1, 2, 3]), { n: 4, median: 2.5, min: 1, max: 4 });
});

test('in a cycle of rounds each contender comes right after each other one equally often', () => {
  for (let n = 1; n <= 8; n++) {
    const after = new Map();
    for (let round = 0; round < cycle(n); round++) {
      const order = turns(n, round);
      assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i), `${n}, round ${round}`);
      for (let i = 1; i < n; i++) {
        const pair = `${order[i - 1]} ${order[i]}`;
        after.set(pair, (after.get(pair) ?? 0) + 1);
      }
    }
    assert.equal(after.size, n * (n - 1), `${n}: pairs`);
    assert.deepEqual([...new Set(after.values())], n === 1 ? [] : [cycle(n) / n], `${n}: how often`);
  }
});

test('the first call of a turn, which meets what another contender left, does not count', async () => {
  const took = [30, 0, 0];
  const times = await turn(async () => {
    const end = performance.now() + took.shift();
    while (performance.now() < end);
  }, 2, 1);
  assert.equal(took.length, 0);
  assert.equal(times.length, 2);
  assert.ok(Math.max(...times) < 30, String(times));
});

function scratch(t) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lodestone-bench-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

test('int8 weights are read with the scale of their row', t => {
  const header = Buffer.from(JSON.stringify({
    w: { dtype: 'I8', shape: [2, 2], data_offsets: [0, 4] },
    w_scale: { dtype: 'F32', shape: [2, 1], data_offsets: [4, 12] },
  }));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  const file = path.join(scratch(t), 'model.safetensors');
  fs.writeFileSync(file, Buffer.concat([size, header, Buffer.from(Int8Array.of(1, -2, 3, 127)), Buffer.from(Float32Array.of(0.5, 2).buffer)]));
  const w = readSafetensors(file).get('w');
  assert.deepEqual(w.shape, [2, 2]);
  assert.deepEqual([...w.data], [0.5, -1, 6, 254]);
});

test('the payload counts code and model apart, and not the bench itself', t => {
  const file = path.join(scratch(t), 'f');
  fs.writeFileSync(file, Buffer.alloc(1000));
  const sum = payload(['/dist/engine.wasm', '/models/bert/config.json', '/cold.mjs'].map(url => ({ url, file })));
  assert.equal(sum.code, 1000);
  assert.equal(sum.model, 1000);
  assert.ok(sum.codeGzip > 0 && sum.codeGzip < 100, `1000 zeros packed to ${sum.codeGzip}`);
});

test('the server serves its folders, isolated, and nothing above them', async t => {
  const dir = scratch(t);
  fs.mkdirSync(path.join(dir, 'in'));
  fs.writeFileSync(path.join(dir, 'in/a.wasm'), 'x');
  fs.writeFileSync(path.join(dir, 'secret'), 'x');
  const server = await serve({ '/in/': path.join(dir, 'in') });
  t.after(() => server.close());
  const answer = await fetch(`${server.origin}/in/a.wasm`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/wasm');
  assert.equal(answer.headers.get('cross-origin-embedder-policy'), 'require-corp');
  for (const url of ['/in/..%2fsecret', '/in/', '/secret']) assert.equal((await fetch(server.origin + url)).status, 404, url);
  assert.deepEqual(server.log.map(e => e.url), ['/in/a.wasm']);
});

test('blocks of 32 weights become nibbles: the largest is -8, the low one comes first', () => {
  const block = new Float32Array(32);
  block[0] = 2; // the largest in magnitude: scale 2/-8
  block[1] = -1.75;
  block[31] = 0.25;
  const { q, scales } = nibbles(block, 1, 32);
  assert.deepEqual([...scales], [-0.25]);
  assert.equal(q[0], 0 | (15 << 4)); // 2/-0.25 + 8 = 0; -1.75/-0.25 + 8 = 15
  assert.equal(q[1], 8 | (8 << 4)); // zeros
  assert.equal(q[15], 8 | (7 << 4)); // 0.25/-0.25 + 8 = 7
  assert.throws(() => nibbles(new Float32Array(48), 1, 48), /48 inputs are not blocks of 32/);
});

test('every word of the random models is another, and a row has as many ids as asked for', () => {
  assert.equal(new Set(WORDS).size, WORDS.length);
  const { ids, texts } = inputs(3, 16);
  assert.deepEqual(ids.map(row => row.length), [16, 16, 16]);
  assert.ok(ids.every(row => row[0] === 101 && row[15] === 102));
  assert.equal(texts[2].split(' ').length, 14);
});

test('a random model is the same every time, and is not written twice', t => {
  const dir = scratch(t);
  MODELS.tiny = { ...MODELS['minilm-l6'], num_hidden_layers: 1, hidden_size: 32, num_attention_heads: 2, intermediate_size: 64, vocab_size: 2000 };
  t.after(() => delete MODELS.tiny);
  const graphs = ['published', 'fused'].flatMap(form => ['fp32', 'q8', 'q4'].map(dtype => [dtype, form]));
  const file = path.join(writeModel(dir, 'tiny', graphs), 'model.safetensors');
  const first = fs.readFileSync(file), time = fs.statSync(file).mtimeMs;
  writeModel(dir, 'tiny', graphs);
  assert.equal(fs.statSync(file).mtimeMs, time);
  fs.rmSync(path.join(dir, 'tiny/done.json')); // as after an interrupted run
  writeModel(dir, 'tiny', graphs);
  assert.deepEqual(fs.readFileSync(file), first);
  const w = readSafetensors(file);
  assert.deepEqual(w.get('encoder.layer.0.intermediate.dense.weight').shape, [64, 32]);
  assert.ok(fs.statSync(path.join(dir, 'tiny/onnx-fused/model_q4.onnx')).size > 0);
});

test('the demo\'s model is written in f32 and as graphs, and is as long as its positions', t => {
  const folder = writeModel(scratch(t), 'prompt-magneto', [['fp32', 'published'], ['q4', 'fused']]);
  const w = readSafetensors(path.join(folder, 'model.safetensors'));
  assert.deepEqual(w.get('layers.0.ffn.fc1.weight').shape, [1024, 256]);
  assert.ok(fs.statSync(path.join(folder, 'onnx/model.onnx')).size > 29e6); // 7.4 million parameters of four bytes
  assert.ok(fs.statSync(path.join(folder, 'onnx-fused/model_q4.onnx')).size > 16e6); // of which the tables of tokens are 4.2
  assert.equal(longest(MODELS['prompt-magneto']), 128);
  assert.equal(multiplyAdds(MODELS['prompt-magneto'], 1, 16), 4 * 16 * (4 * 256 ** 2 + 2 * 256 * 1024 + 2 * 16 * 256));
});

test('the report sets the peer against ours of the same kind, dtype and threads', () => {
  const row = (kind, times) => ({ spec: { name: kind, kind, model: 'm', dtype: 'q8', threads: 1 }, times: { '1×16': times }, cosines: { '1×16': 0.9995 }, agree: {}, loop: { '1×16': 8 } });
  const text = shapesReport({ cpu: 'cpu', cores: 2, memory: 2 ** 34, system: 's', browser: 'b', node: 'n', versions: {}, commit: 'c', date: 'd', loadBefore: 0, loadAfter: 0,
    models: { m: { multiplyAdds: { '1×16': 4e9 } } }, loads: [], rows: [row('ours', [10, 20, 30]), row('ort', [30, 40, 50])] });
  assert.match(text, /\| ours \| q8 \| 1 \| 20\.0 \(10\.0\); 500 GMAC\/s \| 0\.99950 \|/); // 4e9 in 8 ms
  assert.match(text, /\| ort \| q8 \| 1 \| 40\.0 \(30\.0\); ×2\.00 \(×3\.00\) \| 0\.99950 \|/);
});
