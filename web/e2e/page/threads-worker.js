// The kernels on several threads, without the engine: the table of cases, and whether
// results are those of one thread to the last bit.
import '/test/wasm_exec.js';
import { kernelImports } from '/test/imports.mjs';
import { webgpuImports } from '/test/webgpu/imports.mjs';

const tasks = { table, bits, stolen, rates, failure };

onmessage = async ({ data: { task, variant, threads, ...options } }) => {
  try {
    postMessage({ value: await tasks[task](await start(variant, task === 'stolen' ? 1 : threads), threads, options) });
  } catch (e) {
    postMessage({ error: String(e) });
  }
};

// The forms of relaxed-shared.wasm, as in kernels.js: the first that computes rightly.
const forms = { relaxed: [1], fused: [2], fused8: [3, 4] };

/** The caller's instance of a kernel module; its threads have entered when it resolves. */
async function start(variant, threads) {
  const memory = new WebAssembly.Memory({ initial: 12, maximum: 65536, shared: true });
  const module = await WebAssembly.compileStreaming(fetch(`/test/${forms[variant] ? 'relaxed' : variant}-shared.wasm`));
  const kernels = (await WebAssembly.instantiate(module, { env: { memory } })).exports;
  const wrong = [];
  for (const form of forms[variant] ?? [0]) {
    if (form) kernels.form(form);
    wrong.push(kernels.selftest());
    if (wrong.at(-1) === 0) break;
  }
  if (wrong.at(-1) !== 0) throw new Error(`self-test ${wrong.join()}`);
  const workers = await Promise.all(
    Array.from({ length: threads - 1 }, (_, i) => {
      const worker = new Worker('/worker.js', { type: 'module' });
      const ready = new Promise((resolve, reject) => {
        worker.onmessage = () => resolve(worker);
        worker.onerror = (e) => reject(new Error(e.message));
      });
      worker.postMessage({ type: 'start-thread', module, memory, index: i + 1 });
      return ready;
    }),
  );
  for (const worker of workers) worker.postMessage('go');
  while (kernels.thread_count() < threads) await new Promise((resolve) => setTimeout(resolve, 1));
  kernels.set_threads(threads, 0); // however small a call is
  if (kernels.threads() !== threads) throw new Error(`${kernels.threads()} threads, not ${threads}`);
  return kernels;
}

/** The table of wasm/kerneltest, or random calls. */
async function table(kernels, threads, { random }) {
  globalThis.__kerneltestRandom = random;
  const go = new Go();
  const program = await WebAssembly.instantiateStreaming(fetch('/test/kerneltest.wasm'), { ...go.importObject, kernels: kernelImports(kernels, go), webgpu: webgpuImports(go, () => null) });
  await go.run(program.instance);
  return { ...globalThis.__kerneltest, shared: kernels.thread_tiles() };
}

/** A source of numbers that are the same in every run. */
function random(seed) {
  let s = seed >>> 0 || 1;
  const next = () => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) / 2 ** 32;
  };
  return { next, int: (from, to) => from + Math.floor(next() * (to - from + 1)) };
}

/** Places data in the kernels' memory. */
function arena(kernels) {
  let top = (kernels.base() + 127) & ~63;
  const take = (bytes) => {
    const at = top;
    top += (bytes + 191) & ~63;
    const pages = Math.ceil((top + 64) / 65536) - kernels.size();
    if (pages > 0 && kernels.grow(pages) < 0) throw new Error('no memory');
    return at;
  };
  const floats = (r, n, scale = 2) => {
    const at = take(4 * n);
    const v = new Float32Array(kernels.memory.buffer, at, n);
    for (let i = 0; i < n; i++) v[i] = (r.next() - 0.5) * scale;
    return at;
  };
  const bytes = (r, n) => {
    const at = take(n);
    const v = new Uint8Array(kernels.memory.buffer, at, n);
    for (let i = 0; i < n; i++) v[i] = r.next() * 256;
    return at;
  };
  return { take, floats, bytes, reset: () => (top = (kernels.base() + 127) & ~63) };
}

/**
 * As bits, of layers, where the other thread only takes tiles and holds them, like one
 * that the system does not run any more.
 */
async function stolen(kernels, _, { rounds }) {
  const words = new Int32Array(kernels.memory.buffer);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  // The first thread's hold: half a page before what is free; see kernels/simd/gen/threads.go.
  const hold = (kernels.base() - (1 << 15)) / 4;
  const thief = new Worker('/e2e/thief.js');
  await new Promise((resolve) => {
    thief.onmessage = resolve;
    thief.postMessage({ words, ticket: kernels.thread_ticket() / 4, hold, stop });
  });
  kernels.thread_ready();
  kernels.set_threads(2, 0);
  const r = bits(kernels, 2, { rounds, only: /^linear/ });
  Atomics.store(stop, 0, 1);
  return { ...r, held: Atomics.load(words, hold) };
}

