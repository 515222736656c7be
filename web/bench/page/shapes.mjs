// Times calls of several contenders on known shapes. They take turns of a few calls, so
// that whatever else the machine does meets all of them alike.
import { open } from './shape-contenders.mjs';
import { cycle, turn, turns } from './turns.mjs';

const LOOP = 1000; // ms
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

/**
 * [{spec, error?, described?, times: {workload: [ms, …]}, outputs: {workload: cosines to the first spec's output},
 *   loop: {workload: ms, the shortest of calls without a rest}}, …]
 *
 * A workload gets as many rounds as fit into `budget` ms, at least `least`, at most `most`,
 * whole cycles of `turns` if there is time for one; a turn is of `calls` calls that count, of
 * one where there is no time for more. Before the first one all are called for `warm` ms. The first spec is the exact one; if it is `reference`, it is not timed.
 */
window.shapes = async ({ specs, workloads, budget, least, most, calls, gap, warm }) => {
  const results = [], live = [];
  for (const spec of specs) {
    const result = { spec, times: {}, cosines: {}, agree: {}, loop: {} };
    results.push(result);
    try {
      const began = performance.now();
      const contender = await open(spec);
      result.load = performance.now() - began;
      live.push({ spec, result, ...contender });
    } catch (e) {
      result.error = String(e?.message ?? e);
      console.log(`${spec.name}: ${result.error}`);
    }
  }
  // Until their WebAssembly is compiled for speed, which goes on in the background for seconds, contenders slow each other down.
  for (const began = performance.now(); performance.now() - began < warm;) {
    for (const c of live) if (!c.result.error) await c.call(workloads[0].work).catch(e => { c.result.error = String(e?.message ?? e); });
    await sleep(gap);
  }
  for (const { name, work } of workloads) {
    let total = 0, exact;
    const running = [];
    for (const c of live.filter(l => !l.result.error)) {
      try {
        const first = await c.call(work);
        exact ??= first;
        if (work.tokens) c.result.agree[name] = first.filter((t, i) => t === exact[i]).length / first.length;
        else if (first.length === exact.length) c.result.cosines[name] = cosine(first, exact);
        if (c.spec.reference) continue;
        await c.call(work);
        const began = performance.now();
        await c.call(work);
        total += performance.now() - began + gap;
        c.result.times[name] = [];
        running.push(c);
      } catch (e) {
        c.result.error = `${name}: ${String(e?.message ?? e)}`;
        console.log(`${c.spec.name}, ${c.result.error}`);
      }
    }
    const counted = (calls + 1) * total * least < budget ? calls : 1;
    const fit = Math.max(least, Math.min(most, Math.floor(budget / total / (counted + 1)))), whole = cycle(running.length);
    const rounds = fit > whole ? fit - fit % whole : fit;
    for (let round = 0; round < rounds; round++) {
      for (const c of turns(running.length, round).map(i => running[i])) c.result.times[name].push(...await turn(() => c.call(work), counted, gap));
    }
    // What the encoder itself takes: calls of one contender without a rest, whose caches stay warm.
    for (const c of running.filter(c => c.spec.kind === 'ours' && !work.tokens)) {
      let best = Infinity;
      for (const began = performance.now(); performance.now() - began < LOOP;) {
        const begin = performance.now();
        await c.call(work);
        best = Math.min(best, performance.now() - begin);
      }
      c.result.loop[name] = best;
    }
    console.log(`${name}: ${running.map(c => `${c.spec.name} ${Math.min(...c.result.times[name]).toFixed(1)}`).join(' · ')}`);
  }
  for (const c of live) {
    c.result.described = c.describe?.();
    await c.close();
  }
  return results;
};

function cosine(a, b) {
  let ab = 0, aa = 0, bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / Math.sqrt(aa * bb);
}

/** Opens one contender and calls it once: ms of both. */
window.first = async ({ spec, work }) => {
  const began = performance.now();
  const contender = await open(spec);
  const loaded = performance.now();
  await contender.call(work);
  return { load: loaded - began, first: performance.now() - loaded };
};

window.ready = true;
