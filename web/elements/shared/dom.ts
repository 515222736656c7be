// Making nodes: only the captured functions, no HTML from text.
import { appendChild, createElement, createText, hasOwn, setAttribute, setText } from './captured.js';

export type Child = Node | string | null | undefined | false;

/** Attributes of a new element; null, undefined and false leave one out, true sets it empty. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A new element with attributes and children. Attributes that begin with `on` do not exist: see listen. */
export function make<K extends keyof HTMLElementTagNameMap>(name: K, attributes?: Attributes | null, children?: Child | readonly Child[]): HTMLElementTagNameMap[K] {
  const element = createElement(document, name) as HTMLElementTagNameMap[K];
  // A page may have added to Object.prototype.
  for (const key in attributes) if (hasOwn(attributes, key)) setOrRemove(element, key, attributes[key]);
  fill(element, children);
  return element;
}

/** Sets an attribute; null, undefined and false remove it. */
export function setOrRemove(element: Element, key: string, value: string | number | boolean | null | undefined): void {
  if (value === null || value === undefined || value === false) element.removeAttribute(key);
  else setAttribute(element, key, value === true ? '' : `${value}`);
}

/** Puts children in the place of what an element holds. */
export function refill(element: Node, children?: Child | readonly Child[]): void {
  setText(element, '');
  fill(element, children);
}

function fill(element: Node, children?: Child | readonly Child[]): void {
  if (children === null || children === undefined || children === false) return;
  if (typeof children === 'object' && 'length' in children) {
    for (let i = 0; i < children.length; i++) fill(element, children[i]);
  } else {
    appendChild(element, typeof children === 'string' ? createText(document, children) : (children as Node));
  }
}

const SVG = 'http://www.w3.org/2000/svg';

/** A drawing of one path in a box of 24 by 24, without a name: text beside it says what it means. */
export function icon(path: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const attributes: Attributes = { viewBox: '0 0 24 24', width: 20, height: 20, 'aria-hidden': 'true', focusable: 'false', fill: 'none', stroke: 'currentColor', 'stroke-width': 2, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
  for (const key in attributes) if (hasOwn(attributes, key)) setOrRemove(svg, key, attributes[key]);
  const shape = document.createElementNS(SVG, 'path');
  setAttribute(shape, 'd', path);
  appendChild(svg, shape);
  return svg;
}
