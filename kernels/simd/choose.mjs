// Chooses the kernel module, and the form of it, that an engine runs best. A page's worker
// calls
//
//	const { module, exports, name, reason, timed } = await chooseKernels(compile, force, imports, last, now);
//
// compile(file) resolves to the compiled module relaxed.wasm or simd128.wasm, or to the
// shared form of it whose memory is imports.env.memory. force is 'simd128', 'relaxed',
// 'fused' or 'fused8', for tests. exports are those of the chosen instance; its memory holds
// no data yet. reason explains why a better form does not run, or is empty. 'fused8' is the
// fused form with activations of 8 bits, where the processor's instruction is exact for
// them: same speed, higher accuracy.
//
// The choice depends first on what the engine compiles, then on what it computes (selftest,
// known answers: engines have shipped wrong relaxed SIMD), then on speed (trial). last is
// the name that an earlier visit found fastest, if any: if it still computes correctly it
// is taken without timing. timed reports whether several forms were timed. now reads the
// clock in milliseconds; tests pass their own.

const VARIANTS = ['simd128', 'relaxed', 'fused', 'fused8', 'fused8']; // by the number that form() takes

/** Whether the engine compiles WebAssembly with fixed-width SIMD. */
export function simdSupported() {
  // (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt))
  return validates([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);
}

/** Whether the engine compiles WebAssembly with relaxed SIMD. */
export function relaxedSupported() {
  // (module (func (result v128) v128.const 0 v128.const 0 i16x8.relaxed_dot_i8x16_i7x16_s))
  const zero = [253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  return validates([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 43, 1, 41, 0, ...zero, ...zero, 253, 146, 2, 11]);
}

function validates(module) {
  return typeof WebAssembly === 'object' && WebAssembly.validate(Uint8Array.from(module));
}

export async function chooseKernels(compile, force, imports = {}, last = undefined, now = () => performance.now()) {
  let reason = '';
  if (force !== 'simd128') {
    if (!relaxedSupported()) {
      reason = 'this browser has no relaxed SIMD';
    } else {
      const module = await compile('relaxed.wasm');
      const { exports } = await WebAssembly.instantiate(module, imports);
      for (let f = 1; !force && f < VARIANTS.length; f++) {
        if (VARIANTS[f] !== last) continue;
        exports.form(f);
        if (exports.selftest() === 0) return { module, exports, name: last, reason: 'remembered from an earlier visit', timed: false };
      }
      const forms = [1, 2, 3, 4].filter((f) => {
        exports.form(f);
        return exports.selftest() === 0;
      });
      const wide = forms.find((f) => f > 2); // signed or unsigned: no processor has both
      // A form with eight bits is as fast as the one with seven, and replaces it.
      const usable = force ? forms.filter((f) => VARIANTS[f] === force) : forms.filter((f) => f === 1 || f === (wide ?? 2));
      if (usable.length > 0) {
        const form = usable.length > 1 ? faster(exports, usable, now) : usable[0];
        exports.form(form);
        const wrong = [1, 2].find((f) => !forms.includes(f));
        if (wrong !== undefined) reason = `this browser computes the ${VARIANTS[wrong]} form wrongly`;
        return { module, exports, name: VARIANTS[form], reason, timed: usable.length > 1 };
      }
      reason = `this browser's relaxed SIMD computes ${force ? 'it ' : ''}wrongly`;
    }
    if (force) throw new Error(`kernels: ${force} cannot run: ${reason}`);
  }
  const module = await compile('simd128.wasm');
  const { exports } = await WebAssembly.instantiate(module, imports);
  const wrong = exports.selftest();
  if (wrong !== 0) throw new Error(`kernels: this browser's WebAssembly SIMD computes wrongly (self-test ${wrong})`);
  return { module, exports, name: 'simd128', reason, timed: false };
}

/** The resolution of the clock, in milliseconds. */
function resolution(now) {
  const next = () => {
    const before = now();
    let after;
    do after = now();
    while (after === before);
    return after;
  };
  const start = next();
  return next() - start;
}

/** The largest ratio of two forms' times that a processor can cause. */
const FAR = 2;

/**
 * The form with the shortest round. Rounds alternate and the best round counts, because
 * engines compile in tiers and other programs take processor time. A round takes about a
 * millisecond, the whole about ten. The first form wins unless another is clearly faster.
 * If one form appears more than FAR times as fast as another, the engine has not optimised
 * the slower one's code yet, and timing continues for up to 0.2 seconds.
 */
function faster(exports, forms, now) {
  const best = forms.map(() => Infinity);
  const calls = resolution(now) > 0.3 ? 600 : 120; // several ticks of a coarse clock
  const began = now();
  let rounds = 0;
  let spent = 0;
  do {
    forms.forEach((form, i) => {
      exports.form(form);
      const t = now();
      exports.trial(calls);
      best[i] = Math.min(best[i], now() - t);
    });
    spent = now() - began;
  } while (++rounds < 4 || (spent < 12 && rounds < 40) || (spent < 200 && Math.max(...best) > FAR * Math.min(...best)));
  let choice = 0;
  for (let i = 1; i < forms.length; i++) if (best[i] < 0.97 * best[choice]) choice = i;
  return forms[choice];
}
