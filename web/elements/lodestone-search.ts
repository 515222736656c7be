/**
 * <lodestone-search src="/search/"> searches a site by keywords and by meaning, in the page.
 *
 *     <script type="module" src="/lodestone/elements/lodestone-search.js"></script>
 *     <lodestone-search src="/search/"></lodestone-search>
 *
 * web/docs/widget.md describes attributes, events, methods, slots, parts and variables.
 */
import { clearTimer, focus, getAttribute, listen, push, registerElement, scrollIntoView, setAttribute, setText, setTimer } from './shared/captured.js';
import { icon, make, refill, setOrRemove } from './shared/dom.js';
import { LodestoneElement } from './shared/element.js';
import type { Strings } from './shared/strings.js';
import { bytes } from './search/budget.js';
import { checkedIn, showFilters } from './search/filters-view.js';
import { type Choice, type Option, showRecent, showResults } from './search/results-view.js';
import { clearMark, markBlock } from './search/passage-mark.js';
import { forgetRecent, recentSearches, remember } from './search/recent.js';
import type { SearchAnswer } from './search/searcher.js';
import { SearchSession } from './search/session.js';
import type { Problem } from './search/wire.js';
import css from './lodestone-search.css';

const LENS = 'M21 21l-4.3-4.3M18 11a7 7 0 1 1-14 0 7 7 0 0 1 14 0z';
const CROSS = 'M6 6l12 12M18 6L6 18';

/** How long a reader's typing rests before the count of results is announced. */
const ANNOUNCE_MS = 600;
/** Queries that are remembered were looked at for so long, or chosen from. */
const MOST_RECENT = 8;

export class LodestoneSearch extends LodestoneElement {
  static observedAttributes = ['src', 'scope', 'mode', 'placeholder', 'label', 'budget', 'engine-budget', 'engine', 'model', 'limit', 'meaning', 'theme', 'lang'];

  #session: SearchSession;
  #answer: SearchAnswer | null = null;
  #options: Option[] = [];
  #active = -1;
  #query = '';
  #expanded = false;
  #announcing = 0;
  #waiting: { query: string; resolve: (answer: SearchAnswer | null) => void }[] = [];

  // What render makes.
  #input!: HTMLInputElement;
  #clear!: HTMLButtonElement;
  #panel!: HTMLElement;
  #notes!: HTMLElement;
  #filters!: HTMLDetailsElement;
  #facets!: HTMLElement;
  #list!: HTMLElement;
  #empty!: HTMLElement;
  #foot!: HTMLElement;
  #live!: HTMLElement;
  #dialog: HTMLDialogElement | null = null;

