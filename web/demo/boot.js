// Starts the page: the engine's worker at once, and beside it the page's own program (app.wasm, Go and Vugu).
//
// The program uses globalThis.lodestoneBoot:
//   module()        Promise of lodestone.js
//   address(folder) Promise of the address of a model folder, which must be on this site; '' is the model of the search
//   load(listener)  Promise of { embed, bytes, ms }, the model of the search. The first call joins the load in progress, a call after
//                   a failure starts another. listener({ loaded, total }) is called with the progress, and at once with the latest
//   here()          whether the model of the search is loaded
//   shown()         tells that the program shows the progress from now on
import './vugu-render.js';
import './wasm_exec.js';

const $ = (id) => document.getElementById(id);

/** The links of the navigation, by the name of their view. */
const panes = new Map([...document.querySelectorAll('[data-pane]')].map((a) => [a.dataset.pane, a]));

/** The view that the address names; the first for any other address. */
function pane() {
  const name = /^#\/([a-z-]+)/.exec(location.hash)?.[1];
  return panes.has(name) ? name : panes.keys().next().value;
}

const PROMISE = $('promise').textContent;

/** Shows the parts of a view that the program does not draw: its link, heading, introduction and form, and the page's title. */
function showPane() {
  const name = pane();
  const { title, lede, skip, promise } = panes.get(name).dataset;
  for (const [key, link] of panes) {
    if (key === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const nav of document.querySelectorAll('[data-below]')) {
    const { below } = nav.dataset;
    const inside = nav.contains(panes.get(name));
    nav.hidden = name !== below && !inside;
    if (inside) panes.get(below).setAttribute('aria-current', 'true');
  }
  for (const part of document.querySelectorAll('[data-only]')) part.hidden = part.dataset.only !== name;
  $('title').textContent = title;
  $('lede').textContent = lede;
  $('promise').textContent = promise ?? PROMISE;
  $('skip').textContent = skip === 'query' ? 'Skip to the search box' : 'Skip to the content';
  document.title = name === 'search' ? 'Lodestone: search by meaning, on your own machine' : `${title} · Lodestone`;
}

showPane();
addEventListener('hashchange', showPane);
// The fragment names the view, so skipping moves the focus and leaves the address as it is.
$('skip').addEventListener('click', (e) => {
  e.preventDefault();
  const to = $(panes.get(pane()).dataset.skip);
  if (to.tabIndex < 0) to.tabIndex = -1;
  to.focus();
});
// After a link of the navigation, screen readers continue at the heading of the view.
for (const link of panes.values()) link.addEventListener('click', () => setTimeout(() => $('title').focus()));

/** An error in the form of the module's own errors. */
class PageError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'PageError';
    this.code = code;
  }
}

async function module() {
  try {
    return (globalThis.lodestone = await import('./lodestone.js'));
  } catch (e) {
    throw new PageError('network', `lodestone.js could not be loaded (${e.message}); check the connection and try again`);
  }
}

/** The address of a model folder. '' is the model of the search: ?model=PATH in the page's address, or the bundled one. */
async function address(folder) {
  const { DEFAULT_MODEL } = await module();
  const asked = folder || new URLSearchParams(location.search).get('model') || DEFAULT_MODEL;
  let url = null;
  try {
    url = new URL(asked, document.baseURI);
  } catch {
    // no address: refused below
  }
  if (url?.origin !== location.origin) {
    throw new PageError('invalid_argument', `model: got ${url?.origin ?? JSON.stringify(asked)}, expected a folder of ${location.origin}; this page reads models of its own site only`);
  }
  url.search = url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}

let current = null; // the load in progress or done
let loaded = false; // it is done
let last = { loaded: 0, total: 0 };
let listener = null;
let booting = true;

