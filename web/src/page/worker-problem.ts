// Why a worker did not start. Browsers rarely state a reason, so the script is requested once
// more and its response is examined.

/** What to report of a worker that has a problem, with the reason as far as it is known. */
export function workerProblem(url: string, what: string, why: string): string {
  return `the worker ${url} ${what} (${why || 'no reason given'}); the file must exist, belong to this release, and be allowed by worker-src`;
}

/** Finds the reason why a worker with this script did not start. `why` is what the browser stated. */
export async function findReason(url: string, why: string): Promise<string> {
  if (/\/\.vite\/deps/.test(url)) {
    return "Vite has moved the module away from its files: add optimizeDeps: { exclude: ['lodestone'] } to vite.config.js";
  }
  if (!/^https?:/.test(url)) return why;
  let r: Response;
  try {
    r = await fetch(url);
  } catch {
    return why || 'no response: the server cannot be reached, does not allow this origin (CORS), or the policy of the page forbids it';
  }
  r.body?.cancel().catch(() => {});
  if (!r.ok) return `status ${r.status}`;
  const type = r.headers.get('content-type') ?? '';
  if (!/javascript|ecmascript/i.test(type)) return `the server sends it as ${JSON.stringify(type)}, expected text/javascript`;
  if (typeof crossOriginIsolated === 'boolean' && crossOriginIsolated && new URL(url).origin === location.origin && !r.headers.has('cross-origin-embedder-policy')) {
    return 'the page is cross-origin isolated and the script comes without the header Cross-Origin-Embedder-Policy: send require-corp or credentialless with it';
  }
  return why;
}
