// The browser tests: make e2e. They drive web/dist, which make build makes, in the
// system's Chromium and Firefox ESR; nothing is downloaded.
import { defineConfig } from '@playwright/test';

// What Playwright turns off, since a second --disable-features takes the place of the first, and two pages of the
// browser's own that each window would load, which takes as long as a short test.
const off = [
  'AvoidUnnecessaryBeforeUnloadCheckSync', 'BoundaryEventDispatchTracksNodeRemoval', 'DestroyProfileOnBrowserClose', 'DialMediaRouteProvider', 'GlobalMediaControls',
  'HttpsUpgrades', 'LensOverlay', 'MediaRouter', 'PaintHolding', 'ThirdPartyStoragePartitioning', 'BlockOriginHeaderModificationOnRedirect', 'Translate', 'AutoDeElevate',
  'OptimizationHints', 'WebUIOmniboxPopup', 'WebUIOmniboxAimPopup',
];
const chromium = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', `--disable-features=${off.join()}`],
};
const gpu = /webgpu(-loss)?\.spec\.ts/;
/** What takes long: attacks and faults, limits that have to pass, every number of threads. */
const long = /\/(attacks|cache|faults|memory|soak|supervisor|threads)\.spec\.ts/;
const port = Number(process.env['E2E_PORT'] ?? 4173);

// Specs of what a browser decides: loading, storage, workers, memory, kernels, what is drawn and pressed. The others, of what Go
// and TypeScript compute, run in Firefox, too, with E2E_ALL=1.
const notInFirefox = '**/demo-print.spec.ts'; // emulateMedia has no effect there
const firefox = process.env['E2E_ALL']
  ? ['*']
  : ['api', 'attacks', 'cache', 'demo*', 'elements', 'engine', 'errors', 'examples', 'faults', 'golden-vectors', 'kernels', 'memory', 'supervisor', 'surface', 'vectors', 'webgpu-absent'];

export default defineConfig({
  testDir: 'web/e2e',
  outputDir: 'test-results',
  // Limits end what hangs; a busy machine with two slow cores takes several times as long as an idle one.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  fullyParallel: false,
  // Many tests wait, for a pause or a limit; none compares times.
  workers: Number(process.env['E2E_WORKERS'] ?? 2),
  forbidOnly: true,
  retries: process.env['CI'] ? 2 : 0, // browsers on a busy machine now and then lose an event; a retry is reported as flaky
  use: { baseURL: `http://127.0.0.1:${port}`, serviceWorkers: 'block' }, // demo-offline.spec.ts allows them
  webServer: {
    command: `go run ./web/e2e/server -addr 127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/e2e/`,
    timeout: 180_000,
    reuseExistingServer: false,
    stdout: 'ignore',
    stderr: 'pipe',
    gracefulShutdown: { signal: 'SIGTERM', timeout: 2000 },
  },
  projects: [
    {
      name: 'chromium',
      testIgnore: [gpu, long],
      use: { browserName: 'chromium', launchOptions: chromium },
    },
    {
      name: 'chromium-long',
      testMatch: long,
      use: { browserName: 'chromium', launchOptions: chromium },
    },
    {
      // Chromium with a software adapter of WebGPU, SwiftShader.
      name: 'webgpu',
      testMatch: gpu,
      use: { browserName: 'chromium', launchOptions: { ...chromium, args: [...chromium.args, '--enable-unsafe-webgpu'] } },
    },
    {
      name: 'firefox',
      testMatch: firefox.map((name) => `**/${name}.spec.ts`),
      testIgnore: [gpu, notInFirefox],
      use: {
        browserName: 'firefox',
        channel: 'moz-firefox',
        launchOptions: { executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr' },
      },
    },
  ],
});