  constructor() {
    super(css);
    this.#session = new SearchSession({
      answer: (answer) => this.guard(() => this.#show(answer)),
      failed: (problem, message) => this.guard(() => this.#fail(problem, message)),
      state: () => this.guard(() => this.#showFoot()),
    });
  }

  /** The text that is searched. */
  get query(): string {
    return this.#query;
  }

  /** The last answer, or null. */
  get answer(): SearchAnswer | null {
    return this.#answer;
  }

  /** Bytes of the index that were transferred. */
  get transferred(): number {
    return this.#answer?.transferred ?? 0;
  }

  /** Searches as if the text had been typed; resolves to the last answer, or null if a newer search came or it failed. */
  search(query: string): Promise<SearchAnswer | null> {
    return new Promise((resolve) => {
      this.guard(() => {
        push(this.#waiting, { query, resolve });
        this.#input.value = query;
        this.#expand(true);
        this.#changed();
        if (!query.trim()) this.#settle(null);
      });
    });
  }

  /** Opens the dialog, or the list of results. */
  open(): void {
    this.guard(() => {
      this.#prepare();
      if (this.#dialog && !this.#dialog.open) this.#dialog.showModal();
      focus(this.#input);
      this.#input.select();
      this.#expand(true);
    });
  }

  /** Closes the dialog or the list; what was typed stays. */
  close(): void {
    this.guard(() => {
      this.#expand(false);
      if (this.#dialog?.open) this.#dialog.close();
    });
  }

  /** Empties the box and removes the mark on the page. */
  clear(): void {
    this.guard(() => {
      this.#input.value = '';
      clearMark();
      this.#changed();
    });
  }

  /** Reads the index, or the page's text, again. */
  refresh(): void {
    this.guard(() => {
      this.#session.end();
      if (this.isConnected) this.#prepare();
      if (this.#query) this.#changed();
    });
  }

  override focus(options?: FocusOptions): void {
    focus(this.#input, options);
  }

  protected override render(): void {
    const w = this.words;
    const dialog = this.attribute('mode') === 'dialog';
    const label = this.attribute('label') ?? w.say('search');
    this.#input = make('input', {
      class: 'input', part: 'input', type: 'text', role: 'combobox', 'aria-label': label, 'aria-expanded': 'false', 'aria-controls': 'list', 'aria-autocomplete': 'list', 'aria-haspopup': 'listbox',
      placeholder: this.attribute('placeholder') ?? w.say('placeholder'), autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', enterkeyhint: 'search', inputmode: 'search',
    });
    this.#input.value = this.#query;
    this.#clear = make('button', { type: 'button', class: 'plain icon', part: 'clear', 'aria-label': w.say('clear'), hidden: true }, icon(CROSS));
    const close = dialog ? make('button', { type: 'button', class: 'plain close', part: 'close' }, w.say('close')) : null;
    const field = make('div', { class: 'field', part: 'field' }, [make('slot', { name: 'icon' }, icon(LENS)), this.#input, this.#clear, close]);
    this.#notes = make('div', { class: 'notes', part: 'notes' });
    this.#facets = make('div', { class: 'facets' });
    this.#filters = make('details', { class: 'filters', part: 'filters', hidden: true }, [make('summary', null, w.say('filters')), this.#facets]);
    this.#list = make('div', { class: 'list', part: 'results', role: 'listbox', id: 'list', 'aria-label': label });
    this.#empty = make('div', { class: 'empty', part: 'empty', hidden: true });
    this.#foot = make('div', { class: 'foot', part: 'footer' });
    this.#panel = make('div', { class: 'panel', part: 'panel', hidden: true }, [this.#notes, this.#filters, this.#list, this.#empty, this.#foot, make('slot', { name: 'footer' })]);
    this.#live = make('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
    const search = make('div', { class: dialog ? 'search in-dialog' : 'search', role: 'search', 'aria-label': label }, [field, this.#panel, this.#live]);

    if (dialog) {
      const trigger = make('button', { type: 'button', class: 'trigger no-print', part: 'trigger', 'aria-haspopup': 'dialog', 'aria-keyshortcuts': this.#hotkey() ? 'Control+K Meta+K' : null }, [
        make('slot', { name: 'trigger' }, [icon(LENS), make('span', { class: 'trigger-text' }, label)]),
        this.#hotkey() ? make('kbd', { 'aria-hidden': 'true' }, /Mac|iP/.test(navigator.platform) ? '⌘K' : 'Ctrl K') : null,
      ]);
      this.#dialog = make('dialog', { class: 'dialog', part: 'dialog', 'aria-label': label }, search);
      refill(this.body, [trigger, this.#dialog]);
      this.on(trigger, 'click', () => this.open());
      this.on(close!, 'click', () => this.close());
      this.on(this.#dialog, 'close', () => this.#expand(false));
      this.on(this.#dialog, 'click', (e) => {
        if (e.target === this.#dialog) this.close(); // the backdrop
      });
    } else {
      this.#dialog = null;
      refill(this.body, search);
      this.on(search, 'focusout', (e) => {
        const to = (e as FocusEvent).relatedTarget as Node | null;
        if (to && !search.contains(to)) this.#expand(false);
      });
    }
    setOrRemove(this.body, 'data-mode', dialog ? 'dialog' : 'inline');
    this.on(this.#input, 'input', () => {
      this.#expand(true);
      this.#changed();
    });
    this.on(this.#input, 'focus', () => {
      this.#prepare();
      if (this.#query || this.attribute('recent') !== null) this.#expand(true);
    });
    this.on(this.#input, 'click', () => this.#expand(true));
    this.on(this.#input, 'keydown', (e) => this.#key(e as KeyboardEvent));
    this.on(this.#panel, 'keydown', (e) => {
      if ((e as KeyboardEvent).key === 'Escape' && !this.#dialog) {
        this.#expand(false);
        focus(this.#input);
      }
    });
    this.on(this.#clear, 'click', () => {
      this.clear();
      focus(this.#input);
    });
    this.on(this.#list, 'mousedown', (e) => {
      if ((e as MouseEvent).button === 0) e.preventDefault(); // the focus stays in the box
    });
    this.on(this.#list, 'click', (e) => this.#click(e as MouseEvent));
    this.on(this.#facets, 'change', () => {
      this.#session.filters = checkedIn(this.#facets);
      this.#changed();
    });
    this.#draw();
  }

  protected override connected(life: AbortSignal): void {
    if (this.#hotkey()) {
      listen(
        document,
        'keydown',
        (event) => {
          const e = event as KeyboardEvent;
          if (e.defaultPrevented || e.altKey || e.shiftKey || !(e.ctrlKey || e.metaKey) || e.key.toLowerCase() !== 'k') return;
          e.preventDefault();
          this.open();
        },
        { signal: life },
      );
    }
    this.on(document, 'pointerdown', (e) => {
      const path = e.composedPath();
      for (let i = 0; i < path.length; i++) if (path[i] === this) return;
      if (!this.#dialog) this.#expand(false);
    });
  }

  protected override disconnected(): void {
    clearTimer(this.#announcing);
    clearMark();
    this.#session.end();
    this.#settle(null);
    this.#expanded = false;
  }

  protected override changed(name: string): void {
    if (name === 'mode' || name === 'placeholder' || name === 'label') this.render();
    else if (name === 'src' || name === 'scope') this.refresh();
    else if (this.#session.opened) this.#prepare();
  }

  /** The Ctrl-K of the dialog; the box in the page has it only if asked. */
  #hotkey(): boolean {
    const hotkey = this.attribute('hotkey');
    return hotkey === null ? this.attribute('mode') === 'dialog' : hotkey !== 'none';
  }

  /** Opens the index: at the first sign that somebody wants to search. */
  #prepare(): void {
    const budget = bytes(this.attribute('budget'), Infinity);
    this.#session.open({
      src: this.address('src'),
      scope: this.attribute('scope'),
      budget,
      limit: Math.min(50, Math.max(1, Number(this.attribute('limit')) || 8)),
      meaning: this.attribute('meaning') !== 'off',
      engine: this.attribute('engine') ?? 'off',
      model: this.address('model'),
      engineBudget: bytes(this.attribute('engine-budget'), Infinity),
    });
  }

  #changed(): void {
    this.#query = this.#input.value;
    this.#clear.hidden = this.#query === '';
    if (this.#query.trim()) {
      this.#prepare();
      this.#session.search(this.#query);
    } else {
      this.#session.forget();
      this.#answer = null;
      this.#draw();
    }
  }

  /** Shows the panel or hides it. */
  #expand(expanded: boolean): void {
    this.#expanded = expanded;
    this.#place();
  }

  /** The panel is shown when it is wanted and has something in it; it opens to the side with room. */
  #place(): void {
    const filled = this.#query.trim() !== '' || this.#options.length > 0;
    const shown = this.#dialog ? true : this.#expanded && filled;
    this.#panel.hidden = !shown;
    setAttribute(this.#input, 'aria-expanded', String(shown && this.#options.length > 0));
    if (!shown) this.#activate(-1);
    if (!shown || this.#dialog) return;
    setOrRemove(this.#panel, 'data-flip', false);
    const box = this.#panel.getBoundingClientRect();
    setOrRemove(this.#panel, 'data-flip', box.right > document.documentElement.clientWidth + 1 || box.left < -1);
  }

  #show(answer: SearchAnswer): void {
    if (answer.query !== this.#query) return;
    const chosen = this.#options[this.#active]?.choice;
    this.#answer = answer;
    this.#draw();
    // A better answer keeps what the reader has moved to.
    if (chosen?.kind === 'result') {
      for (let i = 0; i < this.#options.length; i++) {
        const choice = this.#options[i]!.choice;
        if (choice.kind === 'result' && choice.passage.url === chosen.passage.url) this.#activate(i);
      }
    }
    this.emit('search', answer);
    if (answer.last) this.#settle(answer);
    clearTimer(this.#announcing);
    this.#announcing = setTimer(() => this.#announce(), ANNOUNCE_MS);
  }

  #fail(problem: Problem, message: string): void {
    this.#answer = null;
    this.#draw(problem);
    setText(this.#live, this.words.say(problem));
    this.#settle(null);
    this.failed({ code: problem, message });
  }

  #settle(answer: SearchAnswer | null): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let i = 0; i < waiting.length; i++) {
      const { query, resolve } = waiting[i]!;
      if (answer && query !== answer.query) resolve(null);
      else resolve(answer);
    }
  }

  #announce(): void {
    const { words } = this;
    if (!this.#answer || !this.#query.trim()) return;
    const { total } = this.#answer;
    setText(this.#live, total > 0 ? words.say('results', { n: total }) : words.say('noResults', { q: this.#query }));
  }

  /** Shows the state: results, recent searches, or a sentence. */
  #draw(failure: Problem | null = null): void {
    const { words } = this;
    const answer = this.#answer;
    const query = this.#query.trim();
    this.#active = -1;
    setOrRemove(this.#input, 'aria-activedescendant', null);
    refill(this.#notes);
    this.#empty.hidden = true;

    if (!query) {
      const recent = this.attribute('recent') === null ? [] : recentSearches();
      this.#options = showRecent(this.#list, recent);
      if (recent.length > 0) this.#note(words.say('recent'), words.say('clearRecent'), () => {
        forgetRecent();
        this.#draw();
        focus(this.#input);
      });
    } else if (failure) {
      this.#options = showResults(this.#list, NOTHING, null);
      this.#note(words.say(failure), words.say('retry'), () => this.refresh(), true);
    } else if (answer) {
      this.#options = showResults(this.#list, answer, this.#template());
      if (answer.didYouMean) {
        const better = answer.didYouMean;
        this.#note('', words.say('didYouMean', { q: better }), () => {
          focus(this.#input);
          void this.search(better);
        });
      }
      for (let i = 0; i < answer.problems.length; i++) this.#note(words.say(answer.problems[i] as keyof Strings));
      if (answer.pages.length === 0 && answer.last) {
        refill(this.#empty, make('slot', { name: 'empty' }, [make('strong', null, words.say('noResults', { q: shortened(query) })), make('span', null, words.say('noResultsHint'))]));
        this.#empty.hidden = false;
      }
      if (answer.facets.length > 0 && this.#filters.hidden) {
        this.#drawFilters(answer);
        this.#filters.hidden = false;
      }
    } else if (this.#options.length === 0) {
      this.#note(words.say('searching'));
    }
    this.#list.hidden = this.#options.length === 0;
    this.#showFoot();
    this.#place();
  }

  #drawFilters({ facets }: SearchAnswer): void {
    const clear = make('button', { type: 'button', class: 'plain', part: 'clear-filters' }, this.words.say('clearFilters'));
    showFilters(this.#facets, facets, this.#session.filters, clear);
    listen(clear, 'click', () => this.guard(() => {
      this.#session.filters = {};
      this.#drawFilters({ ...NOTHING, facets });
      this.#changed();
      focus(this.#input);
    }));
  }

  #note(text: string, action = '', act: (() => void) | null = null, error = false): void {
    const button = act ? make('button', { type: 'button', class: 'plain', part: 'note-action' }, action) : null;
    if (button) listen(button, 'click', () => this.guard(act!));
    this.#notes.append(make('div', { class: error ? 'note error' : 'note', part: 'note' }, [text ? make('span', null, text) : null, button]));
  }

  /** The line below: keys, the count, and the third stage. */
  #showFoot(): void {
    const { words } = this;
    const answer = this.#answer;
    const { engine } = this.#session;
    let stage: Node | string | null = null;
    if (engine === 'offered' && answer && answer.pages.length > 1) {
      const button = make('button', { type: 'button', class: 'plain', part: 'rank' }, words.say('rank'));
      listen(button, 'click', () => this.guard(() => this.#session.loadEngine()));
      stage = button;
    } else if (engine === 'loading' || engine === 'running') stage = words.say('ranking');
    else if (answer?.stage === 'reranked') stage = words.say('ranked');
    else if (engine === 'failed') stage = words.say('modelFailed');
    const keys = make('span', { class: 'keys', 'aria-hidden': 'true' }, [make('kbd', null, '↑'), make('kbd', null, '↓'), words.say('keyMove'), make('kbd', null, '↵'), words.say('keyOpen'), make('kbd', null, 'Esc'), words.say('close')]);
    const count = answer && answer.total > 0 ? make('span', { class: 'total' }, words.say('results', { n: answer.total })) : null;
    refill(this.#foot, [count, stage ? make('span', { class: 'stage' }, stage) : null, keys]);
    this.#foot.hidden = this.#options.length === 0;
  }

  #template(): HTMLTemplateElement | null {
    const children = this.children;
    for (let i = 0; i < children.length; i++) {
      const child = children[i]!;
      if (child.localName === 'template' && getAttribute(child, 'slot') === 'result') return child as HTMLTemplateElement;
    }
    return null;
  }

  #activate(index: number): void {
    const before = this.#options[this.#active];
    if (before) setAttribute(before.element, 'aria-selected', 'false');
    this.#active = index;
    const now = this.#options[index];
    setOrRemove(this.#input, 'aria-activedescendant', now ? now.element.id : null);
    if (!now) return;
    setAttribute(now.element, 'aria-selected', 'true');
    scrollIntoView(now.element, { block: 'nearest' });
  }

  #key(e: KeyboardEvent): void {
    if (e.isComposing) return; // the keys belong to the input method
    const n = this.#options.length;
    if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && !e.altKey) {
      e.preventDefault();
      this.#expand(true);
      if (n === 0) return;
      const step = e.key === 'ArrowDown' ? 1 : -1;
      // One place between the last and the first is the box itself.
      this.#activate(((this.#active + 1 + step + n + 1) % (n + 1)) - 1);
    } else if (e.key === 'Enter') {
      e.preventDefault();
      const option = this.#options[this.#active] ?? (this.#query.trim() ? this.#options[0] : undefined);
      if (option) this.#choose(option, e.ctrlKey || e.metaKey);
    } else if (e.key === 'Escape' && !this.#dialog) {
      if (!this.#panel.hidden) this.#expand(false);
      else this.clear();
      e.preventDefault();
    }
  }

  #click(e: MouseEvent): void {
    const path = e.composedPath();
    for (let i = 0; i < path.length; i++) {
      for (let j = 0; j < this.#options.length; j++) {
        if (this.#options[j]!.element !== path[i]) continue;
        // With a modifier the browser opens a tab or a window by itself.
        if (e.ctrlKey || e.metaKey || e.shiftKey) return;
        e.preventDefault();
        this.#choose(this.#options[j]!, false);
        return;
      }
    }
  }

  #choose({ choice }: Option, tab: boolean): void {
    if (choice.kind === 'recent') {
      void this.search(choice.query);
      return;
    }
    if (this.attribute('recent') !== null) remember(this.#query, MOST_RECENT);
    const { page, passage } = choice;
    if (!this.emit('select', { query: this.#query, page, passage }, true)) return;
    if (tab) {
      window.open(passage.url, '_blank', 'noopener');
      return;
    }
    this.#go(choice);
  }

  #go({ page, passage }: Choice & { kind: 'result' }): void {
    const block = this.#session.blockOf(passage.passage);
    this.close();
    if (block) {
      const anchor = page.url.split('#')[1];
      if (anchor) location.hash = anchor;
      markBlock(block);
      focusOn(block.element);
    } else {
      location.assign(passage.url);
    }
  }
}

const NOTHING: SearchAnswer = { query: '', stage: 'keywords', last: true, total: 0, pages: [], didYouMean: null, problems: [], facets: [], transferred: 0 };

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** The keyboard carries on from a place on the page; the attribute that this needs does not stay. */
function focusOn(element: Element): void {
  if (!(element instanceof HTMLElement)) return;
  const had = element.hasAttribute('tabindex');
  if (!had) element.tabIndex = -1;
  focus(element, { preventScroll: true });
  if (!had) listen(element, 'blur', () => element.removeAttribute('tabindex'), { once: true });
}

if (typeof document !== 'undefined') registerElement('lodestone-search', LodestoneSearch);
