// The models that the browser stores for this site.
import { directoryName, readRecord, rootDirectory } from '../storage/folder-store.js';
import { type AddressOptions, places } from './address.js';
import * as check from './validate.js';

/** A model folder in the browser's storage. */
export interface CachedModel {
  /** The address of the folder, without a query. */
  url: string;
  /** The names of the files that are stored whole. */
  files: string[];
  /** The bytes that all its files take, those that did not come whole included. */
  bytes: number;
  /** When its newest file was stored; null if none came whole. */
  stored: Date | null;
}

/** The directories of the places where a model may have come from. */
async function directoriesOf(model: string, options: Pick<AddressOptions, 'revision' | 'subfolder'> | undefined): Promise<Set<string>> {
  const what = 'cache.delete';
  if (typeof model !== 'string') throw check.invalid(`${what}: model: expected an address or a model id; files that you give are not stored`);
  const found = await places(what, model, check.knownOptions(what, options, ['revision', 'subfolder']));
  return new Set(await Promise.all(found.map((place) => directoryName(place.url))));
}

/**
 * The models that the browser stores for this site, in its origin private file system. A
 * browser without that, or with storage denied, stores none: the list is empty.
 */
export const cache = {
  /** What is stored. */
  async list(): Promise<CachedModel[]> {
    const found: CachedModel[] = [];
    const root = await rootDirectory(false);
    for await (const directory of root?.values() ?? []) {
      if (directory.kind !== 'directory') continue;
      let bytes = 0;
      for await (const file of directory.values()) if (file.kind === 'file') bytes += await file.getFile().then((f) => f.size, () => 0);
      const record = await readRecord(directory);
      const files = Object.values(record?.files ?? {});
      found.push({
        url: record?.url ?? '',
        files: Object.keys(record?.files ?? {}),
        bytes,
        stored: files.length > 0 ? new Date(Math.max(...files.map((f) => f.stored))) : null,
      });
    }
    return found.sort((a, b) => (a.url < b.url ? -1 : 1));
  },

  /** Removes a model, or all; returns whether there was one. A model that a worker has loaded stays loaded. */
  async delete(model?: string, options?: Pick<AddressOptions, 'revision' | 'subfolder'>): Promise<boolean> {
    const asked = model === undefined ? null : await directoriesOf(model, options);
    const root = await rootDirectory(false);
    const names: string[] = [];
    for await (const n of root?.keys() ?? []) if (asked === null || asked.has(n)) names.push(n);
    for (const n of names) await root!.removeEntry(n, { recursive: true });
    return names.length > 0;
  },

  /** Asks the browser not to remove what is stored when it needs room; returns whether it agrees. */
  async persist(): Promise<boolean> {
    return (await globalThis.navigator?.storage?.persist?.()) ?? false;
  },
};
