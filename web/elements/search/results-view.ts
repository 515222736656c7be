// The list of results: a listbox with a group for each page and an option for each passage.
import { appendChild, Captured, getAttribute, map, push, queryAll, setAttribute, setText } from '../shared/captured.js';
import { type Child, icon, make, refill } from '../shared/dom.js';
import type { ResultPage, ResultPassage, SearchAnswer } from './searcher.js';

/** What an option stands for. */
export type Choice = { kind: 'result'; page: ResultPage; passage: ResultPassage } | { kind: 'recent'; query: string };

export interface Option {
  element: HTMLElement;
  choice: Choice;
}

const CLOCK = 'M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z';

/** Fills a listbox with results; returns its options. */
export function showResults(list: HTMLElement, answer: SearchAnswer, template: HTMLTemplateElement | null): Option[] {
  const options: Option[] = [];
  refill(
    list,
    map(answer.pages, (page, i) => {
      const id = `page-${i}`;
      const path = addressLine(page.url);
      const title = make('div', { class: 'page-title', part: 'title', id }, [make('span', null, marked(page.title, page.titleMarks)), path ? make('span', { class: 'path', part: 'path', 'aria-hidden': 'true' }, path) : null]);
      const group = make('div', { role: 'group', class: 'page', part: 'page', 'aria-labelledby': id }, title);
      for (let j = 0; j < page.passages.length; j++) {
        const passage = page.passages[j]!;
        const element = make('a', { role: 'option', class: 'option', part: 'result', id: `option-${options.length}`, href: passage.url, tabindex: -1, 'aria-selected': 'false' }, template ? filled(template, page, passage) : usual(page, passage));
        if (page.language) setAttribute(element, 'lang', page.language);
        appendChild(group, element);
        push(options, { element, choice: { kind: 'result', page, passage } });
      }
      return group;
    }),
  );
  return options;
}

/** Fills a listbox with recent searches. */
export function showRecent(list: HTMLElement, queries: readonly string[]): Option[] {
  const options = map(queries, (query, i): Option => ({
    element: make('div', { role: 'option', class: 'option recent', part: 'recent', id: `option-${i}`, 'aria-selected': 'false' }, [icon(CLOCK), query]),
    choice: { kind: 'recent', query },
  }));
  refill(list, map(options, (o) => o.element));
  return options;
}

function usual(page: ResultPage, passage: ResultPassage): Child[] {
  return [
    section(page, passage),
    make('span', { class: 'excerpt', part: 'excerpt' }, marked(passage.excerpt, passage.marks)),
  ];
}

/** The headings above a passage, without the one that is the group's title. */
function section(page: ResultPage, { headings }: ResultPassage): Child {
  let text = '';
  for (let i = 0; i < headings.length; i++) if (headings[i] !== page.title) text += (text && ' › ') + headings[i]!;
  return text && make('span', { class: 'section', part: 'section' }, text);
}

/** A copy of the page's template, with its data-field elements filled. */
function filled(template: HTMLTemplateElement, page: ResultPage, passage: ResultPassage): Child {
  const copy = template.content.cloneNode(true) as DocumentFragment;
  const box = make('span', { class: 'template' });
  appendChild(box, copy);
  const fields = queryAll(box, '[data-field]');
  for (let i = 0; i < fields.length; i++) {
    const name = getAttribute(fields[i]!, 'data-field');
    if (name === 'title') refill(fields[i]!, marked(page.title, page.titleMarks));
    else if (name === 'excerpt') refill(fields[i]!, marked(passage.excerpt, passage.marks));
    else if (name === 'section') refill(fields[i]!, section(page, passage));
    else if (name === 'url') setText(fields[i]!, addressLine(page.url));
    else setText(fields[i]!, page.attributes[name ?? ''] ?? '');
  }
  return box;
}

/** A text with its found words in mark elements. */
function marked(text: string, marks: ResultPassage['marks']): Child[] {
  const out: Child[] = [];
  let end = 0;
  for (let i = 0; i < marks.length; i++) {
    push(out, text.slice(end, marks[i]![0]));
    push(out, make('mark', { part: 'mark' }, text.slice(marks[i]![0], marks[i]![1])));
    end = marks[i]![1];
  }
  push(out, text.slice(end));
  return out;
}

/** The path of an address, as a reader knows it: without index.html and what stands behind # and ?. */
function addressLine(url: string): string {
  try {
    const { pathname } = new Captured.URL(url);
    if (pathname === location.pathname) return ''; // the reader is there
    return decodeURIComponent(pathname).replace(/(?:index)?\.html?$/, '').replace(/^\/|\/$/g, '').replaceAll('/', ' › ');
  } catch {
    return '';
  }
}
