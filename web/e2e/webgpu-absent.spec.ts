// A browser without a WebGPU adapter: headless Chromium without --enable-unsafe-webgpu, and
// Firefox ESR, which has no WebGPU on Linux.
import { expect, type ConsoleMessage } from '@playwright/test';
import { test } from './harness.js';

test('without an adapter the model runs on the processor, and the reason is there to read', async ({ page, browserName }) => {
  const warnings: string[] = [];
  const fetched: string[] = [];
  page.on('console', (m: ConsoleMessage) => void (m.type() === 'warning' && warnings.push(m.text())));
  page.on('request', (r) => fetched.push(new URL(r.url()).pathname));
  const r = await page.evaluate(async () => {
    const run = async (device: 'auto' | 'wasm' | 'webgpu') => {
      const embed = await globalThis.lodestone.pipeline('feature-extraction', globalThis.lodestone.DEFAULT_MODEL, { device });
      const { data } = await embed('Guten Morgen');
      const { webgpu, reasons } = embed.capabilities();
      await embed.dispose();
      return { device: embed.device, webgpu, reason: reasons.webgpu, data: [...data] };
    };
    return { auto: await run('auto'), wasm: await run('wasm'), webgpu: await run('webgpu') };
  });
  const why = browserName === 'firefox' ? 'this browser has no WebGPU' : 'this browser offers no WebGPU adapter';
  for (const device of ['auto', 'webgpu'] as const) {
    expect([r[device].device, r[device].webgpu, r[device].reason]).toEqual(['wasm', false, why]);
    expect(r[device].data).toEqual(r.wasm.data);
  }
  expect(r.wasm.reason).toBe("device 'wasm' was asked for");
  // Only who asked for the GPU is warned; nobody downloads its bridge.
  expect(warnings.filter((w) => w.includes('GPU'))).toEqual([`Lodestone: the model runs on the processor, not on the GPU: ${why}`]);
  expect(fetched).not.toContain('/webgpu.js');
});
