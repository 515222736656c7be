// Chromium and Firefox ESR for the tests of the package, and the vector that the normal build
// gives in each.
import { chromium, firefox } from '@playwright/test';
import { serve } from './serve.mjs';
import { dist, model } from './paths.mjs';

const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
/** The text that every fixture turns into a vector. */
export const TEXT = 'good morning';
/** Where every fixture finds the model. */
export const MODEL = { '/model/': `${model}/` };

const LIMIT = 240_000; // milliseconds; ends what hangs, not what is slow
const GRACE = 30_000; // for a page to show its own error, after the browser has reported one

const CHROMIUM = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
};

/** Starts both browsers. */
export async function launch() {
  const opened = {
    chromium: await chromium.launch(CHROMIUM),
    firefox: await firefox.launch({ channel: 'moz-firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr' }),
  };
  const vectors = {};
  for (const [name, browser] of Object.entries(opened)) vectors[name] = await reference(browser);
  return {
    names: Object.keys(opened),
    vectors,
    show: (name, url) => show(opened[name], url),
    text: (name, url, pattern) => text(opened[name], url, pattern).then((r) => r.text),
    close: () => Promise.all(Object.values(opened).map((b) => b.close())),
  };
}

/** What a page of an unpacked extension shows in Chromium. The extension is loaded as a developer loads it. */
export async function showExtension(folder, profile, url) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM.executablePath,
    headless: true,
    ignoreDefaultArgs: ['--disable-extensions'],
    args: [...CHROMIUM.args, `--disable-extensions-except=${folder}`, `--load-extension=${folder}`],
  });
  try {
    return await show(context, url);
  } finally {
    await context.close();
  }
}

/** What a page of a fixture shows: the JSON in its body. */
async function show(browser, url) {
  const { text: json, violations } = await text(browser, url, /^\{[^]*\}$/);
  return { ...JSON.parse(json), violations };
}

/** The text of a page, once it has a form, and the violations of its policy. */
async function text(browser, url, pattern) {
  const page = await browser.newPage();
  try {
    const failures = [];
    page.on('pageerror', (e) => failures.push(`${e.name}: ${e.message}`));
    await page.addInitScript(() => {
      globalThis.violations = [];
      addEventListener('securitypolicyviolation', (e) => globalThis.violations.push(`${e.violatedDirective}: ${e.blockedURI}`));
    });
    await page.goto(url, { waitUntil: 'commit', timeout: LIMIT }); // a development server may take long to build its first answer
    let over = false;
    const end = () => (over = true);
    const timers = [setTimeout(end, LIMIT)];
    // Firefox reports in this way, too, what a policy or CORS blocks: the page may go on, and show its own error.
    page.on('pageerror', () => timers.push(setTimeout(end, GRACE)));
    if (failures.length > 0) timers.push(setTimeout(end, GRACE));
    try {
      for (;;) {
        const text = (await page.evaluate(() => document.body?.textContent ?? '').catch(() => '')).trim(); // Vite may reload the page
        if (pattern.test(text)) return { text, violations: await page.evaluate(() => globalThis.violations) };
        if (over) throw new Error(`${url}: ${failures.join('; ') || `nothing after ${LIMIT / 1000} seconds`}; the page shows ${JSON.stringify(text.slice(0, 200))}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    } finally {
      timers.forEach(clearTimeout);
    }
  } finally {
    await page.close();
  }
}

/** The vector of the normal build with each of the kernels that the browser has, by the kernels' name. */
async function reference(browser) {
  const server = await serve(dist, { mounts: MODEL, headers: () => ISOLATED });
  const page = await browser.newPage();
  try {
    await page.goto(`${server.url}/collection.tsv`, { timeout: LIMIT }); // of this origin, and runs nothing
    return await page.evaluate(async (text) => {
      const { pipeline } = await import('/lodestone.js');
      const vectors = {};
      for (const kernels of ['simd128', 'relaxed', 'fused', 'fused8']) {
        const embed = await pipeline('feature-extraction', '/model/', { kernels }).catch(() => null); // this form does not compute rightly here
        if (!embed) continue;
        vectors[kernels] = Array.from((await embed(text, { pooling: 'prompt' })).data);
        await embed.dispose();
      }
      return vectors;
    }, TEXT);
  } finally {
    await page.close();
    await server.close();
  }
}
