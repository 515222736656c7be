// Accessibility by axe-core, which the tests put into the page.
import { readFileSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';

const source = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

interface Axe {
  run(context: Document, options: object): Promise<{ violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[] }>;
}

/** Fails if axe-core finds a violation of WCAG 2.2 A or AA, or of its best practices. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(source); // not as a script element, which the page's policy forbids
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe };
    const { violations } = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.html.slice(0, 160)} (${n.failureSummary.split('\n').slice(0, 2).join(' ')})`).join('; ')}`);
  });
  expect(found).toEqual([]);
}
