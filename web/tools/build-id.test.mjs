// node --test web/tools/build-id.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECTION, stamped } from './build-id.mjs';

const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
const ids = (module) => WebAssembly.Module.customSections(new WebAssembly.Module(module), SECTION).map((s) => new TextDecoder().decode(s));

test('a module states the id of its build', () => {
  assert.deepEqual(ids(stamped(EMPTY, '0123456789abcdef')), ['0123456789abcdef']);
});

test('a module that is stamped again states the new id alone', () => {
  assert.deepEqual(ids(stamped(stamped(EMPTY, '0123456789abcdef'), 'fedcba9876543210')), ['fedcba9876543210']);
});
