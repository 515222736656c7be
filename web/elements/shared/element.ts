// What the elements have in common: a closed-off style, a language, a theme, a life.
import { attachShadow, appendChild, Base, Captured, closest, dispatch, getAttribute, listen, setAttribute } from './captured.js';
import { make, refill } from './dom.js';
import { ENGLISH, type Words, wordsFor } from './strings.js';
import { sheet } from './sheets.js';
import common from './common.css';

/**
 * The base of the elements. The shadow root holds one wrapper, `body`, which resets what it
 * inherits from the page. `connected` runs each time the element enters a document and
 * `disconnected` each time it leaves; listeners added by `on` end with it.
 */
export abstract class LodestoneElement extends Base {
  protected readonly root: ShadowRoot;
  protected readonly body: HTMLElement;
  protected words: Words = ENGLISH;
  #life: AbortController | null = null;

  constructor(css: string) {
    super();
    this.root = attachShadow(this, { mode: 'open', delegatesFocus: true });
    this.root.adoptedStyleSheets = [sheet(common), sheet(css)];
    this.body = make('div', { class: 'body', part: 'body' });
    appendChild(this.root, this.body);
  }

  /** Builds what the shadow root shows; runs again when the language changes. */
  protected abstract render(): void;
  /** The element is in a document; `life` ends when it leaves. */
  protected connected(_life: AbortSignal): void {}
  protected disconnected(): void {}
  /** An attribute changed while the element was in a document. */
  protected changed(_name: string): void {}

  connectedCallback(): void {
    this.#life?.abort();
    const life = new Captured.AbortController();
    this.#life = life;
    this.guard(() => {
      this.#theme();
      this.#draw();
      this.connected(life.signal);
      void this.#translate(life.signal);
    });
  }

  disconnectedCallback(): void {
    this.#life?.abort();
    this.#life = null;
    this.guard(() => this.disconnected());
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.#life) return;
    const life = this.#life.signal;
    this.guard(() => {
      if (name === 'theme') this.#theme();
      else if (name === 'lang') void this.#translate(life);
      else this.changed(name);
    });
  }

  /** Runs f; what it throws goes to the element's own error event, never to the page. */
  protected guard(f: () => void): void {
    try {
      f();
    } catch (error) {
      this.failed(error);
    }
  }

  /** Adds a listener that ends when the element leaves its document. */
  protected on(target: EventTarget, type: string, f: (event: Event) => void, options: AddEventListenerOptions = {}): void {
    const signal = this.#life?.signal;
    if (!signal) return;
    listen(target, type, (event) => this.guard(() => f(event)), { ...options, signal });
  }

  /** Dispatches an event of the element; false if a listener prevented its default. */
  protected emit(type: string, detail: unknown, cancelable = false): boolean {
    return dispatch(this, new Captured.CustomEvent(type, { detail, bubbles: true, composed: true, cancelable }));
  }

  /** Reports an error as an event, which does not bubble: only who asks gets it. */
  protected failed(error: unknown): void {
    const e = error as { code?: unknown; message?: unknown } | null;
    const detail = { code: typeof e?.code === 'string' ? e.code : 'internal', message: typeof e?.message === 'string' ? e.message : String(error) };
    dispatch(this, new Captured.CustomEvent('error', { detail }));
  }

  protected attribute(name: string): string | null {
    return getAttribute(this, name);
  }

  /** The address in an attribute, resolved as the page resolves its own; null without one. */
  protected address(name: string): string | null {
    const value = getAttribute(this, name);
    return value === null || value === '' ? null : new Captured.URL(value, document.baseURI).href;
  }

  #theme(): void {
    const theme = getAttribute(this, 'theme');
    setAttribute(this.body, 'data-theme', theme === 'light' || theme === 'dark' ? theme : 'auto');
  }

  async #translate(life: AbortSignal): Promise<void> {
    const tagged = closest(this, '[lang]');
    const words = await wordsFor((tagged && getAttribute(tagged, 'lang')) || navigator.language || 'en');
    if (life.aborted || words === this.words) return;
    this.words = words;
    this.guard(() => this.#draw());
  }

  #draw(): void {
    setAttribute(this.body, 'lang', this.words.language);
    setAttribute(this.body, 'dir', this.words.direction);
    refill(this.body);
    this.render();
  }
}
