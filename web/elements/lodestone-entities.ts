/**
 * <lodestone-entities model="/models/tagger/"> marks people, places and organisations in
 * the text that it wraps, with a legend. The text stays as it is: marks are highlights of
 * the browser, not elements.
 *
 *     <script type="module" src="/lodestone/elements/lodestone-entities.js"></script>
 *     <lodestone-entities model="/lodestone/models/tagger-magneto-en-de/"><p>…</p></lodestone-entities>
 *
 * web/docs/widget.md describes attributes, events, methods, parts and variables.
 */
import { type Block, rangeIn, textBlocks } from './shared/blocks.js';
import { Captured, clearTimer, focus, listen, map, min, push, registerElement, scrollIntoView, setAttribute, setText, setTimer } from './shared/captured.js';
import { make, refill, setOrRemove } from './shared/dom.js';
import { LodestoneElement } from './shared/element.js';
import { Marks } from './entities/marks.js';
import { type Lease, lease } from './shared/models.js';
import css from './lodestone-entities.css';

export type EntityType = 'PER' | 'LOC' | 'ORG';

/** A name in the text. */
export interface Entity {
  type: EntityType;
  text: string;
  /** Between 0 and 1. */
  score: number;
  range: Range;
}

const TYPES: readonly EntityType[] = ['PER', 'LOC', 'ORG'];
const NAMES = { PER: 'people', LOC: 'places', ORG: 'organisations' } as const;
/** Labels of taggers by type; other kinds of entities are not marked. */
const TYPE_OF: Readonly<Record<string, EntityType>> = { PER: 'PER', PERSON: 'PER', LOC: 'LOC', GPE: 'LOC', LOCATION: 'LOC', ORG: 'ORG', ORGANIZATION: 'ORG' };

/** Sentences that the tagger reads in one call: progress and cancellation come between calls. */
const BATCH = 16;
/** A longer sentence is read in parts of this many UTF-16 units. */
const LONGEST = 20_000;
/** How long the text rests before a change is read again. */
const REST_MS = 400;

type State = 'off' | 'running' | 'on' | 'failed';

export class LodestoneEntities extends LodestoneElement {
  static observedAttributes = ['model', 'theme', 'lang'];

  #state: State = 'off';
  #entities: Entity[] = [];
  #hidden: Record<EntityType, boolean> = { PER: false, LOC: false, ORG: false };
  #marks = new Marks();
  #lease: Lease<'token-classification'> | null = null;
  #stop: AbortController | null = null;
  #observer: MutationObserver | null = null;
  #timer = 0;

  #toggle!: HTMLButtonElement;
  #cancel!: HTMLButtonElement;
  #progress!: HTMLProgressElement;
  #status!: HTMLElement;
  #legend!: HTMLElement;
  #names!: HTMLElement;
  #tip!: HTMLElement;

  constructor() {
    super(css);
  }

  /** The names that were found, in the order of the text. */
  get entities(): readonly Entity[] {
    return this.#entities;
  }

