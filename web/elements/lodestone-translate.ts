/**
 * <lodestone-translate model="/models/translator/" from="de" to="en"> translates the text
 * that it wraps, sentence by sentence, and back. Its markup stays: only the data of text
 * nodes changes.
 *
 *     <script type="module" src="/lodestone/elements/lodestone-translate.js"></script>
 *     <lodestone-translate model="/lodestone/models/translator-magneto-en-de/" from="de" to="en"><p>…</p></lodestone-translate>
 *
 * web/docs/widget.md describes attributes, events, methods, parts and variables.
 */
import { textBlocks } from './shared/blocks.js';
import { Captured, focus, push, registerElement, setAttribute, setText } from './shared/captured.js';
import { make, refill, setOrRemove } from './shared/dom.js';
import { LodestoneElement } from './shared/element.js';
import { type Lease, lease } from './shared/models.js';
import { joined, place, type Sentence, sentencesOf } from './translate/sentences.js';
import { Texts } from './translate/texts.js';
import css from './lodestone-translate.css';

const RIGHT_TO_LEFT = /^(?:ar|he|fa|ur|ps|yi|dv|ug|ara|heb|fas|pes|urd)\b/;
const SKIPPED = 'pre, code, kbd, samp, [translate="no"], .notranslate, [contenteditable], [data-lodestone-ignore]';

type State = 'off' | 'running' | 'on' | 'failed';

export class LodestoneTranslate extends LodestoneElement {
  static observedAttributes = ['model', 'from', 'to', 'theme']; // not lang: the element sets it for the text

  #state: State = 'off';
  #texts = new Texts();
  #known: Record<string, string> = Object.create(null) as Record<string, string>;
  #lease: Lease<'translation'> | null = null;
  #stop: AbortController | null = null;
  /** The attributes that the element had before its text was in another language. */
  #before: { lang: string | null; dir: string | null } | null = null;

  #toggle!: HTMLButtonElement;
  #cancel!: HTMLButtonElement;
  #progress!: HTMLProgressElement;
  #status!: HTMLElement;

  constructor() {
    super(css);
  }

  /** True while the text is shown in the other language. */
  get translated(): boolean {
    return this.#state === 'on';
  }

