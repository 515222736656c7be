// The module, its kernels and the demo in WebKitGTK: make webkit.
//
// Playwright drives a WebKit of its own only, which it downloads. This is the WebKit that
// Debian ships: MiniBrowser under plain WebDriver (driver.mjs), with the server and the
// pages of the other browser tests. Every process ends with this one (processes.mjs).
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openBrowser } from './driver.mjs';
import { killAll, needPrograms, start, within } from './processes.mjs';

/** How long everything may take, in ms: a browser that hangs does not hang who waits for it. */
const WHOLE = 90_000;
/** web/e2e/server, which make webkit builds. */
const SERVER = 'web/.build/e2e-server';

process.chdir(fileURLToPath(new URL('../../..', import.meta.url)));
const watchdog = setTimeout(() => stop(`not done after ${WHOLE / 1000} s; what ran has been ended`), WHOLE);
const golden = JSON.parse(readFileSync('models/promptbert/testdata/golden.json', 'utf8'));

let origin;
let browser;
try {
  needPrograms({ WebKitWebDriver: 'webkit2gtk-driver', Xvfb: 'xvfb' });
  for (const [file, target] of [['web/dist/engine.wasm.gz', 'build'], [SERVER, 'webkit']]) {
    if (!existsSync(file)) stop(`${file} is missing; run make ${target}`);
  }
  origin = await startServer();
  browser = await openBrowser();
} catch (e) {
  stop(e.message);
}

after(async () => {
  await browser.close().catch(() => {}); // it may have crashed
  killAll();
  clearTimeout(watchdog);
});

function stop(why) {
  killAll();
  console.error(why.startsWith('webkit: ') ? why : `webkit: ${why}`);
  process.exit(1);
}

/** The server of the other browser tests, on a port that is free. */
async function startServer() {
  const server = start(path.resolve(SERVER), ['-addr', '127.0.0.1:0']);
  const address = new Promise((resolve) => {
    server.child.stdout.on('data', () => {
      const found = /^e2e: (http:\/\/\S+)\/\n/m.exec(server.output());
      if (found) resolve(found[1]);
    });
  });
  return within(30_000, 'the server', server, address);
}

/** Opens an empty page that has the module (web/e2e/page/harness.js). */
async function openModule() {
  await browser.goto(`${origin}/e2e/`);
  await browser.waitFor('the module', 15_000, () => 'lodestone' in globalThis);
}

afterEach(async () => {
  const bad = await browser.evaluate(() => globalThis.violations ?? []);
  assert.deepEqual(bad, [], 'violations of the content security policy');
});

function cosine(a, b) {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    aa += a[i] ** 2;
    bb += b[i] ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}

test('every case of every kernel agrees with the reference', { timeout: 600_000 }, async () => {
  await browser.goto(`${origin}/e2e/kernels.html`);
  await browser.waitFor('the table of cases', 170_000, () => globalThis.__kerneltestEnded);
  const { failed, table } = await browser.evaluate(() => ({ failed: globalThis.__kerneltestFailed ?? '', table: globalThis.__kerneltest }));
  assert.equal(failed, '');
  assert.equal(table.error ?? '', '');
  assert.equal(table.backend, 'simd128');
  const results = JSON.parse(table.results);
  assert.equal(results.length, table.cases);
  assert.ok(results.length > 1000, `${results.length} cases: a table that is empty proves nothing`);
  assert.deepEqual(results.filter((r) => r.err !== '').slice(0, 20).map((r) => `${r.op} ${r.name}: ${r.err}`), []);
  assert.equal(table.failed, 0);
  const bounds = JSON.parse(table.bounds);
  assert.equal(bounds.length, 7); // as in kernels.spec.ts
  assert.deepEqual(bounds.filter((b) => b.err !== '').map((b) => b.err), []);
});

test('every architecture and family agrees with its golden vectors', { timeout: 240_000 }, async () => {
  await browser.goto(`${origin}/e2e/golden.html`);
  await browser.waitFor('the program', 15_000, () => '__goldenReady' in globalThis);
  for (const [below, weights, least] of [['', 'weights.safetensors', 39], ['families/', 'model.safetensors', 36]]) {
    const directories = readdirSync(`models/golden/testdata/${below}`, { withFileTypes: true })
      .filter((f) => f.isDirectory() && f.name !== 'families' && f.name !== 'make')
      .map((f) => below + f.name);
    assert.ok(directories.length >= least, `${directories.length} directories`);
    const reports = await browser.evaluate(async (directories, weights) => {
      await globalThis.__goldenReady;
      return globalThis.__goldenVerify(directories, weights, ['f32']);
    }, directories, weights);
    assert.equal(reports.length, directories.length);
    const wrong = reports.filter((r) => r.error !== '' || !r.outputs?.length || r.outputs.some((o) => !o.pass));
    assert.deepEqual(wrong.map((r) => `${r.directory}: ${r.error} ${JSON.stringify(r.outputs)}`), []);
  }
});

