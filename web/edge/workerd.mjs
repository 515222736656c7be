// Runs dist under workerd on this machine.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { configuration } from './configuration.mjs';

/** The WebAssembly modules of the worker, which it imports statically. */
export const MODULES = ['edge.wasm', 'kernels.wasm', 'kernels-relaxed.wasm'];

const here = path.dirname(fileURLToPath(import.meta.url));

/**
 * Starts workerd at an address; resolves when it listens. vars stand over those of
 * wrangler.jsonc. bucket is the address of a server that answers as R2 does, which is then
 * bound as BUCKET. With inspect, inspector is the address of V8's inspector protocol. log, if
 * given, is called with what workerd writes to a pipe, also if it does not start. After SIGTERM
 * workerd lives on until its connections are closed, an inspector's among them: end it with SIGKILL.
 */
export async function startWorkerd({ address = '127.0.0.1:8787', vars = {}, dist = path.join(here, 'dist'), stdio = 'inherit', modules = MODULES, bucket, inspect = false, log } = {}) {
  const c = await configuration();
  const text = JSON.stringify;
  const services = [`( name = "assets", disk = ( path = ${text(path.join(dist, 'assets'))} ) )`];
  const bindings = ['( name = "ASSETS", service = "assets" )', ...Object.entries({ ...c.vars, ...vars }).map(([name, value]) => `( name = ${text(name)}, text = ${text(value)} )`)];
  if (bucket) {
    services.push(`( name = "bucket", external = ( address = ${text(bucket)}, http = () ) )`);
    bindings.push('( name = "BUCKET", r2Bucket = "bucket" )');
  }
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ( name = "main", worker = (
      modules = [
        ${['( name = "worker.mjs", esModule = embed "worker.mjs" )', ...modules.map((m) => `( name = ${text(m)}, wasm = embed ${text(m)} )`)].join(', ')}
      ],
      compatibilityDate = ${text(c.compatibility_date)},
      bindings = [ ${bindings.join(', ')} ]
    ) ),
    ${services.join(', ')}
  ],
  sockets = [ ( name = "http", address = ${text(address)}, http = (), service = "main" ) ]
);
`;
  await mkdir(path.join(dist, 'assets'), { recursive: true }); // a worker of a test may have none
  const file = path.join(dist, 'workerd.capnp');
  await writeFile(file, config);
  // The program itself: what npm calls workerd is a script that hands no further file over.
  const { default: program } = createRequire(import.meta.url)('workerd');
  const child = spawn(program, ['serve', '--control-fd=3', ...(inspect ? ['--inspector-addr=127.0.0.1:0'] : []), file], { stdio: ['ignore', stdio, stdio, 'pipe'] });
  if (log) for (const stream of [child.stdout, child.stderr]) stream?.on('data', log);
  const ports = await new Promise((resolve, reject) => {
    let lines = '';
    const found = {};
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`workerd ended with ${code}`)));
    child.stdio[3].on('data', (part) => {
      lines += part;
      for (const line of lines.split('\n')) {
        const message = line.endsWith('}') ? JSON.parse(line) : {};
        if (message.event === 'listen') found.http = message.port;
        if (message.event === 'listen-inspector') found.inspector = message.port;
      }
      if (found.http && (found.inspector || !inspect)) resolve(found);
    });
  });
  const host = address.slice(0, address.lastIndexOf(':'));
  return { child, url: `http://${host}:${ports.http}`, inspector: ports.inspector && `127.0.0.1:${ports.inspector}` };
}
