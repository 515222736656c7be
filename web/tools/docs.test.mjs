// The Markdown files: links lead somewhere, and versions agree.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const read = (file) => readFileSync(path.join(root, file), 'utf8');

/** Every Markdown file of the repository; what npm installed and what was built is not of it. */
function markdown() {
  const found = execFileSync('find', ['.', '-name', 'node_modules', '-prune', '-o', '-path', './web/dist', '-prune', '-o', '-path', './web/.build', '-prune', '-o', '-path', './.git', '-prune', '-o', '-name', '*.md', '-print'], { cwd: root, encoding: 'utf8' });
  return found.trim().split('\n').map((f) => path.normalize(f)).sort();
}

/** A file without its blocks and spans of code, in which brackets are no links. */
const prose = (text) => text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '));

/** The anchors of a file's headings, as GitHub makes them. */
function anchors(text) {
  const seen = new Map();
  return new Set([...text.replace(/^```[^]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => {
    const slug = heading.toLowerCase().replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replace(/ /g, '-');
    const n = seen.get(slug) ?? 0;
    seen.set(slug, n + 1);
    return n ? `${slug}-${n}` : slug;
  }));
}

test('every link of a Markdown file leads to a file, and to a heading of it', () => {
  const broken = [];
  let links = 0;
  for (const file of markdown()) {
    for (const [, target] of prose(read(file)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links++;
      const [to, anchor] = target.split('#');
      const at = to ? path.join(root, path.dirname(file), to) : path.join(root, file);
      if (!existsSync(at)) broken.push(`${file}: ${target}: there is no such file`);
      else if (anchor && (statSync(at).isDirectory() || !anchors(readFileSync(at, 'utf8')).has(anchor))) broken.push(`${file}: ${target}: there is no such heading`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(links >= 40, `${links} links`);
});

test('package.json, its lock file and CHANGELOG.md have one version', () => {
  const { version } = JSON.parse(read('package.json'));
  const lock = JSON.parse(read('package-lock.json'));
  const [newest] = [...read('CHANGELOG.md').matchAll(/^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$/gm)];
  assert.equal(newest?.[1], version);
  assert.equal(lock.version, version);
  assert.equal(lock.packages[''].version, version);
});

test('CHANGELOG.md has a head for what is not released, and known kinds of change', () => {
  const heads = [...read('CHANGELOG.md').matchAll(/^##+ (.*)$/gm)].map((m) => m[1]);
  assert.equal(heads[0], '[Unreleased]');
  const kinds = heads.filter((h) => !h.startsWith('['));
  assert.deepEqual(kinds.filter((k) => !['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'].includes(k)), []);
});

test('every heading of RATIONALE.md below a chapter is a question', () => {
  const headings = [...read('RATIONALE.md').matchAll(/^### (.*)$/gm)].map((m) => m[1]);
  assert.ok(headings.length > 60, `${headings.length} headings`);
  assert.deepEqual(headings.filter((h) => !h.endsWith('?')), []);
});

test('what README.md says of speed is what web/bench/README.md says', () => {
  const section = read('README.md').split('## Speed')[1].split('\n## ')[0];
  const rows = section.split('\n').filter((l) => / (ms|MB) \|/.test(l)).map((l) => l.match(/[\d.]+ (ms|MB)/g));
  assert.equal(rows.length, 5);
  const measured = read('web/bench/README.md').split('\n').map((l) => new Set(l.match(/[\d.]+ (ms|MB)/g)));
  for (const row of rows) assert.ok(measured.some((m) => row.every((figure) => m.has(figure))), `no row has ${row.join(', ')}`);
});

test("README's Go start is the example of models/pipeline", () => {
  const [, code] = read('README.md').match(/```go\n([\s\S]*?)```/);
  const example = read('models/pipeline/example_test.go').replaceAll('../../', '');
  const calls = code.split('\n').map((line) => line.replace(/ \/\/.*/, '').trim()).filter((line) => !/^(|if err != nil \{|return err|\})$/.test(line));
  assert.ok(calls.length >= 4);
  for (const call of calls) assert.ok(example.includes(call), call);
});
