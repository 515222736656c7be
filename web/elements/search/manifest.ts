// manifest.json, checked: everything else of an index is reached from here.
import type { Facet } from './source.js';
import type { TableRef } from './store.js';
import { IndexError } from './wire.js';

export interface StaticVectors {
  model: string;
  dim: number;
  rowsPerChunk: number;
  threshold: { close: number; related: number };
}

export interface Manifest {
  base: string;
  languages: string[];
  pages: number;
  passages: number;
  k1: number;
  fusion: { k: number; keywords: number; static: number };
  tables: Record<string, TableRef>;
  /** The language whose words the table translations has; empty without one. */
  translates: string;
  static: StaticVectors | null;
  facets: (Facet & { table: TableRef })[];
}

const FORMAT = 'lodestone-site-index';
const VERSION = 2;
/** More passages than a page can search; a list of them takes 16 MiB. */
const MAX_COUNT = 1 << 22;

/** Checks a manifest; what is missing or of another kind is an IndexError that names it. */
export function checked(json: unknown): Manifest {
  const m = object(json, 'the manifest');
  if (m['format'] !== FORMAT) throw new IndexError('failed', `index: manifest.json has the format ${JSON.stringify(m['format'])}, expected ${FORMAT}`);
  if (m['version'] !== VERSION) throw new IndexError('otherVersion', `index: manifest.json has version ${JSON.stringify(m['version'])}, expected ${VERSION}; build the index with the lode of this release`);
  const fusion = object(m['fusion'], 'fusion');
  const tables: Record<string, TableRef> = {};
  for (const [name, value] of Object.entries(object(m['tables'], 'tables'))) tables[name] = table(value, `tables.${name}`);
  for (const name of ['terms', 'pages', 'spelling']) if (!tables[name]) throw wrong(`tables.${name}`, undefined);
  const known = m['static'] === undefined || m['static'] === null ? null : object(m['static'], 'static');
  const translates = m['translates'] === undefined ? '' : string(m['translates'], 'translates');
  if (translates && !tables['translations']) throw wrong('tables.translations', undefined);
  return {
    base: m['base'] === undefined ? '../' : string(m['base'], 'base'),
    languages: list(m['languages'] ?? [], 'languages').map((v) => string(v, 'languages')),
    pages: count(m['pages'], 'pages'),
    passages: count(m['passages'], 'passages'),
    k1: number(m['k1'], 'k1'),
    fusion: { k: number(fusion['k'], 'fusion.k'), keywords: number(fusion['keywords'], 'fusion.keywords'), static: number(fusion['static'] ?? 0, 'fusion.static') },
    tables,
    translates,
    static: known && vectors(known, tables),
    facets: list(m['facets'] ?? [], 'facets').map(facet),
  };
}

function vectors(v: Record<string, unknown>, tables: Record<string, TableRef>): StaticVectors {
  for (const name of ['pieces', 'rows', 'vectors']) if (!tables[name]) throw wrong(`tables.${name}`, undefined);
  const dim = count(v['dim'], 'static.dim');
  if (dim % 4 !== 0 || dim === 0 || dim > 4096) throw wrong('static.dim', dim);
  const rowsPerChunk = count(v['rowsPerChunk'], 'static.rowsPerChunk');
  if (rowsPerChunk === 0) throw wrong('static.rowsPerChunk', rowsPerChunk);
  const threshold = object(v['threshold'], 'static.threshold');
  return { model: string(v['model'], 'static.model'), dim, rowsPerChunk, threshold: { close: number(threshold['close'], 'static.threshold.close'), related: number(threshold['related'], 'static.threshold.related') } };
}

function facet(value: unknown): Facet & { table: TableRef } {
  const f = object(value, 'facets');
  const values = list(f['values'], 'facets.values').map((v) => {
    const [name, pages] = list(v, 'facets.values');
    return [string(name, 'facets.values'), count(pages, 'facets.values')] as const;
  });
  return { name: string(f['name'], 'facets.name'), values, table: table(f['table'], 'facets.table') };
}

function table(value: unknown, name: string): TableRef {
  const t = object(value, name);
  const file = string(t['file'], `${name}.file`);
  // A facet's table need not have its size and whole hash: its name is half of the hash.
  const size = t['size'] === undefined ? 16 << 10 : count(t['size'], `${name}.size`);
  const sha256 = t['sha256'] === undefined ? '' : string(t['sha256'], `${name}.sha256`);
  if (sha256 && !sha256.startsWith(file)) throw wrong(`${name}.sha256`, sha256);
  return { file, sha256, size };
}

function wrong(name: string, found: unknown): IndexError {
  return new IndexError('damaged', `index: manifest.json: ${name} is ${JSON.stringify(found) ?? 'missing'}; build the index again`);
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name, value);
  return value as Record<string, unknown>;
}

function list(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw wrong(name, value);
  return value;
}

function string(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrong(name, value);
  return value;
}

function number(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(name, value);
  return value;
}

function count(value: unknown, name: string): number {
  const n = number(value, name);
  if (!Number.isInteger(n) || n < 0 || n > MAX_COUNT) throw wrong(name, value);
  return n;
}