/** Random calls of every operation that is shared; returns those whose bits depend on the number of threads. */
function bits(kernels, threads, { rounds, only = /./ }) {
  const memory = arena(kernels);
  const wrong = [];
  const plain = kernels.variant() === 0;
  const levels = [4095, 127, 127, 255][kernels.variant()];
  const calls = {
    linear_f32(r) {
      const [m, k, n] = [r.int(1, 70), r.int(1, 130), r.int(1, 300)];
      const c = layer(r, m, k, n);
      const w = memory.take(4 * (n + 16) * k);
      kernels.pack_f32(w, memory.floats(r, n * k), n, k);
      return { ...c, run: (y) => kernels.linear_f32(y, c.ld, c.x, k + 3, w, c.bias, c.res ?? y, c.ld, m, k, n, c.act, 1.5) };
    },
    linear_f16(r) {
      const [m, k, n] = [r.int(1, r.int(0, 1) ? 3 : 70), r.int(1, 400), r.int(1, 300)];
      const c = layer(r, m, k, n);
      const w = memory.take(2 * (n + 16) * (k + 1));
      const src = memory.bytes(r, 2 * n * k);
      const halves = new Uint16Array(kernels.memory.buffer, src, n * k);
      for (let i = 0; i < halves.length; i++) halves[i] &= 0xbbff; // finite, below 1
      kernels.pack_f16(w, src, n, k);
      const scratch = memory.take(1 << 15);
      return { ...c, run: (y) => kernels.linear_f16(y, c.ld, c.x, k + 3, w, c.bias, c.res ?? y, c.ld, m, k, n, c.act, 1.5, scratch) };
    },
    linear_q8(r) {
      const [m, k, n] = [r.int(1, 70), r.int(1, 200), r.int(1, 300)];
      const c = layer(r, m, k, n);
      const w = memory.take((n + 16) * (k + 64));
      kernels.pack_q8(w, memory.bytes(r, n * k), n, k);
      const scratch = memory.take(4 * m * (k + 64));
      const ws = memory.floats(r, n, 0.01);
      return { ...c, run: (y) => kernels.linear_q8(y, c.ld, c.x, k + 3, w, ws, c.bias, c.res ?? y, c.ld, m, k, n, c.act, 1.5, levels, scratch) };
    },
    linear_q4(r) {
      const [m, k, n] = [r.int(1, 70), 8 * r.int(1, 25), r.int(1, 300)];
      const c = layer(r, m, k, n);
      const blocks = Math.ceil(k / 32);
      const w = memory.take(320 * blocks * Math.ceil(n / 16));
      kernels.pack_q4(w, memory.bytes(r, (n * k) / 2), memory.floats(r, n * blocks, 0.01), n, k);
      const scratch = memory.take(m * (blocks * 68 + 4));
      return { ...c, run: (y) => kernels.linear_q4(y, c.ld, c.x, k + 3, w, c.bias, c.res ?? y, c.ld, m, k, n, c.act, 1.5, plain ? 32767 : 127, scratch) };
    },
    attention(r) {
      const group = r.int(1, 3); // heads that share keys and values
      const [tq, tk, heads, h] = [r.int(1, 150), r.int(1, 150), group * r.int(1, 4), r.int(1, 40)];
      const ld = heads * h + r.int(0, 3);
      const [q, k, v] = [memory.floats(r, tq * ld), memory.floats(r, tk * ld), memory.floats(r, tk * ld)];
      const keep = r.int(0, 1) ? memory.bytes(r, tk) : 0;
      const mask = r.int(0, 1) ? memory.floats(r, tq * tk) : 0;
      const ldrel = tq + tk;
      memory.take(64); // a load may begin before the bias
      const rel = r.int(0, 1) ? memory.floats(r, heads * ldrel) : 0;
      const causal = r.int(0, 1) ? tk : r.int(0, 5);
      const scratch = memory.take(Math.max(1 << 16, 16 * (tk + 4)));
      const run = (y) => kernels.attention(y, ld, q, ld, k, v, ld, tq, tk, heads, group, h, 0.3, keep, mask, tk, rel, ldrel, tq - 1, causal, scratch);
      return { name: `tq=${tq} tk=${tk} heads=${heads}/${group} h=${h}`, out: tq * ld, run };
    },
    layer_norm(r) {
      const [n, d] = [r.int(1, 80), r.int(1, 90)];
      const [x, w, b] = [memory.floats(r, n * d), memory.floats(r, d), memory.floats(r, d)];
      return { name: `n=${n} d=${d}`, out: n * d, run: (y) => kernels.layer_norm(y, x, w, b, n, d, 1e-5) };
    },
    rms_norm(r) {
      const [n, d] = [r.int(1, 80), r.int(1, 90)];
      const [x, w] = [memory.floats(r, n * d), memory.floats(r, d)];
      return { name: `n=${n} d=${d}`, out: n * d, run: (y) => kernels.rms_norm(y, x, w, n, d, 1e-5) };
    },
    activate(r) {
      const n = r.int(1, 20_000);
      const x = memory.floats(r, n, 8);
      const act = r.int(0, 3);
      return { name: `n=${n}`, out: n, run: (y) => kernels.activate(y, x, n, act) };
    },
    add(r) {
      const n = r.int(1, 20_000);
      const [a, b] = [memory.floats(r, n), memory.floats(r, n)];
      return { name: `n=${n}`, out: n, run: (y) => kernels.add(y, a, b, n, 0.7) };
    },
    gate(r) {
      const n = r.int(1, 20_000);
      const [a, b] = [memory.floats(r, n, 8), memory.floats(r, n)];
      const act = r.int(0, 4);
      return { name: `n=${n}`, out: n, run: (y) => kernels.gate(y, a, b, n, act) };
    },
  };
  function layer(r, m, k, n) {
    const ld = n + r.int(0, 5);
    const bias = r.int(0, 1) ? memory.floats(r, n) : 0;
    // The residual is in a matrix of its own, in the output, or not there.
    const res = [memory.floats(r, m * ld), null, 0][r.int(0, 2)];
    return { name: `m=${m} k=${k} n=${n}`, ld, out: m * ld, bias, res, act: r.int(0, 3), x: memory.floats(r, m * (k + 3)) };
  }
  let checked = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [op, prepare] of Object.entries(calls)) {
      if (!only.test(op)) continue;
      const r = random(round * 7919 + op.length * 104729 + 1);
      memory.reset();
      const call = prepare(r);
      const size = 4 * call.out + 128;
      const y = memory.take(size) + 64; // with a guard band at either side
      const result = (n) => {
        new Uint8Array(kernels.memory.buffer, y - 64, size).fill(0x3e);
        kernels.set_threads(n, 0);
        call.run(y);
        return new Uint8Array(kernels.memory.buffer, y - 64, size).slice();
      };
      const one = result(1);
      const many = result(threads);
      checked++;
      const at = one.findIndex((b, i) => b !== many[i]);
      if (at >= 0) wrong.push(`${op} ${call.name}: byte ${at - 64} of ${4 * call.out}`);
      const band = [...many.subarray(0, 64), ...many.subarray(size - 64)];
      if (band.some((b) => b !== 0x3e)) wrong.push(`${op} ${call.name}: the guard band was changed`);
    }
  }
  return { checked, wrong, shared: kernels.thread_tiles(), taken: kernels.thread_taken() };
}