  /** Translates the text. It loads the translator at the first call. */
  async showTranslation(): Promise<void> {
    const model = this.address('model');
    if (!model || this.#state === 'running' || this.#state === 'on' || !this.isConnected) return;
    const stop = new Captured.AbortController();
    this.#stop = stop;
    this.#set('running');
    setText(this.#status, this.words.say('loadingModel'));
    try {
      this.#lease ??= await lease('translation', model, { signal: stop.signal, progress: (share) => (this.#progress.value = share) });
      const { sentences, failed } = await this.#run(stop.signal);
      this.#set('on');
      setText(this.#status, failed > 0 ? this.words.say('notTranslated', { n: failed }) : this.words.say('translated'));
      this.emit('translate', { sentences, failed });
    } catch (error) {
      this.#restore();
      const cancelled = stop.signal.aborted;
      this.#set(cancelled ? 'off' : 'failed');
      setText(this.#status, this.words.say(cancelled ? 'cancelled' : 'modelFailed'));
      if (!cancelled) this.failed(error);
    }
  }

  /** Shows the original, and cancels a translation that runs. */
  showOriginal(): void {
    this.guard(() => {
      this.#stop?.abort();
      if (this.#state !== 'on') return;
      this.#restore();
      this.#set('off');
      setText(this.#status, '');
      this.emit('original', null);
    });
  }

  protected override render(): void {
    const w = this.words;
    this.#toggle = make('button', { type: 'button', part: 'toggle' });
    this.#cancel = make('button', { type: 'button', class: 'plain', part: 'cancel', hidden: true }, w.say('cancel'));
    this.#progress = make('progress', { part: 'progress', max: 1, hidden: true, 'aria-label': w.say('translate') });
    this.#status = make('span', { class: 'status', part: 'status', role: 'status' });
    refill(this.body, make('div', { class: 'bar no-print', part: 'bar' }, [this.#toggle, this.#progress, this.#status, this.#cancel]));
    // The text stands beside the wrapper, which resets what it inherits: the page's look stays.
    if (!this.root.querySelector('slot')) this.root.append(make('slot'));
    this.on(this.#toggle, 'click', () => {
      if (this.#state === 'on') this.showOriginal();
      else void this.showTranslation();
    });
    this.on(this.#cancel, 'click', () => {
      this.#stop?.abort();
      focus(this.#toggle);
    });
    this.#draw();
  }

  protected override connected(): void {
    if (this.attribute('auto') !== null) void this.showTranslation();
  }

  protected override disconnected(): void {
    this.#stop?.abort();
    this.#restore();
    this.#set('off');
    this.#release();
  }

  protected override changed(name: string): void {
    this.showOriginal();
    this.#known = Object.create(null) as Record<string, string>;
    if (name === 'model') this.#release();
    this.#draw();
  }

  #release(): void {
    this.#lease?.release();
    this.#lease = null;
  }

  async #run(signal: AbortSignal): Promise<{ sentences: number; failed: number }> {
    const blocks = textBlocks(this, { skip: (e) => e.matches(SKIPPED) });
    const sentences: { sentence: Sentence; block: Element }[] = [];
    for (let i = 0; i < blocks.length; i++) {
      const found = sentencesOf(blocks[i]!, language(this.attribute('from')) ?? 'en');
      for (let j = 0; j < found.length; j++) push(sentences, { sentence: found[j]!, block: blocks[i]!.element });
    }
    let failed = 0;
    for (let i = 0; i < sentences.length; i++) {
      setText(this.#status, this.words.say('translating', { n: i + 1, total: sentences.length }));
      this.#progress.value = i / sentences.length;
      const { sentence, block } = sentences[i]!;
      try {
        const texts = await this.#sentence(sentence, block, signal);
        for (let j = 0; j < texts.length; j++) {
          const { node, start, end } = sentence.parts[j]!;
          this.#texts.replace(node, start, end, texts[j]!);
        }
        if (i === 0) this.#relabel();
      } catch (error) {
        if (signal.aborted || fatal(error)) throw error;
        failed++; // this sentence stays as it is
      }
    }
    if (failed > 0 && failed === sentences.length) throw new Error('no sentence could be translated');
    return { sentences: sentences.length, failed };
  }

  /** The texts of a sentence's parts in the other language. */
  async #sentence(sentence: Sentence, block: Element, signal: AbortSignal): Promise<string[]> {
    const whole = await this.#one(sentence.text, signal);
    const { parts } = sentence;
    if (parts.length === 1) return [whole];
    const alone: (string | null)[] = [];
    for (let i = 0; i < parts.length; i++) {
      const { node, text } = parts[i]!;
      const inner = node.parentElement !== block;
      push(alone, inner && /[\p{L}\p{N}]/u.test(text) ? await this.#one(joined(text), signal) : null);
    }
    return place(whole, parts, alone);
  }

  async #one(text: string, signal: AbortSignal): Promise<string> {
    const known = this.#known[text];
    if (known !== undefined) return known;
    const [from, to] = [this.attribute('from'), this.attribute('to')];
    const options: { signal: AbortSignal; src_lang?: string; tgt_lang?: string } = { signal };
    if (from) options.src_lang = from;
    if (to) options.tgt_lang = to;
    const results = await this.#lease!.run(text, options);
    signal.throwIfAborted();
    return (this.#known[text] = results[0]!.translation_text);
  }

  /** The text is in the other language now: screen readers and the browser have to know. */
  #relabel(): void {
    const to = language(this.attribute('to'));
    if (!to || this.#before) return;
    this.#before = { lang: this.attribute('lang'), dir: this.attribute('dir') };
    setAttribute(this, 'lang', to);
    const from = language(this.attribute('from')) ?? '';
    if (RIGHT_TO_LEFT.test(to) !== RIGHT_TO_LEFT.test(from)) setAttribute(this, 'dir', RIGHT_TO_LEFT.test(to) ? 'rtl' : 'ltr');
  }

  #restore(): void {
    this.#texts.restore();
    if (!this.#before) return;
    setOrRemove(this, 'lang', this.#before.lang);
    setOrRemove(this, 'dir', this.#before.dir);
    this.#before = null;
  }

  #set(state: State): void {
    this.#state = state;
    this.#draw();
  }

  #draw(): void {
    const w = this.words;
    const running = this.#state === 'running';
    this.body.hidden = this.attribute('model') === null;
    setText(this.#toggle, w.say(this.#state === 'on' ? 'showOriginal' : this.#state === 'failed' ? 'retry' : 'translate'));
    setOrRemove(this.#toggle, 'aria-disabled', running && 'true');
    this.#progress.hidden = this.#cancel.hidden = !running;
    if (running) this.#progress.removeAttribute('value');
    setAttribute(this.#status, 'class', this.#state === 'failed' ? 'status error' : 'status');
  }
}

/** A tokenizer's name of a language as a tag: `__de__` and `deu_Latn` are German too. */
function language(name: string | null): string | null {
  const tag = /^_*([a-z]{2,3})(?:[_-]([A-Za-z]{4}|[A-Za-z]{2}))?_*$/.exec(name ?? '');
  return tag ? (tag[2] ? `${tag[1]}-${tag[2]}` : tag[1]!) : null;
}

/** Errors after which no other sentence can be translated either. */
function fatal(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code !== 'text_too_long' && code !== 'invalid_text';
}

if (typeof document !== 'undefined') registerElement('lodestone-translate', LodestoneTranslate);
