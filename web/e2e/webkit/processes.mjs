// Child processes that end when this one does.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** What runs, by the id of its group. */
const running = new Map();

/**
 * Starts a program as the leader of a process group of its own, so that what it starts
 * ends with it. options.stdio is that of spawn. Returns {child, output, ended}: output()
 * is the end of what it has printed, ended resolves to a sentence when it has gone.
 */
export function start(command, args, { env = {}, stdio = ['ignore', 'pipe', 'pipe'] } = {}) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio, detached: true });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part) => (text = (text + part).slice(-4096)));
  }
  const ended = new Promise((resolve) => {
    child.on('error', (e) => resolve(`${command}: ${e.message}`));
    child.on('exit', (code, signal) => resolve(`${command} ended (${signal ?? `status ${code}`}): ${text.trim()}`));
  });
  if (child.pid !== undefined) running.set(child.pid, child);
  return { child, output: () => text, ended };
}

/** What a promise gives, or an error if the process ends first or it takes longer than ms. */
export async function within(ms, what, { ended, output }, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`webkit: ${what}: no answer within ${ms / 1000} s: ${output().trim()}`)), ms);
  });
  const gone = ended.then((why) => {
    throw new Error(`webkit: ${what}: ${why}`);
  });
  gone.catch(() => {}); // it ends some time, and nobody waits then
  try {
    return await Promise.race([promise, late, gone]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends everything at once, with all that it has started. It is synchronous: an exit waits for it. */
export function killAll() {
  for (const pid of running.keys()) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // the group has gone
    }
  }
  running.clear();
}

/** Throws a sentence that says what to install, if a program is not in PATH. */
export function needPrograms(packages) {
  const missing = Object.keys(packages).filter((name) => !(process.env.PATH ?? '').split(path.delimiter).some((dir) => executable(path.join(dir, name))));
  if (missing.length === 0) return;
  const install = missing.map((name) => packages[name]).join(' ');
  throw new Error(`webkit: ${missing.join(' and ')} not found; on Debian: apt-get install ${install}, which make webkit does`);
}

function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

process.on('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    killAll();
    console.error(`webkit: ended by ${signal}`);
    process.exit(1);
  });
}
