// Trusted Types: a page that requires them starts only scripts whose address a policy made.

/** Makes the addresses of scripts that a page with Trusted Types accepts. */
export interface ScriptURLPolicy {
  createScriptURL(url: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: ScriptURLPolicy): ScriptURLPolicy;
}

let own: ScriptURLPolicy | null = null;

/**
 * The address of a script in the form that a page with Trusted Types accepts. Without
 * a policy of the page one named `lodestone` makes it.
 */
export function trusted(url: string, policy: ScriptURLPolicy | null): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (policy === null && trustedTypes && own === null) {
    try {
      own = trustedTypes.createPolicy('lodestone', { createScriptURL: (u) => u });
    } catch {
      // The page allows no policy of this name. If it also enforces Trusted Types, the start of the worker fails.
    }
  }
  return ((policy ?? own)?.createScriptURL(url) ?? url) as string;
}
