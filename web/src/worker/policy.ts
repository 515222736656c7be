// Which requests the Content-Security-Policy has forbidden: a failed fetch does not say so.

const blocked: { url: string; directive: string }[] = [];

// Node.js has threads without events.
globalThis.addEventListener?.('securitypolicyviolation', (e) => {
  const { blockedURI, effectiveDirective } = e as SecurityPolicyViolationEvent;
  blocked.push({ url: blockedURI, directive: effectiveDirective });
  if (blocked.length > 100) blocked.shift();
});

/** The directive that has forbidden a request that failed; '' if none has. */
export async function blockedByPolicy(url: string): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 0)); // the event comes after the failure
  // What is reported of an address is its beginning: without its fragment, or of another origin only that.
  return blocked.find((b) => b.url !== '' && url.startsWith(b.url))?.directive ?? '';
}
