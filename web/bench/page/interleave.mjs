// Times calls of several contenders in one page. They take turns of a few calls, so that
// whatever else the machine does meets all of them alike.
import { open } from './contenders.mjs';
import { turn, turns } from './turns.mjs';

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

/** milliseconds of each call, by contender and workload: times[i][workload] = [ms, …] */
window.interleave = async ({ specs, workloads, rounds, calls, gap, warm }) => {
  const contenders = [];
  for (const spec of specs) contenders.push(await open(spec));
  const times = specs.map(() => ({}));
  const vectors = specs.map(() => ({}));
  // Until their WebAssembly is compiled for speed, which goes on in the background for seconds, contenders slow each other down.
  for (const began = performance.now(); performance.now() - began < warm; await sleep(gap)) for (const c of contenders) await c.call(workloads[0].work);
  for (const { name, work } of workloads) {
    for (const [i, c] of contenders.entries()) {
      times[i][name] = [];
      for (let warm = 0; warm < 10; warm++) vectors[i][name] = Array.from(await c.call(work));
    }
    for (let round = 0; round < rounds; round++) {
      for (const i of turns(contenders.length, round)) times[i][name].push(...await turn(() => contenders[i].call(work), calls, gap));
    }
    if (rounds) console.log(`${name}: ${specs.map((s, i) => `${s.name} ${median(times[i][name]).toFixed(2)}`).join(' · ')}`);
  }
  for (const c of contenders) await c.close();
  return { times, vectors };
};

function median(values) {
  const s = [...values].sort((a, b) => a - b);
  return (s[(s.length - 1) >> 1] + s[s.length >> 1]) / 2;
}

window.ready = true;
