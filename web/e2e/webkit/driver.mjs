// WebKitGTK's MiniBrowser, driven by WebDriver (https://www.w3.org/TR/webdriver2/) over
// plain HTTP: WebKitWebDriver starts the browser, on a screen that Xvfb makes up.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { start, within } from './processes.mjs';

/** What WebDriver calls a reference to an element: https://www.w3.org/TR/webdriver2/#elements */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** How long one command may take, in ms. Scripts and pages have shorter limits of their own. */
const COMMAND = 300_000;

/** A browser with one window; close() is to be called whatever happens. */
export async function openBrowser({ scriptTimeout = 240_000, pageTimeout = 60_000 } = {}) {
  // The browser's home: its caches and settings are nobody's, and go afterwards.
  const home = mkdtempSync(path.join(os.tmpdir(), 'lodestone-webkit-'));
  process.on('exit', () => removeFolder(home));
  mkdirSync(path.join(home, 'run'), { mode: 0o700 });
  const driver = await startDriver({
    DISPLAY: await startScreen(),
    HOME: home,
    XDG_CACHE_HOME: path.join(home, 'cache'),
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_DATA_HOME: path.join(home, 'data'),
    XDG_RUNTIME_DIR: path.join(home, 'run'),
    GDK_BACKEND: 'x11',
    GSETTINGS_BACKEND: 'memory',
    DBUS_SESSION_BUS_ADDRESS: 'disabled:', // or a bus is started, which nobody ends
    NO_AT_BRIDGE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
  });
  const { sessionId, capabilities } = await driver.send('POST', '/session', {
    capabilities: { alwaysMatch: { timeouts: { script: scriptTimeout, pageLoad: pageTimeout } } },
  });
  const send = (method, command, body) => driver.send(method, `/session/${sessionId}${command}`, body);
  return {
    name: `${capabilities.browserName} ${capabilities.browserVersion}`,
    goto: (url) => send('POST', '/url', { url }),
    /** Runs a function of the page with arguments that JSON has; it may return a promise. */
    async evaluate(f, ...args) {
      const script = `
        const done = arguments[arguments.length - 1];
        const args = Array.prototype.slice.call(arguments, 0, -1);
        (async () => (${f})(...args))().then(
          (value) => done({ value }),
          (e) => done({ error: String(e) + '\\n' + (e && e.stack) }));`;
      const r = await send('POST', '/execute/async', { script, args });
      if (r.error !== undefined) throw new Error(`in the page: ${r.error}`);
      return r.value;
    },
    /** Waits until a function of the page returns something true, and returns it. */
    async waitFor(what, ms, f, ...args) {
      const began = performance.now();
      for (;;) {
        const value = await this.evaluate(f, ...args);
        if (value) return value;
        if (performance.now() - began > ms) {
          const shown = await this.evaluate(() => document.body?.innerText ?? '');
          throw new Error(`webkit: waited ${ms / 1000} s for ${what}; the page says: ${shown.slice(0, 500)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    /** Types text into an element, as a keyboard does. */
    async type(selector, text) {
      const found = await send('POST', '/element', { using: 'css selector', value: selector });
      await send('POST', `/element/${found[ELEMENT]}/value`, { text });
    },
    close: () => driver.send('DELETE', `/session/${sessionId}`),
  };
}

/** An X server on a display that was free; returns its name. */
async function startScreen() {
  const args = ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp', '-noreset'];
  const server = start('Xvfb', args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  const number = new Promise((resolve) => {
    let text = '';
    server.child.stdio[3].setEncoding('utf8').on('data', (part) => {
      text += part;
      if (text.includes('\n')) resolve(text.trim()); // it takes clients from now on
    });
  });
  return `:${await within(15_000, 'the screen', server, number)}`;
}

/** WebKitWebDriver on a port that was free; send gives the value of its answer. */
async function startDriver(env) {
  const port = await freePort();
  const driver = start('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], { env });
  const send = (method, command, body) => within(COMMAND, `${method} ${command}`, driver, request(port, method, command, body));
  const ready = async () => {
    for (;;) {
      try {
        return await request(port, 'GET', '/status');
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50)); // it does not listen yet
      }
    }
  };
  await within(15_000, 'the driver', driver, ready());
  return { send };
}

async function request(port, method, command, body) {
  const response = await fetch(`http://127.0.0.1:${port}${command}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    signal: AbortSignal.timeout(COMMAND),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`webkit: ${method} ${command}: ${value.error}: ${value.message}`);
  return value;
}

function removeFolder(folder) {
  try {
    // Again, while processes that have been killed still finish a file.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  } catch (e) {
    console.error(`webkit: ${folder} is left: ${e.message}`);
  }
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
