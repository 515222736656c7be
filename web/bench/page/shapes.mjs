// Times calls of several contenders on known shapes. They take turns call by call,
// and the one that begins changes from round to round, so that whatever else the
// machine does meets all of them alike.
import { open } from './shape-contenders.mjs';

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

/**
 * [{spec, error?, described?, times: {workload: [ms, …]}, outputs: {workload: cosines to the first spec's output}}, …]
 *
 * A workload gets as many rounds as fit into `budget` ms, at least `least`, at most
 * `most`; before the first one all are called for `warm` ms. The first spec is the exact one; if it is `reference`, it is not timed.
 */
window.shapes = async ({ specs, workloads, budget, least, most, gap, warm }) => {
  const results = [], live = [];
  for (const spec of specs) {
    const result = { spec, times: {}, cosines: {}, agree: {} };
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
    const rounds = Math.max(least, Math.min(most, Math.floor(budget / total)));
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < running.length; turn++) {
        const c = running[(turn + round) % running.length];
        await sleep(gap);
        const began = performance.now();
        await c.call(work);
        c.result.times[name].push(performance.now() - began);
      }
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
