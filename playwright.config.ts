// The browser tests: make e2e. They drive web/dist, which make build makes, in the
// system's Chromium and Firefox ESR; nothing is downloaded.
import { defineConfig } from '@playwright/test';

const chromium = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
};
const gpu = /webgpu(-loss)?\.spec\.ts/;
const port = Number(process.env['E2E_PORT'] ?? 4173);

// Specs that pass in Chromium and have not been run to their end in Firefox.
const notYetInFirefox = ['addresses', 'cache', 'docs', 'elements', 'migration', 'parity', 'wording'].map((name) => `**/${name}.spec.ts`);

// What Playwright's driver of Firefox cannot do: see the spec.
const notInFirefox = '**/demo-print.spec.ts';

export default defineConfig({
  testDir: 'web/e2e',
  outputDir: 'test-results',
  // Limits end what hangs; a busy machine with two slow cores takes several times as long as an idle one.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  fullyParallel: false,
  // The tests measure time and memory: one at a time.
  workers: 1,
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
      testIgnore: gpu,
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
      testIgnore: [gpu, notInFirefox, ...notYetInFirefox],
      use: {
        browserName: 'firefox',
        channel: 'moz-firefox',
        launchOptions: { executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr' },
      },
    },
  ],
});
