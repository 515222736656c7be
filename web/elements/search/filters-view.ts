// The filters: for each facet of the index a list of values to check.
import { appendChild, getAttribute, map, queryAll, push } from '../shared/captured.js';
import { make, refill } from '../shared/dom.js';
import type { Facet } from './source.js';

/** The values of a facet that are shown. */
const SHOWN = 12;

/** Fills a box with checkboxes for the facets, and with what stands behind them. */
export function showFilters(box: HTMLElement, facets: readonly Facet[], checked: Readonly<Record<string, readonly string[]>>, last: HTMLElement): void {
  refill(
    box,
    map(facets, (facet) => {
      const group = make('fieldset', { class: 'facet', part: 'facet' }, make('legend', null, facet.name));
      for (let i = 0; i < facet.values.length && i < SHOWN; i++) {
        const value = facet.values[i]![0];
        const input = make('input', { type: 'checkbox', 'data-facet': facet.name, 'data-value': value });
        input.checked = has(checked[facet.name], value);
        appendChild(group, make('label', { class: 'value', part: 'facet-value' }, [input, make('span', null, value), make('span', { class: 'count' }, `${facet.values[i]![1]}`)]));
      }
      return group;
    }),
  );
  appendChild(box, last);
}

/** What is checked in the box: values by facet. */
export function checkedIn(box: HTMLElement): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  const inputs = queryAll(box, 'input') as NodeListOf<HTMLInputElement>;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    if (input.checked) push((out[getAttribute(input, 'data-facet')!] ??= []), getAttribute(input, 'data-value')!);
  }
  return out;
}

function has(list: readonly string[] | undefined, item: string): boolean {
  if (list) for (let i = 0; i < list.length; i++) if (list[i] === item) return true;
  return false;
}
