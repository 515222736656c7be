import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeData } from './wasm-data.mjs';

/** A module with a memory of two pages, exported as m, and data segments [address as LEB128, bytes]. */
function moduleOf(segments) {
  const data = segments.flatMap(([address, bytes]) => [0, 0x41, ...address, 0x0b, bytes.length, ...bytes]);
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    5, 3, 1, 0, 2, // memory
    7, 5, 1, 1, 0x6d, 2, 0, // export
    ...(segments.length ? [11, data.length + 1, segments.length, ...data] : []),
  ]);
}

const memory = async (module) => new Uint8Array((await WebAssembly.instantiate(module)).instance.exports.m.buffer);
const count = (module) => module[22]; // behind the header, the memory, the export, and the section's id and size

// 3, 10, 64 (whose signed form has two bytes), 65000.
const SEGMENTS = [
  [[3], [1, 2]],
  [[10], [3]],
  [[0xc0, 0], [4, 5, 6]],
  [[0xe8, 0xfb, 3], [7]],
];

test('memory is the same, with fewer segments', async () => {
  const before = moduleOf(SEGMENTS);
  for (const [gap, left] of [[0, 4], [5, 3], [53, 2], [100, 2], [70000, 1]]) {
    const after = mergeData(before, gap);
    assert.deepEqual(await memory(after), await memory(before));
    if (left > 1) assert.equal(count(after), left, `gap ${gap}`);
  }
  assert.deepEqual(await memory(mergeData(moduleOf([]))), await memory(moduleOf([])));
});

test('segments in any order are merged, those that overlap are refused', async () => {
  const turned = moduleOf([...SEGMENTS].reverse());
  assert.deepEqual(await memory(mergeData(turned)), await memory(turned));
  assert.throws(() => mergeData(moduleOf([[[3], [1, 2]], [[4], [1]]])), /overlap/);
});

test('what Go does not make is refused', () => {
  const passive = moduleOf(SEGMENTS.slice(0, 1));
  passive[23] = 1;
  assert.throws(() => mergeData(passive), /flags 1/);
});
