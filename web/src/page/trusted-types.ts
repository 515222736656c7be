// Trusted Types: a page that requires them starts only scripts whose address a policy made.

import { LodestoneError } from '../protocol/error.js';

/** Makes the addresses of scripts that a page with Trusted Types accepts. */
export interface ScriptURLPolicy {
  createScriptURL(url: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: ScriptURLPolicy): ScriptURLPolicy;
}

let own: ScriptURLPolicy | null = null;
let refused = false;

/** Starts a worker whose script a policy names; `policy` is that of the page, if it has one. */
export function trustedWorker(url: string, options: WorkerOptions, policy: ScriptURLPolicy | null): Worker {
  const script = trusted(url, policy);
  try {
    return new Worker(script, options);
  } catch (e) {
    if (typeof script !== 'string' || !refused) throw e;
    throw new LodestoneError(
      'engine_missing',
      `engine: the worker ${url} did not start (${String(e)}); if the page requires Trusted Types, allow this module's policy (trusted-types lodestone) or set env.trustedTypesPolicy`,
      { url },
    );
  }
}

/**
 * The address of a script in the form that a page with Trusted Types accepts. Without
 * a policy of the page one named `lodestone` makes it.
 */
function trusted(url: string, policy: ScriptURLPolicy | null): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (policy === null && trustedTypes && own === null) {
    try {
      own = trustedTypes.createPolicy('lodestone', { createScriptURL: (u) => u });
    } catch {
      refused = true; // the page allows no policy of this name
    }
  }
  return ((policy ?? own)?.createScriptURL(url) ?? url) as string;
}
