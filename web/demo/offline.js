// The service worker of the demo: once the page has been visited, it opens without a network. Models are not its matter: the
// module stores them itself (web/src/storage).
//
// A file comes from the network while there is one, so a new version is seen at once. Where there is none, it comes from the
// cache, which holds the files of one build. A page that opened from the cache takes all its files from there: files of two
// builds do not work together. web/build.mjs fills in BUILD and FILES.
const BUILD = '';
const FILES = [];

const PREFIX = 'lodestone-demo-';
const NAME = PREFIX + BUILD;
const LIMIT = 10_000; // ms that a server may be silent before the page opens from the cache

/** The clients (pages, and their workers) whose files come from the cache. */
const cached = new Set();

/** The name of a file in FILES that a request asks for, or undefined. */
function fileOf(request) {
  const { origin, pathname } = new URL(request.url);
  const scope = new URL(self.registration.scope);
  if (request.method !== 'GET' || origin !== scope.origin || !pathname.startsWith(scope.pathname)) return undefined;
  const name = pathname.slice(scope.pathname.length) || 'index.html';
  return FILES.includes(name) ? name : undefined;
}

const address = (name) => new URL(name, self.registration.scope).href;
const stored = async (name) => (await caches.open(NAME)).match(address(name));

async function fromNetwork(request) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), LIMIT);
  try {
    const response = await fetch(request, { signal: limit.signal });
    return [502, 503, 504].includes(response.status) ? undefined : response; // a gateway without a server behind it
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function answer(event, name) {
  const fromCache = cached.has(event.clientId);
  const response = fromCache ? undefined : await fromNetwork(event.request);
  if (response) return response;
  const copy = await stored(name);
  if (!copy) return Response.error();
  if (event.request.mode === 'navigate' || fromCache) cached.add(event.resultingClientId);
  return copy;
}

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(NAME);
      await cache.addAll(FILES.map((name) => new Request(address(name), { cache: 'no-cache' })));
      await self.skipWaiting(); // it never serves what the network could
    })(),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener('fetch', (event) => {
  const name = fileOf(event.request);
  if (name) event.respondWith(answer(event, name));
});
