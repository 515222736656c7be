// Tests with a limit each. The runner's --test-timeout is a limit of a whole file, too.
import { test as plain } from 'node:test';

const LIMIT = 600_000; // milliseconds; ends what hangs, not what is slow

export const test = (name, run) => plain(name, { timeout: LIMIT }, run);