function report(progress) {
  last = progress;
  listener?.(progress);
  const bar = $('boot-bar');
  if (!booting || !bar) return;
  const mb = (n) => `${(n / 1e6).toFixed(1)} MB`;
  if (progress.total > 0) bar.value = Math.round((100 * progress.loaded) / progress.total);
  if (progress.loaded > 0) $('boot-text').textContent = `Loading the model ${mb(progress.loaded)}${progress.total > 0 ? ` of ${mb(progress.total)}` : ''}`;
}

async function start() {
  const begin = performance.now();
  const { pipeline } = await module();
  const sizes = new Map();
  const embed = await pipeline('feature-extraction', await address(''), {
    dtype: 'q8',
    device: 'auto',
    progress_callback(event) {
      if (event.status === 'progress_total') report({ loaded: event.loaded, total: event.total });
      else if (event.status === 'progress') sizes.set(event.file, event.loaded);
    },
  });
  let bytes = 0;
  for (const n of sizes.values()) bytes += n;
  loaded = true;
  return { embed, bytes, ms: performance.now() - begin };
}

function load(onProgress) {
  listener = onProgress;
  if (!current) {
    last = { loaded: 0, total: 0 };
    const attempt = start();
    current = attempt;
    attempt.catch(() => {
      if (current === attempt) current = null;
    });
  }
  listener?.(last);
  return current;
}

globalThis.lodestoneBoot = { module, address, load, here: () => loaded, shown: () => void (booting = false) };

/** Shows a failure in the place of the program. */
function fault(title, text) {
  booting = false;
  const box = document.createElement('section');
  box.className = 'alert';
  const h = document.createElement('h2');
  h.textContent = title;
  const p = document.createElement('p');
  p.textContent = text;
  const again = document.createElement('button');
  again.type = 'button';
  again.id = 'retry';
  again.className = 'button';
  again.textContent = 'Try again';
  again.addEventListener('click', () => location.reload());
  box.append(h, p, again);
  $('app').replaceChildren(box);
  $('live').textContent = `${title}. ${text}`;
}

// (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt)): valid only with WebAssembly SIMD
const simdModule = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);

/** Stands in the place of a view until the program runs. */
function waiting() {
  const p = document.createElement('p');
  p.className = 'load';
  p.textContent = "Loading the page's program, 1.4 MB";
  return p;
}

async function program() {
  const go = new globalThis.Go();
  const response = await fetch('./app.wasm');
  if (!response.ok) throw new Error(`got status ${response.status} for app.wasm, expected 200`);
  const type = response.headers.get('Content-Type') ?? '';
  const { instance } = type.startsWith('application/wasm')
    ? await WebAssembly.instantiateStreaming(response, go.importObject)
    : await WebAssembly.instantiate(await response.arrayBuffer(), go.importObject);
  go.run(instance).then(() => fault('The page stopped', 'Its program ended. Load the page again; nothing you typed was stored.'));
}

// Until the program runs, Enter must not send the form. The text stays in the box.
$('search').addEventListener('submit', (e) => e.preventDefault());

if (typeof WebAssembly !== 'object' || !WebAssembly.validate(simdModule)) {
  fault('This browser cannot run the model', 'It has no WebAssembly SIMD. Chrome and Edge have it from version 91, Firefox from 89, and Safari from 16.4.');
} else {
  if (pane() === 'search') load(null).catch(() => {}); // the program asks again and shows what went wrong
  else $('app').replaceChildren(waiting()); // the other views load what they need on demand
  program().catch((e) => fault('The page could not start', `${e.message}. Check the connection and try again.`));
}

// The files of the page are stored for a visit without a network, once what the visitor waits for has come.
async function store() {
  try {
    await navigator.serviceWorker.register('./offline.js');
    await navigator.serviceWorker.ready;
    $('offline').hidden = false;
  } catch {
    // a private window, or a page that is not secure: it needs the network, as any page does
  }
}

if (navigator.serviceWorker) {
  const soon = new Promise((resolve) => setTimeout(resolve, 10_000));
  Promise.race([soon, current ?? soon]).then(store, store);
}
