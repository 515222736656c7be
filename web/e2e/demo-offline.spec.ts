// The demo without a network, after one visit. The other specs of the demo block service workers, which would answer what they intercept.
import { expect, type Page, test } from '@playwright/test';

test.use({ serviceWorkers: 'allow' });

const hits = (page: Page) => page.locator('#hits li');
const note = (page: Page) => page.getByText('This page is stored: it opens without a network, too.');

/** A first visit, to the end of what it stores. */
async function visit(page: Page): Promise<void> {
  await page.goto('/');
  await expect(page.locator('#facts')).toContainText('240 sentences embedded', { timeout: 120_000 });
  await expect(note(page)).toBeVisible({ timeout: 120_000 });
}

test('after one visit, the demo opens and searches without a network', async ({ page, context }) => {
  await visit(page);
  await context.setOffline(true);
  await page.reload();
  await expect(page.locator('#facts')).toContainText('240 sentences embedded', { timeout: 120_000 });
  await page.getByRole('searchbox', { name: 'Search the sentences' }).fill('ich bin müde');
  await expect(hits(page).first()).toContainText(/fatigué|tired|müde/);

  // A model that was never loaded is not there: the view says why, and works when the network is back.
  await page.getByRole('link', { name: 'Translate' }).click();
  await page.getByRole('button', { name: /^Load/ }).click();
  const alert = page.getByRole('region', { name: 'The translator could not be loaded' });
  await expect(alert).toContainText('the server cannot be reached', { timeout: 60_000 });
  await context.setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(alert).toBeHidden({ timeout: 120_000 });
  await page.getByRole('button', { name: 'Das Wetter ist heute schön.' }).click();
  await expect(page.getByRole('group', { name: 'English' })).toContainText(/weather/i, { timeout: 120_000 });
});

test('while there is a network, files come from it, so that a new version is seen at once', async ({ page }) => {
  await visit(page);
  const sources = await page.evaluate(async () => {
    const names = await caches.keys();
    const cache = await caches.open(names[0]!);
    await cache.put(new URL('demo.css', location.href), new Response('stale', { headers: { 'content-type': 'text/css' } }));
    return { names, text: await (await fetch('./demo.css')).text(), other: (await fetch('./models/')).status };
  });
  expect(sources.names).toEqual([expect.stringMatching(/^lodestone-demo-[0-9a-f]{16}$/)]);
  expect(sources.text).toContain('.promise');
  expect(sources.other).toBe(404); // not a file of the page: the service worker leaves it alone
});
