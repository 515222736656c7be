// node --test kernels/simd/choose.test.mjs
//
// The choice among instances with given answers. The real modules run the self-test in every
// browser test of the kernels.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { chooseKernels, relaxedSupported, simdSupported } from './choose.mjs';

// (module (func (result v128) v128.const 0 v128.const 0 i16x8.relaxed_dot_i8x16_i7x16_s))
const RELAXED = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 43, 1, 41, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 253, 12, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 253, 146, 2, 11,
]);

/** A clock that advances by 5 µs when it is read, and when a trial takes time. */
let time = 0;
const clock = () => (time += 0.005);

/** A relaxed module whose self-tests return wrong[form] and whose trials take cost[form] milliseconds. */
function relaxed({ wrong = {}, cost = {} }) {
  wrong = { 3: 1, 4: 1, ...wrong }; // few processors are exact for eight bits
  let form = 1;
  return {
    form: (f) => void (form = f),
    variant: () => Math.min(form, 3),
    selftest: () => wrong[form] ?? 0,
    trial: () => void (time += cost[form] ?? 0.2),
  };
}
const plain = (wrong = 0) => ({ variant: () => 0, selftest: () => wrong });

/** Runs the choice in an engine with these instances. */
async function choose(t, { supported = true, fast, safe = plain() }, force, last) {
  t.mock.method(WebAssembly, 'validate', () => supported);
  t.mock.method(WebAssembly, 'instantiate', async (file) => ({ exports: file === 'relaxed.wasm' ? fast : safe }));
  return chooseKernels(async (file) => file, force, {}, last, clock);
}

test('the faster form is chosen and set', async (t) => {
  for (const [cost, name] of [
    [{ 1: 0.6, 2: 0.2 }, 'fused'],
    [{ 1: 0.2, 2: 0.6 }, 'relaxed'],
  ]) {
    const r = await choose(t, { fast: relaxed({ cost }) });
    assert.equal(r.name, name);
    assert.equal(r.exports.variant(), name === 'fused' ? 2 : 1);
    assert.equal(r.reason, '');
  }
});

test('a form that the engine optimises later than the other is not taken for the slower one', async (t) => {
  for (const [late, name] of [
    [1, 'relaxed'],
    [2, 'fused'],
  ]) {
    const fast = relaxed({ cost: { 1: 0.5, 2: 0.5, [late]: 0.3 } });
    let form = 1;
    let slow = 5; // rounds until it is optimised
    const trial = () => {
      if (form !== late || slow-- <= 0) return fast.trial();
      time += 4;
    };
    const set = (f) => {
      form = f;
      fast.form(f);
    };
    const r = await choose(t, { fast: { ...fast, form: set, trial } });
    assert.equal(r.name, name);
  }
});

test('a form that computes wrongly is not chosen, however fast', async (t) => {
  const r = await choose(t, { fast: relaxed({ wrong: { 2: 1 }, cost: { 1: 1, 2: 0 } }) });
  assert.equal(r.name, 'relaxed');
  assert.equal(r.exports.variant(), 1);
  assert.match(r.reason, /fused form wrongly/);
});

test('eight bits are chosen where the processor is exact for them, signed or unsigned, and the fused form is fast', async (t) => {
  for (const [form, other] of [[3, 4], [4, 3]]) {
    const wrong = { [form]: 0, [other]: 1 };
    const fast = relaxed({ wrong, cost: { 1: 0.6 } });
    const r = await choose(t, { fast });
    assert.equal(r.name, 'fused8');
    assert.equal(r.exports.variant(), 3);
    assert.equal(r.exports.selftest(), 0); // of the form that was set
    assert.equal((await choose(t, { fast: relaxed({ wrong, cost: { [form]: 0.6 } }) })).name, 'relaxed');
    assert.equal((await choose(t, { fast }, 'fused8')).name, 'fused8');
    assert.equal((await choose(t, { fast }, 'fused')).name, 'fused');
  }
  await assert.rejects(choose(t, { fast: relaxed({}) }, 'fused8'), /fused8 cannot run/);
});

test('the fastest form of an earlier visit is not timed again, if it still computes correctly', async (t) => {
  const cost = { 1: 0.6, 2: 0.2 };
  assert.equal((await choose(t, { fast: relaxed({ cost }) })).timed, true);
  let trials = 0;
  const fast = relaxed({ cost });
  const r = await choose(t, { fast: { ...fast, trial: () => trials++ } }, undefined, 'relaxed');
  assert.deepEqual([r.name, r.exports.variant(), r.reason, r.timed, trials], ['relaxed', 1, 'remembered from an earlier visit', false, 0]);
  const wide = await choose(t, { fast: relaxed({ wrong: { 4: 0 } }) }, undefined, 'fused8');
  assert.deepEqual([wide.name, wide.exports.selftest()], ['fused8', 0]);
  // Wrong now, unknown, of another browser, or not the forced one.
  assert.equal((await choose(t, { fast: relaxed({ wrong: { 2: 5 } }) }, undefined, 'fused')).name, 'relaxed');
  assert.equal((await choose(t, { fast: relaxed({ cost }) }, undefined, 'simd129')).name, 'fused');
  assert.equal((await choose(t, { supported: false }, undefined, 'fused')).name, 'simd128');
  assert.equal((await choose(t, { fast: relaxed({ cost }) }, 'fused', 'relaxed')).name, 'fused');
});

test('the plain module runs where both forms are wrong', async (t) => {
  const r = await choose(t, { fast: relaxed({ wrong: { 1: 1, 2: 9 } }) });
  assert.equal(r.name, 'simd128');
  assert.match(r.reason, /computes wrongly/);
});

test('an engine without relaxed SIMD never loads the relaxed module', async (t) => {
  const r = await choose(t, { supported: false, fast: undefined });
  assert.equal(r.name, 'simd128');
  assert.match(r.reason, /no relaxed SIMD/);
});

test('a forced variant runs, or the error has the reason', async (t) => {
  for (const name of ['simd128', 'relaxed', 'fused']) {
    assert.equal((await choose(t, { fast: relaxed({ cost: { 1: 0.4 } }) }, name)).name, name);
  }
  await assert.rejects(choose(t, { fast: relaxed({ wrong: { 2: 4 } }) }, 'fused'), /fused cannot run: this browser's relaxed SIMD computes it wrongly/);
  await assert.rejects(choose(t, { fast: relaxed({}) }, 'fused8'), /fused8 cannot run: .* computes it wrongly/);
  await assert.rejects(choose(t, { supported: false }, 'relaxed'), /no relaxed SIMD/);
});

test('the probes are modules with one instruction that an engine compiles or does not', (t) => {
  assert.equal(simdSupported(), true); // Node.js has it since version 16
  assert.equal(relaxedSupported(), WebAssembly.validate(RELAXED));
  let bytes;
  t.mock.method(WebAssembly, 'validate', (module) => ((bytes = module), false));
  assert.deepEqual([simdSupported(), [...bytes.slice(-4)]], [false, [15, 253, 98, 11]]); // i8x16.splat, i8x16.popcnt, end
  assert.deepEqual([relaxedSupported(), [...bytes]], [false, [...RELAXED]]);
});

test('plain SIMD that computes wrongly is an error', async (t) => {
  await assert.rejects(choose(t, { supported: false, safe: plain(3) }), /self-test 3/);
});

test('the plain module itself passes here', async () => {
  const compile = async (file) => WebAssembly.compile(await readFile(new URL(file, import.meta.url)));
  const r = await chooseKernels(compile, 'simd128');
  assert.equal(r.exports.variant(), 0);
});
