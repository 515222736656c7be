// The folders that the tests of the package use.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(here, '../..');
export const dist = path.join(root, 'web/dist');
export const built = path.join(root, 'web/.build/package');
/** The unpacked packages, before npm installs them. */
export const core = path.join(built, 'lodestone');
export const model = path.join(built, 'lodestone-prompt-magneto-en-de-fr');
/** Where fixtures are installed and built. */
export const work = path.join(root, 'web/.build/fixtures');
/** The bundlers and runtimes. */
export const tools = path.join(here, 'node_modules');
