// The browser of the bench, and what there is to say about the machine.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));

export function launch(executablePath, more = []) {
  return chromium.launch({ executablePath, headless: true, args: [...more, '--no-sandbox', '--disable-dev-shm-usage', '--disable-quic',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
}

/** The largest resident set that any renderer of the browser has had, bytes. */
export async function peakMemory(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return Math.max(...processInfo.filter(p => p.type === 'renderer').map(p => {
    const status = fs.readFileSync(`/proc/${p.id}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)[1]) * 1024;
  }));
}

/** What has to stand beside every number. */
export async function conditions(executablePath) {
  const versionIn = file => JSON.parse(fs.readFileSync(file)).version;
  const version = name => versionIn(path.join(here, 'node_modules', name, 'package.json'));
  const git = (...args) => { try { return execFileSync('git', args, { cwd: here, encoding: 'utf8' }).trim(); } catch { return ''; } };
  const pinned = createRequire(path.join(here, 'node_modules/@huggingface/transformers/package.json')).resolve('onnxruntime-web');
  const browser = await launch(executablePath);
  const name = `Chromium ${browser.version()}`;
  await browser.close();
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? ' with changes' : ''),
    cpu: os.cpus()[0].model,
    cores: os.cpus().length,
    memory: os.totalmem(),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    browser: name,
    versions: { 'transformers.js': version('@huggingface/transformers'), 'onnxruntime-web': version('onnxruntime-web'),
      'onnxruntime-web in transformers.js': versionIn(path.join(path.dirname(pinned), '../package.json')) },
    loadBefore: os.loadavg()[0],
  };
}
