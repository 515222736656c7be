// The index of a site, read in chunks from a server. FORMAT.md of models/siteindex says what
// is in each.
import type { Spelled } from './edit-distance.js';
import { checked, type Manifest } from './manifest.js';
import type { Filters, PageRecord, Passage, Postings, Source, Translation } from './source.js';
import { Store, type StoreOptions } from './store.js';
import { chunkOf, lowerBound, type TermTable, termTable } from './term-table.js';
import { Cursor } from './wire.js';
import { Translations } from './translations.js';
import { compare } from './words.js';

const MOST_PREFIXED = 50;
/** Chunks of terms that one prefix reads at most: a single letter begins too many. */
const MOST_CHUNKS = 2;

/** A term that more than one in so many passages have is common. */
const COMMON = 8;
/** Words of this length and longer ones share a chunk. */
const LONGEST_SPELLED = 16;

interface TermChunk {
  terms: string[];
  postings: (Postings & { rest: string })[];
}

interface PageTable {
  /** The first passage of each page, and the number of passages behind the last. */
  first: Uint32Array;
  perRecord: number;
  refs: string[];
}

interface StoredPage extends PageRecord {
  /** The number of its first passage in its first text chunk. */
  from: number;
  /** Its text chunks, and how many of its passages are in each. */
  texts: { passages: number; ref: string }[];
}

/** Opens the index whose manifest is in a folder. */
export async function openSite(address: string, options: StoreOptions): Promise<SiteSource> {
  const folder = address.endsWith('/') ? address : `${address}/`;
  const store = new Store(folder, options);
  const manifest = checked(await store.manifest());
  const terms = await store.chunk(manifest.tables['terms']!.file, (c) => termTable(c, 'LSTD'), manifest.tables['terms']);
  const pages = await store.chunk(manifest.tables['pages']!.file, (c) => pageTable(c, manifest), manifest.tables['pages']);
  return new SiteSource(store, manifest, new URL(manifest.base, folder).href, terms, pages);
}

export class SiteSource implements Source {
  readonly languages: readonly string[];
  readonly k1: number;
  readonly passages: number;
  readonly facets: Source['facets'];
  readonly fusion: Source['fusion'];
  readonly store: Store;
  readonly manifest: Manifest;
  readonly #base: string;
  readonly #terms: TermTable;
  readonly #pages: PageTable;
  readonly #pageOf: Uint32Array;
  readonly #translations: Translations | null;

  constructor(store: Store, manifest: Manifest, base: string, terms: TermTable, pages: PageTable) {
    this.store = store;
    this.manifest = manifest;
    this.languages = manifest.languages;
    this.k1 = manifest.k1;
    this.passages = manifest.passages;
    this.facets = manifest.facets.map(({ name, values }) => ({ name, values }));
    this.fusion = manifest.fusion;
    this.#base = base;
    this.#terms = terms;
    this.#pages = pages;
    this.#translations = manifest.translates ? new Translations(store, manifest) : null;
    this.#pageOf = new Uint32Array(manifest.passages);
    for (let page = 0; page < manifest.pages; page++) this.#pageOf.fill(page, pages.first[page]!, pages.first[page + 1]!);
  }

  #termChunk(i: number): Promise<TermChunk> {
    return this.store.chunk(this.#terms.refs[i]!, (c) => termChunk(c, this.passages));
  }

