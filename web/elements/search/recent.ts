// Recent searches: on this device only, and only where the page asks for them.
import { fromJSON, push, toJSON } from '../shared/captured.js';

const KEY = 'lodestone-search-recent';

/** The recent searches, the newest first; none if the browser keeps nothing. */
export function recentSearches(): string[] {
  try {
    const stored = fromJSON(localStorage.getItem(KEY) ?? '[]') as unknown;
    const out: string[] = [];
    if (Array.isArray(stored)) for (let i = 0; i < stored.length; i++) if (typeof stored[i] === 'string') push(out, stored[i] as string);
    return out;
  } catch {
    return [];
  }
}

/** Puts a search in front of the others, of which at most `most` stay. */
export function remember(query: string, most: number): void {
  const text = query.trim().slice(0, 200);
  if (!text) return;
  const before = recentSearches();
  const list = [text];
  for (let i = 0; i < before.length && list.length < most; i++) if (before[i] !== text) push(list, before[i]!);
  try {
    localStorage.setItem(KEY, toJSON(list));
  } catch {
    // A full or forbidden storage keeps nothing.
  }
}

export function forgetRecent(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // A forbidden storage holds nothing.
  }
}
