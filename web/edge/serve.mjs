// make edge: runs the worker under workerd and says how to call it.
import { startWorkerd } from './workerd.mjs';
import { configuration } from './configuration.mjs';

const { url, child } = await startWorkerd({ address: process.env.EDGE_ADDR ?? '127.0.0.1:8787', vars: process.env.TOKENS ? { TOKENS: process.env.TOKENS } : {} });
const [model] = JSON.parse((await configuration()).vars.MODELS);
const header = process.env.TOKENS ? ` -H "Authorization: Bearer ${process.env.TOKENS.trim().split(/\s+/)[0]}"` : '';
console.log(`edge: ${url}, the contract is /openapi.json`);
console.log(`curl -s ${url}/v1/embeddings${header} -H 'Content-Type: application/json' -d '{"model":"${model.id}","input":"Guten Morgen"}'`);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill());
child.on('exit', (code) => process.exit(code ?? 0));