  /** Marks the names. It loads the tagger at the first call. */
  async mark(): Promise<void> {
    const model = this.address('model');
    if (!model || this.#state === 'running' || !this.isConnected) return;
    const stop = new Captured.AbortController();
    this.#stop = stop;
    this.#set('running');
    setText(this.#status, this.words.say('loadingModel'));
    try {
      this.#lease ??= await lease('token-classification', model, { signal: stop.signal, progress: (share) => (this.#progress.value = share) });
      await this.#run(stop.signal);
      this.#set('on');
      setText(this.#status, this.#entities.length > 0 ? this.words.say('namesFound', { n: this.#entities.length }) : this.words.say('namesFound', { n: 0 }));
      this.emit('entities', { entities: this.#entities });
      this.#watch();
    } catch (error) {
      this.#marks.clear();
      this.#entities = [];
      const cancelled = stop.signal.aborted;
      this.#set(cancelled ? 'off' : 'failed');
      setText(this.#status, this.words.say(cancelled ? 'cancelled' : 'modelFailed'));
      if (!cancelled) this.failed(error);
    }
  }

  /** Removes the marks, and cancels a call that runs. */
  unmark(): void {
    this.guard(() => {
      this.#stop?.abort();
      this.#observer?.disconnect();
      clearTimer(this.#timer);
      this.#marks.clear();
      this.#entities = [];
      if (this.#state === 'on') {
        this.#set('off');
        setText(this.#status, '');
      }
    });
  }

  protected override render(): void {
    const w = this.words;
    this.#toggle = make('button', { type: 'button', part: 'toggle', 'aria-pressed': 'false' });
    this.#cancel = make('button', { type: 'button', class: 'plain', part: 'cancel', hidden: true }, w.say('cancel'));
    this.#progress = make('progress', { part: 'progress', max: 1, hidden: true, 'aria-label': w.say('loadingModel') });
    this.#status = make('span', { class: 'status', part: 'status', role: 'status' });
    this.#legend = make('span', { class: 'legend', part: 'legend', role: 'group', 'aria-label': w.say('markNames'), hidden: true });
    this.#names = make('details', { class: 'names no-print', part: 'names', hidden: true });
    this.#tip = make('div', { class: 'tip no-print', part: 'tip', hidden: true, 'aria-hidden': 'true' });
    const bar = make('div', { class: 'bar', part: 'bar' }, [make('span', { class: 'bar no-print' }, [this.#toggle, this.#progress, this.#status, this.#cancel]), this.#legend]);
    refill(this.body, [bar, this.#names, this.#tip]);
    // The text stands beside the wrapper, which resets what it inherits: the page's look stays.
    if (!this.root.querySelector('slot')) this.root.append(make('slot'));
    this.on(this.#toggle, 'click', () => {
      if (this.#state === 'on') this.unmark();
      else void this.mark();
    });
    this.on(this.#cancel, 'click', () => {
      this.#stop?.abort();
      focus(this.#toggle);
    });
    this.#draw();
  }

  protected override connected(): void {
    this.on(this, 'pointermove', (e) => this.#hover(e as PointerEvent));
    this.on(this, 'pointerleave', () => (this.#tip.hidden = true));
    this.on(this, 'click', (e) => {
      const entity = this.#at(e as PointerEvent);
      if (entity) this.emit('select', { entity });
    });
    if (this.attribute('auto') !== null) void this.mark();
  }

  protected override disconnected(): void {
    this.unmark();
    this.#set('off');
    this.#release();
  }

  protected override changed(name: string): void {
    if (name !== 'model') return;
    this.unmark();
    this.#release();
    this.#draw();
    if (this.attribute('auto') !== null) void this.mark();
  }

  #release(): void {
    this.#lease?.release();
    this.#lease = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const found: Entity[] = [];
    const all = sentences(textBlocks(this, { skip: (e) => e.matches('pre, code, [contenteditable], [data-lodestone-ignore]') }));
    for (let i = 0; i < all.length; i += BATCH) {
      const batch: Part[] = [];
      for (let j = i; j < min(i + BATCH, all.length); j++) push(batch, all[j]!);
      // White space becomes spaces one by one: places stay what they are.
      const results = await this.#lease!.run(map(batch, (b) => b.text.replace(/\s/g, ' ')), { aggregation_strategy: 'first', signal });
      signal.throwIfAborted();
      for (let j = 0; j < results.length; j++) {
        const { block, start, text } = batch[j]!;
        for (let k = 0; k < results[j]!.length; k++) {
          const r = results[j]![k]!;
          const type = TYPE_OF[r.entity_group.toUpperCase()];
          if (!type) continue;
          // Taggers label whole words, punctuation included.
          const word = text.slice(r.start, r.end);
          const from = r.start + word.search(/[\p{L}\p{N}]/u);
          const name = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
          if (name) push(found, { type, score: r.score, text: name.replace(/\s+/g, ' '), range: rangeIn(block, start + from, start + from + name.length) });
        }
      }
      this.#progress.value = min(1, (i + BATCH) / all.length);
    }
    this.#entities = found;
    this.#mark();
  }

  #mark(): void {
    this.#marks.clear();
    for (let i = 0; i < this.#entities.length; i++) {
      const { type, range } = this.#entities[i]!;
      if (!this.#hidden[type]) this.#marks.add(type, range);
    }
  }

  /** Text that changes is read again. */
  #watch(): void {
    this.#observer?.disconnect();
    this.#observer = new Captured.MutationObserver(() => {
      clearTimer(this.#timer);
      this.#timer = setTimer(() => {
        if (this.#state === 'on') void this.mark();
      }, REST_MS);
    });
    this.#observer.observe(this, { childList: true, characterData: true, subtree: true });
  }

  #set(state: State): void {
    this.#state = state;
    this.#draw();
  }

  #draw(): void {
    const w = this.words;
    const running = this.#state === 'running';
    // Without a tagger there is nothing to offer: the text alone stays.
    this.body.hidden = this.attribute('model') === null;
    setText(this.#toggle, w.say(this.#state === 'on' ? 'hideNames' : this.#state === 'failed' ? 'retry' : 'markNames'));
    setAttribute(this.#toggle, 'aria-pressed', String(this.#state === 'on'));
    setOrRemove(this.#toggle, 'aria-disabled', running && 'true');
    this.#progress.hidden = this.#cancel.hidden = !running;
    if (running) this.#progress.removeAttribute('value');
    setOrRemove(this.#status, 'class', this.#state === 'failed' ? 'status error' : 'status');
    this.#legend.hidden = this.#state !== 'on' || this.#entities.length === 0;
    this.#names.hidden = this.#legend.hidden;
    if (!this.#legend.hidden) this.#drawLegend();
  }

  #drawLegend(): void {
    const w = this.words;
    refill(
      this.#legend,
      map(TYPES, (type) => {
        const n = this.#of(type).length;
        if (n === 0) return null;
        const button = make('button', { type: 'button', class: 'chip', part: `chip chip-${type.toLowerCase()}`, 'data-type': type, 'aria-pressed': String(!this.#hidden[type]) }, [make('span', { class: 'sample', 'aria-hidden': 'true' }, w.say(NAMES[type])), make('span', { class: 'visually-hidden' }, w.say(NAMES[type])), make('span', { class: 'count' }, ` ${n}`)]);
        listen(button, 'click', () => {
          this.#hidden[type] = !this.#hidden[type];
          setAttribute(button, 'aria-pressed', String(!this.#hidden[type]));
          this.#mark();
        });
        return button;
      }),
    );
    refill(this.#names, [
      make('summary', null, w.say('listNames')),
      make('div', { class: 'columns' }, map(TYPES, (type) => {
        const list = this.#of(type);
        return list.length === 0 ? null : make('div', null, [make('div', { class: 'heading', id: `names-${type}` }, w.say(NAMES[type])), make('ul', { 'aria-labelledby': `names-${type}` }, map(list, (entity) => make('li', null, this.#nameButton(entity))))]);
      })),
    ]);
  }

  #nameButton(entity: Entity): HTMLElement {
    const button = make('button', { type: 'button', class: 'plain', part: 'name', title: this.words.say('certain', { p: this.words.percent(entity.score) }) }, entity.text);
    listen(button, 'click', () => this.guard(() => {
      const element = entity.range.startContainer.parentElement;
      if (element) scrollIntoView(element, { block: 'center' });
      this.#marks.flash(entity.range);
      this.emit('select', { entity });
    }));
    return button;
  }

  #of(type: EntityType): Entity[] {
    const out: Entity[] = [];
    for (let i = 0; i < this.#entities.length; i++) if (this.#entities[i]!.type === type) push(out, this.#entities[i]!);
    return out;
  }

  /** The shown entity below the pointer. */
  #at({ clientX: x, clientY: y }: PointerEvent): Entity | null {
    for (let i = 0; i < this.#entities.length; i++) {
      const entity = this.#entities[i]!;
      if (this.#hidden[entity.type] || !entity.range.startContainer.isConnected) continue;
      const rects = entity.range.getClientRects();
      for (let j = 0; j < rects.length; j++) {
        const r = rects[j]!;
        if (x >= r.left && x <= r.right && y >= r.top && y <= r.bottom) return entity;
      }
    }
    return null;
  }

  #hover(e: PointerEvent): void {
    const entity = this.#state === 'on' ? this.#at(e) : null;
    this.#tip.hidden = !entity;
    if (!entity) return;
    setText(this.#tip, `${this.words.say(NAMES[entity.type])} · ${this.words.say('certain', { p: this.words.percent(entity.score) })}`);
    this.#tip.style.setProperty('inset', `${Math.max(4, e.clientY - 44)}px auto auto ${min(e.clientX, innerWidth - 180)}px`);
  }
}

interface Part {
  block: Block;
  start: number;
  text: string;
}

const { Segmenter } = Intl;

/** The sentences of blocks: taggers are trained on sentences, and one that is very long is cut. */
function sentences(blocks: readonly Block[]): Part[] {
  const out: Part[] = [];
  const segmenter = new Segmenter(undefined, { granularity: 'sentence' });
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i]!;
    const iterator = segmenter.segment(block.text)[Symbol.iterator]();
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      const { segment, index } = next.value;
      if (!/\p{L}/u.test(segment)) continue;
      for (let start = 0; start < segment.length; start += LONGEST) push(out, { block, start: index + start, text: segment.slice(start, start + LONGEST) });
    }
  }
  return out;
}

if (typeof document !== 'undefined') registerElement('lodestone-entities', LodestoneEntities);
