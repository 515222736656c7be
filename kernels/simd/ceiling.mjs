// Compares the kernels with native code that uses vectors of 128 bits: make ceiling.
//
//	node kernels/simd/ceiling.mjs [--rounds N] [--chromium PATH]
//
// Compiles native/ceiling.c with the C compiler (CC, otherwise cc), runs it before and after
// the kernels (tune.mjs, Chromium), and prints the best rates and their ratio. Without a
// compiler, or an x86-64 processor with AVX2, it prints the reason and compares nothing.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: o } = parseArgs({ options: { rounds: { type: 'string', default: '60' }, chromium: { type: 'string', default: '/usr/bin/chromium' } } });

if (process.arch !== 'x64') {
  console.log(`ceiling: native/ceiling.c needs x86-64, this processor is ${process.arch}`);
  process.exit(0);
}
const dir = mkdtempSync(path.join(os.tmpdir(), 'ceiling-'));
try {
  const program = path.join(dir, 'ceiling');
  try {
    execFileSync(process.env.CC ?? 'cc', ['-O3', '-o', program, path.join(here, 'native/ceiling.c')], { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch (e) {
    console.log(`ceiling: native/ceiling.c does not compile (${e.message}): install gcc, or set CC`);
    process.exit(0);
  }
  const native = () => JSON.parse(execFileSync(program, ['2']));
  const before = native();
  const shapes = '60x768x3072,32x768x3072';
  const tune = ['tune.mjs', '--json', '--ms', '2', '--rounds', o.rounds, '--ops', 'q8,f32', '--shapes', shapes, '--chromium', o.chromium];
  const { browser, rows } = JSON.parse(execFileSync(process.execPath, [path.join(here, tune[0]), ...tune.slice(1)]));
  const after = native();
  const best = Object.fromEntries(Object.keys(before).map((k) => [k, Math.max(before[k], after[k])]));
  // The modules that tune.mjs times: simd128, relaxed in two steps, relaxed fused.
  const forms = [
    ['f32, simd128', 'f32', 0, 'f32'],
    ['f32, relaxed', 'f32', 1, 'fma'],
    ['int8, relaxed', 'q8', 1, 'two_step'],
    ['int8, fused', 'q8', 2, 'fused'],
  ];
  console.log(`Chromium ${browser} and native code, one thread, GMAC/s\n`);
  console.log('| | native, 128 bits | 60×768×3072 | | 32×768×3072 | |\n|---|---:|---:|---:|---:|---:|');
  for (const [name, op, module, ceiling] of forms) {
    if (!best[ceiling]) continue;
    const rates = rows.filter((r) => r.op === op).map((r) => r.rates[module]);
    const cells = rates.map((r) => `${r.toFixed(1)} | ${Math.round((100 * r) / best[ceiling])} %`);
    console.log(`| ${name} | ${best[ceiling].toFixed(1)} | ${cells.join(' | ')} |`);
  }
} finally {
  rmSync(dir, { recursive: true });
}
