// Checks that the specs of the demo's views share.
import { expect, type Page } from '@playwright/test';

/** A fixture: the test fails if the page violates its policy, throws, or sends a request to another site. */
export async function quiet({ page, baseURL }: { page: Page; baseURL: string | undefined }, use: () => Promise<void>): Promise<void> {
  const seen: string[] = [];
  page.on('pageerror', (e) => seen.push(`error: ${e.message}`));
  page.on('request', (r) => {
    if (!r.url().startsWith(`${baseURL}/`) && !r.url().startsWith('data:')) seen.push(`request to ${r.url()}`);
  });
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { violations: seen });
    document.addEventListener('securitypolicyviolation', (e) => {
      // Playwright hides the caret in screenshots by an inline style of its own.
      if (e.effectiveDirective !== 'style-src-elem') seen.push(`policy: ${e.effectiveDirective} ${e.blockedURI}`);
    });
  });
  await use();
  const violations = await page.evaluate(() => (window as unknown as { violations?: string[] }).violations ?? []).catch(() => []);
  expect([...seen.filter((f) => !f.includes('style-src')), ...violations]).toEqual([]);
}

/** Faults in names, ids, references and headings. */
export function faults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const out: string[] = [];
    const say = (e: Element, why: string) => out.push(`${why}: ${e.outerHTML.slice(0, 120)}`);
    const ids = new Set<string>();
    for (const e of document.querySelectorAll('[id]')) {
      if (ids.has(e.id)) say(e, 'the id twice');
      ids.add(e.id);
    }
    for (const e of document.querySelectorAll('button, a[href], input:not([hidden] *), select, textarea, progress, canvas[tabindex], section, summary, [role=group], [role=img], [role=application], table')) {
      const by = e.getAttribute('aria-labelledby');
      const labels = (e as HTMLInputElement).labels;
      const name = by
        ? by.split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ')
        : (e.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? e.textContent ?? '');
      if (!name.trim()) say(e, 'no name');
    }
    for (const a of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
      for (const e of document.querySelectorAll(`[${a}]`)) {
        for (const id of e.getAttribute(a)!.split(' ')) if (!ids.has(id)) say(e, `${a} names nothing`);
      }
    }
    for (const e of document.querySelectorAll('img')) if (!e.hasAttribute('alt')) say(e, 'no alt');
    let level = 0;
    for (const e of document.querySelectorAll('h1, h2, h3')) {
      const l = Number(e.tagName[1]);
      if (l > level + 1) say(e, 'a heading level is left out');
      level = l;
    }
    if (document.querySelectorAll('h1').length !== 1) out.push('not one h1');
    if (document.querySelectorAll('main').length !== 1) out.push('not one main');
    if (!document.documentElement.lang) out.push('no language');
    if (document.querySelectorAll('#live[role=status][aria-live=polite]').length !== 1) out.push('no live region');
    return out;
  });
}