/** GMAC/s of a layer with one thread and with all, the best of some rounds in turn. */
function rates(kernels, threads, { op, m, k, n, rounds, least }) {
  const memory = arena(kernels);
  const r = random(1);
  const x = memory.floats(r, m * k);
  const y = memory.take(4 * m * n);
  const ws = memory.floats(r, n, 0.01);
  const w = memory.take(4 * (n + 16) * (k + 64));
  const scratch = memory.take(8 * m * (k + 64));
  if (op === 'q8') kernels.pack_q8(w, memory.bytes(r, n * k), n, k);
  else kernels.pack_f32(w, memory.floats(r, n * k), n, k);
  const levels = kernels.variant() === 0 ? 4095 : 127;
  const call = () =>
    op === 'q8'
      ? kernels.linear_q8(y, n, x, k, w, ws, 0, 0, 0, m, k, n, 0, 0, levels, scratch)
      : kernels.linear_f32(y, n, x, k, w, 0, 0, 0, m, k, n, 0, 0);
  const calls = Math.max(1, Math.round(5e-3 / ((m * k * n) / 40e9)));
  const best = { one: 0, many: 0 };
  for (let round = 0; round < rounds; round++) {
    for (const [name, t] of [['one', 1], ['many', threads]]) {
      kernels.set_threads(t, least ?? 1 << 17);
      call();
      const began = performance.now();
      for (let i = 0; i < calls; i++) call();
      best[name] = Math.max(best[name], (m * k * n * calls) / (performance.now() - began) / 1e6);
    }
  }
  return { ...best, late: kernels.thread_late() };
}

/** A tile that traps, on whatever thread: the caller traps too, instead of waiting. */
function failure(kernels) {
  let error = '';
  const far = kernels.size() * 65536 - 4096;
  try {
    for (let i = 0; i < 50 && error === ''; i++) kernels.activate(far, far, 1 << 20, 0);
  } catch (e) {
    error = e instanceof WebAssembly.RuntimeError ? 'trapped' : String(e);
  }
  return error;
}