  async find(term: string, all: boolean): Promise<Postings | null> {
    const i = chunkOf(this.#terms, term);
    if (i < 0) return null;
    const chunk = await this.#termChunk(i);
    const at = lowerBound(chunk.terms, term);
    if (chunk.terms[at] !== term) return null;
    const found = chunk.postings[at]!;
    // Postings of low impact of a word that is everywhere cost much and rank nothing.
    if (!found.rest || (!all && found.df > this.passages / COMMON)) return found;
    const rest = await this.store.chunk(found.rest, (c) => restOfPostings(c, this.passages));
    return { term, df: found.df, passages: joined(found.passages, rest.passages), impacts: joined(found.impacts, rest.impacts) };
  }

  async prefix(prefix: string): Promise<Postings[]> {
    const found: Postings[] = [];
    const from = Math.max(0, chunkOf(this.#terms, prefix));
    for (let i = from; i < Math.min(from + MOST_CHUNKS, this.#terms.refs.length); i++) {
      if (i > from && !this.#terms.first[i]!.startsWith(prefix)) break;
      const chunk = await this.#termChunk(i);
      for (let j = lowerBound(chunk.terms, prefix); j < chunk.terms.length && chunk.terms[j]!.startsWith(prefix); j++) found.push(chunk.postings[j]!);
    }
    return found.sort((a, b) => b.df - a.df || compare(a.term, b.term)).slice(0, MOST_PREFIXED);
  }

  async spelling(length: number): Promise<readonly Spelled[]> {
    const { tables } = this.manifest;
    const table = await this.store.chunk(tables['spelling']!.file, spellingTable, tables['spelling']);
    const ref = table.get(Math.min(length, LONGEST_SPELLED));
    return ref ? this.store.chunk(ref, spellingChunk) : [];
  }

  pageOf(passage: number): number {
    return this.#pageOf[passage]!;
  }

  firstPassage(page: number): number {
    return this.#pages.first[page]!;
  }

  async #record(page: number): Promise<StoredPage> {
    const { perRecord, refs } = this.#pages;
    const chunk = await this.store.chunk(refs[Math.floor(page / perRecord)]!, (c) => records(c, Math.min(perRecord, this.manifest.pages)));
    const record = chunk[page % perRecord];
    if (!record) throw new Cursor(EMPTY_RECORD, 'LSPR').damaged(`has no page ${page}`);
    return record;
  }

  async page(page: number): Promise<PageRecord> {
    const { url, title, language, attributes } = await this.#record(page);
    const resolved = new URL(url, this.#base);
    // A page of an index is a page: an address that runs a script is refused.
    if (!/^(?:https?|file|.*-extension):$/.test(resolved.protocol)) throw new Cursor(EMPTY_RECORD, 'LSPR').damaged(`has an address of the scheme ${resolved.protocol}`);
    return { url: resolved.href, title, language, attributes };
  }

  endPassage(page: number): number {
    return this.#pages.first[page + 1]!;
  }

  async text(page: number, passage: number): Promise<ReadonlyMap<number, Passage>> {
    const { from, texts } = await this.#record(page);
    let first = this.firstPassage(page);
    const run = texts.find(({ passages }) => passage < first + passages || ((first += passages), false));
    if (!run) throw new Cursor(EMPTY_RECORD, 'LSPR').damaged(`has no text of passage ${passage}`);
    const chunk = await this.store.chunk(run.ref, textChunk);
    const at = run === texts[0] ? from : 0;
    return new Map(chunk.slice(at, at + run.passages).map((p, i) => [first + i, p]));
  }

  translate(word: string): Promise<readonly (readonly Translation[])[]> {
    return this.#translations?.of(word) ?? Promise.resolve([]);
  }

  async allowed(filters: Filters): Promise<Uint8Array | null> {
    let allowed: Uint8Array | null = null;
    for (const facet of this.manifest.facets) {
      const wanted = filters[facet.name];
      if (!wanted || wanted.length === 0) continue;
      const values = new Set(wanted.map((v) => facet.values.findIndex(([name]) => name === v)));
      const pages = await this.store.chunk(facet.table.file, (c) => facetPages(c, this.manifest.pages, facet.values.length), facet.table);
      allowed ??= new Uint8Array(this.manifest.pages).fill(1);
      for (let page = 0; page < allowed.length; page++) if (!pages[page]!.some((v) => values.has(v))) allowed[page] = 0;
    }
    return allowed;
  }
}

const EMPTY_RECORD = new Uint8Array([76, 83, 80, 82, 2]); // for its name in errors

function joined<T extends Uint32Array | Uint8Array>(a: T, b: T): T {
  const all = new (a.constructor as new (n: number) => T)(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

function posted(c: Cursor, n: number, passages: number): Pick<Postings, 'passages' | 'impacts'> {
  const out = { passages: new Uint32Array(n), impacts: new Uint8Array(n) };
  let passage = 0;
  for (let i = 0; i < n; i++) {
    passage += c.uv();
    if (passage >= passages) throw c.damaged(`names passage ${passage} of ${passages}`);
    out.passages[i] = passage;
    out.impacts[i] = c.u8();
  }
  return out;
}

function termChunk(content: Uint8Array, passages: number): TermChunk {
  const c = new Cursor(content, 'LSTC');
  const n = c.count(5);
  const next = c.front();
  const chunk: TermChunk = { terms: [], postings: [] };
  for (let i = 0; i < n; i++) {
    const term = next();
    const df = c.uv();
    const here = c.count(2);
    c.count();
    const list = posted(c, here, passages);
    chunk.terms.push(term);
    chunk.postings.push({ term, df, ...list, rest: here < df ? c.ref() : '' });
  }
  c.end();
  return chunk;
}

function restOfPostings(content: Uint8Array, passages: number): Pick<Postings, 'passages' | 'impacts'> {
  const c = new Cursor(content, 'LSTP');
  const list = posted(c, c.count(2), passages);
  c.end();
  return list;
}

function pageTable(content: Uint8Array, manifest: Manifest): PageTable {
  const c = new Cursor(content, 'LSPD');
  const pages = c.count();
  if (pages !== manifest.pages) throw c.damaged(`has ${pages} pages, the manifest ${manifest.pages}`);
  const first = new Uint32Array(pages + 1);
  for (let i = 0; i < pages; i++) first[i + 1] = first[i]! + c.uv();
  if (first[pages] !== manifest.passages) throw c.damaged(`has ${first[pages]} passages, the manifest ${manifest.passages}`);
  const perRecord = c.uv();
  if (perRecord === 0) throw c.damaged('has no page in a record');
  const refs = Array.from({ length: Math.ceil(pages / perRecord) }, () => c.ref());
  c.end();
  return { first, perRecord, refs };
}

function records(content: Uint8Array, most: number): StoredPage[] {
  const c = new Cursor(content, 'LSPR');
  const pages: StoredPage[] = [];
  // The chunk has no count: it is full of pages.
  while (!c.done() && pages.length < most) {
    const [url, title, language] = [c.str(), c.str(), c.str()];
    const attributes: Record<string, string> = Object.create(null) as Record<string, string>;
    for (let n = c.count(2); n > 0; n--) attributes[c.str()] = c.str();
    const from = c.uv();
    const texts = Array.from({ length: c.count(17) }, () => ({ passages: c.uv(), ref: c.ref() }));
    pages.push({ url, title, language, attributes, from, texts });
  }
  c.end();
  return pages;
}

function textChunk(content: Uint8Array): Passage[] {
  const c = new Cursor(content, 'LSTX');
  const passages = Array.from({ length: c.count(3) }, (): Passage => {
    const [anchor, headings, text] = [c.str(), c.str(), c.str()];
    return { anchor, headings: headings ? headings.split('\u001f') : [], text };
  });
  c.end();
  return passages;
}

function spellingTable(content: Uint8Array): Map<number, string> {
  const c = new Cursor(content, 'LSSD');
  const table = new Map<number, string>();
  for (let n = c.count(17); n > 0; n--) table.set(c.uv(), c.ref());
  c.end();
  return table;
}

function spellingChunk(content: Uint8Array): Spelled[] {
  const c = new Cursor(content, 'LSSC');
  const next = c.front();
  const words = Array.from({ length: c.count(2) }, () => ({ word: next(), frequency: 0 }));
  for (const word of words) word.frequency = c.u8();
  c.end();
  return words;
}

function facetPages(content: Uint8Array, pages: number, values: number): number[][] {
  const c = new Cursor(content, 'LSFC');
  const n = c.count();
  if (n !== pages) throw c.damaged(`has ${n} pages, the manifest ${pages}`);
  const out = Array.from({ length: n }, () => Array.from({ length: c.count() }, () => c.below(values)));
  c.end();
  return out;
}