test('capabilities are what this browser has, and the reasons say so', { timeout: 120_000 }, async (t) => {
  await openModule();
  const r = await browser.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { threads: 4 });
    await embed('Guten Morgen');
    const handle = embed.capabilities();
    await embed.dispose();
    // (func (param v128 v128 v128) (result v128) … f32x4.relaxed_madd)
    const relaxed = WebAssembly.validate(Uint8Array.of(
      0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0,
      10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11));
    return { page: lodestone.capabilities(), handle, isolated: crossOriginIsolated, shared: typeof SharedArrayBuffer === 'function', gpu: 'gpu' in navigator, relaxed };
  });
  t.diagnostic(`${browser.name}: crossOriginIsolated ${r.isolated}, SharedArrayBuffer ${r.shared}, relaxed SIMD ${r.relaxed}, WebGPU ${r.gpu}`);
  for (const [of, c] of [['page', r.page], ['handle', r.handle]]) {
    assert.equal(c.crossOriginIsolated, r.isolated, of);
    assert.equal(c.sharedArrayBuffer, r.shared, of);
    // 2.50 says that the page is isolated, and has neither SharedArrayBuffer nor relaxed
    // SIMD. A later one may have them: then what is said below does not apply to it.
    if (!r.relaxed) assert.equal(c.kernels, 'simd128', of);
    if (!r.relaxed) assert.match(c.reasons.kernels, /relaxed/, of);
    if (!r.gpu) assert.equal(c.webgpu, false, of);
    if (!r.gpu) assert.match(c.reasons.webgpu, /^this browser has no WebGPU/, of);
    if (!r.shared) assert.equal(c.threads, 1, of);
    if (!r.shared) assert.match(c.reasons.threads, r.isolated ? /^one thread: .* no SharedArrayBuffer/ : /^one thread: .*cross-origin isolation/, of);
  }
});

test('sentence vectors have cosine 0.999 with the golden ones', { timeout: 160_000 }, async () => {
  await openModule();
  const r = await browser.evaluate(async (texts) => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL, { dtype: 'q8' });
    const t = await embed(texts, { pooling: 'prompt' });
    await embed.dispose();
    return { data: Array.from(t.data), dims: t.dims };
  }, golden.cases.map((c) => c.text));
  assert.deepEqual(r.dims, [golden.cases.length, 256]);
  for (const [i, c] of golden.cases.entries()) {
    const near = cosine(r.data.slice(256 * i, 256 * (i + 1)), c.embedding);
    assert.ok(near >= 0.999, `${JSON.stringify(c.text)}: ${near}`);
  }
});

test('a model takes what its tokenizer gives, and padding does not change states', { timeout: 120_000 }, async () => {
  await openModule();
  const r = await browser.evaluate(async () => {
    const tokenizer = await lodestone.AutoTokenizer.from_pretrained(lodestone.DEFAULT_MODEL);
    const model = await lodestone.AutoModel.from_pretrained(lodestone.DEFAULT_MODEL, { dtype: 'q8' });
    const texts = ['Guten Morgen', 'This sentence is quite a bit longer than the other.'];
    const both = await tokenizer(texts, { padding: true });
    const alone = await tokenizer(texts[0]);
    const { last_hidden_state: x } = await model(both);
    const { last_hidden_state: y } = await model(alone);
    let worst = 0;
    for (let i = 0; i < y.size; i++) worst = Math.max(worst, Math.abs(x.data[i] - y.data[i]));
    await tokenizer.dispose();
    await model.dispose();
    return { ids: both.input_ids.dims, both: x.dims, tokens: alone.input_ids.dims[1], alone: y.dims, worst, filled: x.data.some((v) => v !== 0), finite: x.data.every(Number.isFinite) };
  });
  assert.deepEqual(r.both, [2, r.ids[1], 256]);
  assert.deepEqual(r.alone, [1, r.tokens, 256]);
  assert.ok(r.ids[1] > r.tokens, 'nothing was padded');
  assert.ok(r.filled && r.finite);
  assert.ok(r.worst <= 1e-5, `the states differ by ${r.worst}`); // as in api.spec.ts
});

test('a model that is not there fails with the code of it, and the next loads', { timeout: 120_000 }, async () => {
  await openModule();
  const r = await browser.evaluate(async () => {
    const failed = await failure(lodestone.pipeline('feature-extraction', '/f/empty/'));
    const html = await failure(lodestone.pipeline('feature-extraction', '/f/html/'));
    const embed = await lodestone.pipeline('feature-extraction', '/f/verified/');
    const { dims } = await embed('Guten Morgen', { pooling: 'prompt' });
    const { verified } = embed;
    await embed.dispose();
    return { failed, html, dims, verified };
  });
  assert.equal(r.failed.isLodestone, true);
  assert.equal(r.failed.code, 'http_status');
  assert.match(r.failed.message, /status 404 for \/f\/empty\/config\.json/);
  assert.equal(r.html.code, 'html_instead_of_model');
  assert.deepEqual(r.dims, [1, 256]);
  assert.equal(r.verified, true); // the files are those of the manifest
});

