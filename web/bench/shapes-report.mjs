// The results of shapes.mjs as Markdown.
import { statistics, table } from './report.mjs';

export function shapesReport(r) {
  return `# Bench on known shapes

${r.cpu}, ${r.cores} cores, ${(r.memory / 2 ** 30).toFixed(0)} GiB, ${r.system}; ${r.browser}, headless; Node ${r.node}.
${Object.entries(r.versions).map(([k, v]) => `${k} ${v}`).join(', ')}; commit ${r.commit}; ${r.date}.
Load average ${r.loadBefore.toFixed(2)} before, ${r.loadAfter.toFixed(2)} after.

Median ms of a call, the shortest in brackets; × is the peer's time over ours, by medians and by the shortest: above 1 means that we are faster.
GMAC/s are 10⁹ multiply-adds of the model a second, over the shortest of a second's calls without a rest between them.
Columns are texts × tokens. "cosine" is the lowest over the columns to the f32 graph in onnxruntime, of all states of a call as one vector.
${Object.keys(r.models).map(model => section(r, model)).join('\n')}${loads(r)}`;
}

function section(r, model) {
  const rows = r.rows.filter(row => row.spec.model === model);
  if (rows.length === 0) return '';
  const sums = r.models[model].multiplyAdds;
  const workloads = [...new Set(rows.flatMap(row => Object.keys(row.times)))];
  const rivals = { ours: 'ours', ort: 'ours', tjs: 'ours, pipeline' };
  const lines = [['', 'dtype', 'threads', ...workloads, 'cosine']];
  for (const row of rows) {
    const { spec } = row;
    if (row.error && Object.keys(row.times).length === 0) {
      lines.push([spec.name, spec.dtype, spec.threads, `failed: ${row.error.slice(0, 80).replaceAll('|', '/').replaceAll('\n', ' ')}`, ...workloads.slice(1).map(() => ''), '']);
      continue;
    }
    const ours = rows.find(o => o.spec.kind === rivals[spec.kind] && o.spec.dtype === spec.dtype && o.spec.threads === spec.threads);
    const cell = w => {
      const t = row.times[w]?.length && statistics(row.times[w]), o = ours?.times[w]?.length && statistics(ours.times[w]);
      if (!t) return '';
      const text = `${ms(t.median)} (${ms(t.min)})`;
      if (spec.kind === 'ours') {
        if (sums[w]) return `${text}; ${(sums[w] / row.loop[w] / 1e6).toFixed(0)} GMAC/s`;
        return `${text}; ${perSecond(w, t.median)} tokens/s`;
      }
      return o && ours !== row ? `${text}; ×${(t.median / o.median).toFixed(2)} (×${(t.min / o.min).toFixed(2)})` : text;
    };
    const cosines = Object.values(row.cosines), agree = Object.values(row.agree);
    const quality = cosines.length ? Math.min(...cosines).toFixed(5) : agree.length ? `${(100 * Math.min(...agree)).toFixed(0)} % of the f32 tokens` : '';
    lines.push([spec.name, spec.dtype, spec.threads, ...workloads.map(cell), quality]);
  }
  return `\n## ${model}\n\n${table(lines)}`;
}

const ms = x => x.toFixed(x < 100 ? 1 : 0);
const perSecond = (workload, time) => (Number(/\+ (\d+)/.exec(workload)?.[1] ?? 0) * 1000 / time).toFixed(0);

function loads(r) {
  if (!r.loads.length) return '';
  const median = (runs, key) => statistics(runs.map(run => run[key])).median;
  const lines = [['model', '', 'load ms', 'first call ms', 'peak renderer MB', 'above an empty page, MB']];
  for (const l of r.loads) {
    const empty = r.loads.find(o => o.model === l.model && !o.spec.kind);
    const peak = median(l.runs, 'peak') / 1e6, floor = median(empty.runs, 'peak') / 1e6;
    lines.push([l.model, l.spec.name, ...(l.spec.kind ? ['load', 'first'].map(k => median(l.runs, k).toFixed(0)) : ['', '']), peak.toFixed(0), l.spec.kind ? (peak - floor).toFixed(0) : '']);
  }
  return `\n## Loading and memory\n\nFiles of eight bits on both sides, from a local server; a new browser each, medians of five. First call: 1×128.\n\n${table(lines)}`;
}
