// What the elements use of the browser, captured when their script loads. A page may
// overwrite globals and prototypes afterwards: the elements do not notice.
//
// Code that runs in the page follows two rules for that reason: it loops over lists by
// index (for-of and spread call Array.prototype[Symbol.iterator]), and it calls methods of
// lists and of the document only through this file. Code of the worker is free to use both:
// a worker has globals of its own.

const browser = typeof document !== 'undefined';

/** A function that takes `this` as its first argument. */
const { call } = Function.prototype;
function uncurry<T, A extends unknown[], R>(f: (this: T, ...args: A) => R): (self: T, ...args: A) => R {
  return call.bind(f) as unknown as (self: T, ...args: A) => R;
}

/** The same for a property's setter. */
function setter<T extends object, K extends keyof T & string>(prototype: T, name: K): (self: T, value: T[K]) => void {
  return uncurry(Object.getOwnPropertyDescriptor(prototype, name)!.set as (this: T, value: T[K]) => void);
}

/** The base class; on a server, where no HTMLElement exists, importing an element does nothing. */
export const Base = (browser ? HTMLElement : class {}) as typeof HTMLElement;

const onServer = (): never => {
  throw new Error('lodestone: elements run in a browser only');
};

const take = <F extends (...args: never[]) => unknown>(get: () => F): F => (browser ? get() : (onServer as unknown as F));

export const createElement = take(() => uncurry(Document.prototype.createElement as (this: Document, name: string) => HTMLElement));
export const createText = take(() => uncurry(Document.prototype.createTextNode));
export const createRange = take(() => uncurry(Document.prototype.createRange));
export const createTreeWalker = take(() => uncurry(Document.prototype.createTreeWalker));
export const appendChild = take(() => uncurry(Node.prototype.appendChild as (this: Node, child: Node) => Node));
export const contains = take(() => uncurry(Node.prototype.contains));
export const setText = take(() => setter(Node.prototype, 'textContent'));
export const setAttribute = take(() => uncurry(Element.prototype.setAttribute));
export const getAttribute = take(() => uncurry(Element.prototype.getAttribute));
export const closest = take(() => uncurry(Element.prototype.closest as (this: Element, selector: string) => Element | null));
export const queryAll = take(() => uncurry(Element.prototype.querySelectorAll as (this: Element, selector: string) => NodeListOf<Element>));
export const attachShadow = take(() => uncurry(Element.prototype.attachShadow));
export const listen = take(() =>
  uncurry(EventTarget.prototype.addEventListener as (this: EventTarget, type: string, listener: (event: Event) => void, options?: AddEventListenerOptions | boolean) => void),
);
export const dispatch = take(() => uncurry(EventTarget.prototype.dispatchEvent));
export const scrollIntoView = take(() => uncurry(Element.prototype.scrollIntoView));
export const focus = take(() => uncurry(HTMLElement.prototype.focus));
export const post = take(() => uncurry(Worker.prototype.postMessage as (this: Worker, message: unknown) => void));

export const setTimer = take(() => setTimeout.bind(globalThis) as (f: () => void, milliseconds: number) => number);
export const clearTimer = take(() => clearTimeout.bind(globalThis) as (id: number) => void);

const constructors = browser ? { AbortController, CSSStyleSheet, CustomEvent, MutationObserver, URL, Worker: globalThis.Worker } : ({} as never);
export const Captured = constructors;

const { stringify, parse } = JSON;
export const toJSON = stringify;
export const fromJSON = parse;
export const { min, max, abs } = Math;
export const { hasOwn } = Object;
export const registerElement = take(() => {
  const define = customElements.define.bind(customElements);
  const get = customElements.get.bind(customElements);
  return (name: string, element: CustomElementConstructor) => {
    if (!get(name)) define(name, element);
  };
});

/** The highlights of a document, where the browser has them (Chrome 105, Firefox 140, Safari 17.2). */
export const highlights: HighlightRegistry | undefined = browser ? globalThis.CSS?.highlights : undefined;
export const HighlightClass = browser ? globalThis.Highlight : undefined;

/** Adds to the end of a list. */
export function push<T>(list: T[], item: T): void {
  list[list.length] = item;
}

/** The parts of a list or a collection, each by f. */
export function map<T, U>(list: ArrayLike<T>, f: (item: T, i: number) => U): U[] {
  const out: U[] = [];
  for (let i = 0; i < list.length; i++) out[i] = f(list[i]!, i);
  return out;
}