test('abort ends a load', { timeout: 120_000 }, async () => {
  await openModule();
  const r = await browser.evaluate(async () => {
    const controller = new AbortController();
    let seen = 0;
    let began = 0;
    const failed = await failure(
      lodestone.pipeline('feature-extraction', '/f/slow/', {
        signal: controller.signal,
        progress_callback: (e) => {
          if (e.status === 'progress' && e.file === 'model.safetensors' && ++seen === 3) {
            began = performance.now();
            controller.abort();
          }
        },
      }),
    );
    return { failed, seen, took: performance.now() - began };
  });
  assert.equal(r.failed.code, 'aborted');
  assert.equal(r.seen, 3); // and no progress after it
  assert.ok(r.took < 100, `${r.took} ms`); // as in errors.spec.ts
});

test('abort ends a run, and the handle works afterwards', { timeout: 160_000 }, async (t) => {
  await openModule();
  const r = await browser.evaluate(async () => {
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const texts = Array.from({ length: 4000 }, (_, i) => `Sentence number ${i} is about the weather in the north of the country and about nothing else.`);
    const begin = performance.now();
    await embed(texts.slice(0, 100));
    const would = (performance.now() - begin) * 40;
    const controller = new AbortController();
    const run = failure(embed(texts, { signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const began = performance.now();
    controller.abort();
    const failed = await run;
    const rejected = performance.now() - began;
    const { dims } = await embed('hello', { pooling: 'prompt' }); // answered once the worker has stopped
    const stopped = performance.now() - began;
    await embed.dispose();
    return { failed, would, rejected, stopped, dims };
  });
  t.diagnostic(`rejected after ${r.rejected.toFixed(0)} ms, worker free after ${r.stopped.toFixed(0)} ms, of a run of ${r.would.toFixed(0)} ms`);
  assert.equal(r.failed.code, 'aborted');
  assert.ok(r.would > 2000, `a run of ${r.would} ms: there was nothing to abort`);
  assert.ok(r.rejected < 100, `rejected after ${r.rejected} ms`);
  // The call that answers is included, and a machine that is busy with something else.
  assert.ok(r.stopped < r.would / 4, `the worker was free after ${r.stopped} ms`);
  assert.deepEqual(r.dims, [1, 256]);
});

test('dispose rejects what was pending and what comes after', { timeout: 120_000 }, async () => {
  await openModule();
  const codes = await browser.evaluate(async () => {
    const ended = [];
    const terminate = Worker.prototype.terminate;
    Worker.prototype.terminate = function () {
      ended.push('terminated');
      return terminate.call(this);
    };
    const embed = await lodestone.pipeline('feature-extraction', lodestone.DEFAULT_MODEL);
    const pending = [failure(embed(Array.from({ length: 500 }, () => 'a long list'))), failure(embed('queued'))];
    await embed.dispose();
    await embed.dispose(); // twice does no harm
    const failures = [...(await Promise.all(pending)), await failure(embed('late')), await failure(embed.memory())];
    Worker.prototype.terminate = terminate;
    return [...failures.map((f) => f.code), ...new Set(ended)];
  });
  assert.deepEqual(codes, ['disposed', 'disposed', 'disposed', 'disposed', 'terminated']);
});

test('the demo loads, and answers a query that is typed', { timeout: 240_000 }, async () => {
  await browser.goto(`${origin}/`);
  const facts = await browser.waitFor('the sentences', 45_000, () => {
    const text = document.querySelector('#facts')?.textContent ?? '';
    return text.includes('240 sentences embedded') && text;
  });
  assert.match(facts, /(simd|relaxed)[\w-]*, \d+ thread/);
  await browser.type('#query', 'Ich will Geld sparen');
  // While it is typed, results come for what is there already.
  const meant = ['Ich spare Geld für ein Auto.', "I'm saving money for a car.", "J'épargne pour une voiture."];
  const hits = await browser.waitFor(
    'the results',
    15_000,
    (meant) => {
      const texts = [...document.querySelectorAll('#hits .hit-text')].map((e) => e.textContent.trim());
      return meant.every((m) => texts.includes(m)) && texts;
    },
    meant,
  );
  assert.equal(hits.length, 9);
  assert.equal(await browser.evaluate(() => document.querySelectorAll('.alert').length), 0);
});

test('the demo translates a sentence with a model that is loaded on demand', { timeout: 240_000 }, async () => {
  await browser.goto(`${origin}/#/translate`);
  await browser.waitFor('the button', 45_000, () => {
    const button = document.querySelector('#load-translator');
    if (!button?.textContent.match(/[0-9.]+ MB$/)) return false;
    button.click();
    return true;
  });
  await browser.type('#translate-text', 'Wo ist der Bahnhof?');
  const text = await browser.waitFor('the translation', 30_000, () => {
    const done = document.querySelector('#translate-status')?.textContent.startsWith('1 sentence,');
    return done && document.querySelector('#translation').textContent;
  });
  assert.match(text, /station/i);
  assert.equal(await browser.evaluate(() => document.querySelectorAll('.alert').length), 0);
});
