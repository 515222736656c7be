// Starts the page: the engine's worker at once, the page's own program (app.wasm, Go and Vugu) beside it.
//
// The program finds the engine as globalThis.lodestoneBoot:
//   pane()          the view that the page's address names: the data-pane of a link of the navigation
//   part(file)      Promise of a script of this page, which a view needs
//   load(listener)  Promise of { embed, bytes, ms }; the first call joins the load that is under way, one after a failure starts anew.
//                   listener({ file, loaded, total }) is called with what has come, the latest state at once
//   module()        Promise of lodestone.js
//   here()          whether the search's model is loaded, and model(lodestone) the address of its folder
//   shown()         the program draws the progress from now on
import './vugu-render.js';
import './wasm_exec.js';

const $ = (id) => document.getElementById(id);

/** The links of the navigation by the name of their view. */
const panes = new Map([...document.querySelectorAll('[data-pane]')].map((a) => [a.dataset.pane, a]));

/** The view that the address names; the first for any other address. */
function pane() {
  const name = /^#\/([a-z-]+)/.exec(location.hash)?.[1];
  return panes.has(name) ? name : panes.keys().next().value;
}

/** Shows what of a view is not the program's: its link, heading, introduction, form and the page's title. */
function showPane() {
  const name = pane();
  const { title, lede, skip } = panes.get(name).dataset;
  for (const [key, link] of panes) {
    if (key === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  for (const part of document.querySelectorAll('[data-only]')) part.hidden = part.dataset.only !== name;
  $('title').textContent = title;
  $('lede').textContent = lede;
  $('skip').textContent = skip === 'query' ? 'Skip to the search box' : 'Skip to the content';
  document.title = name === 'search' ? 'Lodestone: search by meaning, on your own machine' : `${title} · Lodestone`;
}

showPane();
addEventListener('hashchange', showPane);
// The fragment is the view's: skipping moves the focus and leaves the address.
$('skip').addEventListener('click', (e) => {
  e.preventDefault();
  const to = $(panes.get(pane()).dataset.skip);
  if (to.tabIndex < 0) to.tabIndex = -1;
  to.focus();
});
// Whoever follows a link of the navigation goes on reading at the heading of what it leads to.
for (const link of panes.values()) link.addEventListener('click', () => setTimeout(() => $('title').focus()));

/** A refusal in the form of the module's own errors. */
class PageError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'PageError';
    this.code = code;
  }
}

let current = null; // the load under way or done
let loaded = false; // it is done
let last = { file: '', loaded: 0, total: 0 };
let listener = null;
let booting = true;

function report(progress) {
  last = progress;
  listener?.(progress);
  if (!booting) return;
  const bar = $('boot-bar');
  if (!bar) return;
  if (progress.total > 0) bar.value = Math.round((100 * progress.loaded) / progress.total);
  const mb = (n) => (n / 1e6).toFixed(1);
  if (progress.loaded > 0) {
    $('boot-text').textContent = progress.total > 0
      ? `Loading the model ${mb(progress.loaded)} MB of ${mb(progress.total)} MB`
      : `Loading the model ${mb(progress.loaded)} MB`;
  }
}

/** The folder of the model: the bundled one, or ?model=PATH of the same origin. */
function chosenModel(lodestone) {
  const asked = new URLSearchParams(location.search).get('model');
  if (!asked) return lodestone.DEFAULT_MODEL;
  const url = new URL(asked, document.baseURI);
  if (url.origin !== location.origin) {
    throw new PageError('invalid_argument', `model: ${url.origin} is another site than ${location.origin}; this page reads models of its own site only`);
  }
  return url.href;
}

async function module() {
  try {
    return (globalThis.lodestone = await import('./lodestone.js'));
  } catch (e) {
    throw new PageError('network', `lodestone.js could not be loaded (${e.message}); check the connection and try again`);
  }
}

/** A script of this page. */
async function part(file) {
  try {
    return await import(file);
  } catch (e) {
    throw new PageError('network', `${file} could not be loaded (${e.message}); check the connection and try again`);
  }
}

async function start() {
  const begin = performance.now();
  const lodestone = await module();
  const sizes = new Map();
  const embed = await lodestone.pipeline('feature-extraction', chosenModel(lodestone), {
    dtype: 'q8',
    device: 'auto',
    progress_callback(event) {
      if (event.status === 'progress_total') report({ file: '', loaded: event.loaded, total: event.total });
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
    last = { file: '', loaded: 0, total: 0 };
    const attempt = start();
    current = attempt;
    attempt.catch(() => {
      if (current === attempt) current = null;
    });
  }
  listener?.(last);
  return current;
}

globalThis.lodestoneBoot = { pane, part, load, module, here: () => loaded, model: chosenModel, shown: () => { booting = false; } };

/** A fault before the program runs: shown where the program would stand. */
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

// (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt)): valid only where there is WebAssembly SIMD
const simdModule = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11]);

/** What stands in the place of a view until the program runs. */
function waiting() {
  const p = document.createElement('p');
  p.className = 'load';
  p.textContent = "Loading the page's program, 1.3 MB";
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
  go.run(instance).then(() => fault('The page stopped', 'Its program ended. Load the page again; nothing was stored.'));
}

// Until the program runs, Enter must not send the form anywhere; what was typed stays in the box.
$('search').addEventListener('submit', (e) => e.preventDefault());

if (typeof WebAssembly !== 'object' || !WebAssembly.validate(simdModule)) {
  fault('This browser cannot run the model', 'It has no WebAssembly SIMD. Chrome and Edge 91, Firefox 89 and Safari 16.4 have it, and all later ones.');
} else {
  if (pane() === 'search') load(null).catch(() => {}); // the program asks again and shows what went wrong
  else $('app').replaceChildren(waiting()); // other views load what they need when they are asked to
  program().catch((e) => fault('The page could not start', `${e.message}. Check the connection and try again.`));
}
