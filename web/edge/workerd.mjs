// Runs dist under workerd on this machine.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { configuration } from './configuration.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Starts workerd at an address, with variables over those of wrangler.jsonc; resolves when it listens. */
export async function startWorkerd({ address = '127.0.0.1:8787', vars = {}, dist = path.join(here, 'dist'), stdio = 'inherit' } = {}) {
  const c = await configuration();
  const bindings = Object.entries({ ...c.vars, ...vars }).map(([name, text]) => `( name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)} )`);
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ( name = "main", worker = (
      modules = [
        ( name = "worker.mjs", esModule = embed "worker.mjs" ),
        ( name = "edge.wasm", wasm = embed "edge.wasm" ),
        ( name = "kernels.wasm", wasm = embed "kernels.wasm" )
      ],
      compatibilityDate = ${JSON.stringify(c.compatibility_date)},
      bindings = [ ( name = "ASSETS", service = "assets" ), ${bindings.join(', ')} ]
    ) ),
    ( name = "assets", disk = ( path = ${JSON.stringify(path.join(dist, 'assets'))} ) )
  ],
  sockets = [ ( name = "http", address = ${JSON.stringify(address)}, http = (), service = "main" ) ]
);
`;
  const file = path.join(dist, 'workerd.capnp');
  await writeFile(file, config);
  // The program itself: what npm calls workerd is a script that hands no further file over.
  const { default: program } = createRequire(import.meta.url)('workerd');
  const child = spawn(program, ['serve', '--control-fd=3', file], { stdio: ['ignore', stdio, stdio, 'pipe'] });
  const port = await new Promise((resolve, reject) => {
    let text = '';
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`workerd ended with ${code}`)));
    child.stdio[3].on('data', (part) => {
      text += part;
      for (const line of text.split('\n')) {
        const message = line && line.endsWith('}') ? JSON.parse(line) : {};
        if (message.event === 'listen') resolve(message.port);
      }
    });
  });
  const host = address.slice(0, address.lastIndexOf(':'));
  return { child, url: `http://${host}:${port}` };
}
