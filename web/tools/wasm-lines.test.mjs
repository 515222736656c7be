import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { mergeData } from './wasm-data.mjs';
import { clearLines } from './wasm-lines.mjs';

const run = promisify(execFile);
let dir;
let merged;

// It collects garbage, grows its stack, recovers from panics, formats a stack trace, and ends by a panic.
const PROGRAM = `package main

import "runtime"

type node struct{ next *node; text []byte }

func deep(n int, list *node) int {
	if n == 0 {
		runtime.GC()
		return 0
	}
	return 1 + deep(n-1, &node{list, make([]byte, 100)})
}

func recovered() (text string) {
	defer func() { text = recover().(error).Error() }()
	var list *node
	return string(list.text)
}

func main() {
	total := 0
	for range 50 {
		total += deep(2000, nil)
	}
	done := make(chan string)
	go func() { done <- recovered() }()
	println(total, <-done)
	trace := make([]byte, 1<<12)
	println(string(trace[:runtime.Stack(trace, false)]))
	panic("the end")
}
`;

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'wasm-lines-'));
  await writeFile(path.join(dir, 'main.go'), PROGRAM);
  await writeFile(path.join(dir, 'go.mod'), 'module lines\n\ngo 1.26\n');
  await run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', 'main.wasm', '.'], { cwd: dir, env: { ...process.env, GOOS: 'js', GOARCH: 'wasm', GOWORK: 'off' } });
  merged = mergeData(await readFile(path.join(dir, 'main.wasm')));
});
after(() => rm(dir, { recursive: true, force: true }));

/** What the program prints, and its exit status. */
async function output(module) {
  const file = path.join(dir, 'run.wasm');
  await writeFile(file, module);
  const { stdout } = await run('go', ['env', 'GOROOT']);
  const glue = path.join(stdout.trim(), 'lib/wasm/wasm_exec_node.js');
  const { code, stdout: out, stderr } = await run(process.execPath, [glue, file]).catch((e) => e);
  return { code, out, err: stderr };
}

test('a program runs as before, and its traces name functions without lines', async () => {
  const [was, is] = [await output(merged), await output(clearLines(merged))];
  assert.equal(is.code, 2);
  assert.equal(is.code, was.code);
  assert.match(was.err, /main\.go:\d+/);
  assert.doesNotMatch(is.err, /main\.go/);
  for (const said of [/^100000 runtime error: invalid memory address or nil pointer dereference$/m, /panic: the end/, /main\.main\(\)/]) {
    assert.match(was.err, said);
    assert.match(is.err, said);
  }
});

test('it becomes smaller, compressed', () => {
  const [was, is] = [merged, clearLines(merged)].map((m) => gzipSync(m, { level: 9 }).length);
  assert.ok(is < 0.96 * was, `${is} of ${was} bytes`);
});

test('a module without the table is refused', () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 1, 11, 7, 1, 0, 0x41, 8, 0x0b, 1, 5);
  assert.throws(() => clearLines(empty), /0 function tables/);
});
