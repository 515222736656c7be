// Numbers to text.
import fs from 'node:fs';
import zlib from 'node:zlib';

/** n, median, smallest and largest of values, which may be empty. */
export function statistics(values) {
  const s = [...values].sort((a, b) => a - b);
  return { n: s.length, median: (s[(s.length - 1) >> 1] + s[s.length >> 1]) / 2, min: s[0], max: s.at(-1) };
}

/** Bytes that a first visit reads, without the bench's own pages: code (gzip -9) and model. */
export function payload(files) {
  const sum = { code: 0, codeGzip: 0, model: 0, modelGzip: 0 };
  for (const { url, file } of files) {
    const kind = /^\/(ours-model|models)\//.test(url) ? 'model' : /^\/(dist|node_modules|transformers-runtime)\//.test(url) ? 'code' : null;
    if (!kind) continue;
    const bytes = fs.readFileSync(file);
    sum[kind] += bytes.length;
    sum[`${kind}Gzip`] += zlib.gzipSync(bytes, { level: 9 }).length;
  }
  return sum;
}

/** rows as a Markdown table; the first is its head. */
export const table = rows => rows.map((r, i) => `| ${r.join(' | ')} |\n${i ? '' : `|${'---|'.repeat(r.length)}\n`}`).join('');
const kB = n => (n / 1e3).toFixed(0);
const MB = n => (n / 1e6).toFixed(n < 1e7 ? 2 : 1);

export function report(r) {
  const workloads = Object.keys(r.contenders[0].times);
  const ours = r.contenders.find(c => c.kind === 'ours');
  const cell = (c, w) => {
    const t = c.times[w], o = ours?.times[w];
    const ratio = o && c !== ours ? `; ×${(t.median / o.median).toFixed(2)} (×${(t.min / o.min).toFixed(2)})` : '';
    return `${t.median.toFixed(2)} (${t.min.toFixed(2)})${ratio}`;
  };
  return `# Bench

${r.cpu}, ${r.cores} cores, ${(r.memory / 2 ** 30).toFixed(0)} GiB, ${r.system}; ${r.browser}, headless; Node ${r.node}.
${Object.entries(r.versions).map(([k, v]) => `${k} ${v}`).join(', ')}; commit ${r.commit}; ${r.date}.
Load average ${r.loadBefore.toFixed(2)} before, ${r.loadAfter.toFixed(2)} after.

## One call

Text in, unit vector out on the page: tokenising, crossing into the worker and back, encoder, mean, normalising. One thread, q8,
4 layers × 256, 4 heads, feed-forward 1024, 16384 pieces. Median ms of ${r.calls} calls, contenders in turns of a few calls, and the shortest in brackets, which other load on the machine disturbs least;
× is the peer's time over ours, by medians and by the shortest.

${table([['', ...workloads, 'lowest cosine to f32'],
    ...r.contenders.map(c => [c.name, ...workloads.map(w => cell(c, w)), c.cosine === undefined ? '' : c.cosine.toFixed(5)])])}
## First visit

New browser, new profile, local server without compression: navigation to first vector (the 12-token sentence), medians.

${table([['', 'ready ms', 'first vector ms', 'second call ms', 'peak renderer MB', 'code kB gzip', 'model MB'],
    ...r.cold.map(c => {
      const m = f => statistics(c.runs.map(f)).median;
      return [c.name, m(x => x.marks.loaded).toFixed(0), m(x => x.marks.first).toFixed(0), m(x => x.marks.second - x.marks.first).toFixed(1),
        MB(m(x => x.peak)), kB(c.payload.codeGzip), MB(c.payload.model)];
    })])}
${parts(r.cold.find(c => c.kind === 'ours'))}`;
}

/** Where the time of our first visit goes: medians, then the downloads of the median run. */
function parts(c) {
  if (!c) return '';
  const ms = f => statistics(c.runs.map(f)).median.toFixed(0);
  const run = [...c.runs].sort((a, b) => a.marks.first - b.marks.first)[c.runs.length >> 1];
  const downloads = run.downloads.filter(d => /^\/(dist|ours-model)\//.test(d.url)).sort((a, b) => a.begin - b.begin);
  return `## Our first visit, part by part

${table([['part', 'ms, median'],
    ['navigation until the page\'s script runs', ms(r => r.marks.script)],
    ['`pipeline()`, of which:', ms(r => r.marks.loaded - r.marks.script)],
    ['– engine: fetch, compile and start both modules, since the worker began', ms(r => r.timings.engine)],
    ['– config.json, tokenizer.json, manifest.json (beside the engine)', ms(r => r.timings.files)],
    ['– reading the configuration and the tokenizer', ms(r => r.timings.parse)],
    ['– weights: waiting for them, hashing, packing', ms(r => r.timings.weights)],
    ['first call', ms(r => r.marks.first - r.marks.loaded)],
    ['navigation to first vector', ms(r => r.marks.first)]])}
Downloads of the run with the median time, ms since the navigation began. WebAssembly is compiled while it streams in.

${table([['from', 'to', 'file', 'kB'], ...downloads.map(d => [d.begin.toFixed(0), d.end.toFixed(0), d.url.split('/').at(-1), kB(d.bytes)])])}`;
}
