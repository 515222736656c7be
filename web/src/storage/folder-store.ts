// Model folders in the browser's storage (the origin private file system).
//
// Each folder of a server has a directory, whose name is the SHA-256 of its address. A file is
// written under a name that nobody else uses; the record, folder.json, then says which name
// it has. So a file counts only once the record names it: what a closed tab leaves is
// no file, but a part that the next load goes on with.
import type { Version } from '../protocol/version.js';

// TypeScript has these only for the program of a worker.
interface SyncAccess {
  getSize(): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
type Writable = FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncAccess> };

/** A file that is there whole. */
export interface StoredFile {
  /** Its name in the directory. */
  as: string;
  /** Bytes. */
  size: number;
  /** See checksum.ts. */
  checksum: string;
  /** What manifest.json said when it was stored; null without a manifest. */
  sha256: string | null;
  version: Version;
  /** Milliseconds since 1970. */
  stored: number;
}

/** The first bytes of a file whose download was interrupted. */
export interface StoredPart {
  as: string;
  version: Version;
}

/** What folder.json holds. */
export interface FolderRecord {
  format: 1;
  /** The address of the folder on its server, without user, password and query. */
  url: string;
  files: Record<string, StoredFile>;
  parts: Record<string, StoredPart>;
}

const ROOT = 'lodestone-models';
const RECORD = 'folder.json';
/** The largest record that is read, in bytes. */
const MOST = 1 << 20;

/** The directory of all folders; null where the browser has no such storage or denies it. */
export async function rootDirectory(create: boolean): Promise<FileSystemDirectoryHandle | null> {
  try {
    // Storage needs a secure origin; a server has none.
    const root = await globalThis.navigator?.storage?.getDirectory?.();
    return (await root?.getDirectoryHandle(ROOT, { create })) ?? null;
  } catch {
    return null;
  }
}

/** The name of the directory of a folder. */
export async function directoryName(url: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(url));
  return Array.from(new Uint8Array(hash, 0, 16), (b) => b.toString(16).padStart(2, '0')).join('');
}

/** The record of a directory; null if there is none that can be read. */
export async function readRecord(directory: FileSystemDirectoryHandle): Promise<FolderRecord | null> {
  try {
    const file = await (await directory.getFileHandle(RECORD)).getFile();
    if (file.size > MOST) return null;
    const r = JSON.parse(await file.text()) as FolderRecord;
    const sound = r.format === 1 && typeof r.url === 'string' && Object.values(r.files).every(isFile) && Object.values(r.parts).every(isPart);
    return sound ? r : null;
  } catch {
    return null; // it is missing, or was damaged
  }
}

function isFile(f: StoredFile): boolean {
  return isPart(f) && Number.isSafeInteger(f.size) && typeof f.checksum === 'string' && (f.sha256 === null || typeof f.sha256 === 'string');
}

function isPart(p: StoredPart): boolean {
  return typeof p.as === 'string' && /^[\w.-]+$/.test(p.as) && typeof p.version === 'object' && p.version !== null && typeof p.version.size === 'number';
}

/** The storage of one folder while a worker loads it. */
export class FolderStore {
  readonly #directory: FileSystemDirectoryHandle;
  readonly #record: FolderRecord;
  #saved: Promise<void> = Promise.resolve();
  readonly #writable: boolean;

  private constructor(directory: FileSystemDirectoryHandle, record: FolderRecord, writable: boolean) {
    this.#directory = directory;
    this.#record = record;
    this.#writable = writable;
  }

  /** Opens the storage of a folder; null where there is none. A page only reads it. */
  static async open(url: string): Promise<FolderStore | null> {
    if (typeof FileSystemFileHandle === 'undefined') return null;
    const writable = 'createSyncAccessHandle' in FileSystemFileHandle.prototype; // only a worker can write in place
    try {
      const root = await rootDirectory(writable);
      if (!root) return null;
      const directory = await root.getDirectoryHandle(await directoryName(url), { create: writable });
      const { origin, pathname } = new URL(url);
      return new FolderStore(directory, (await readRecord(directory)) ?? { format: 1, url: origin + pathname, files: {}, parts: {} }, writable);
    } catch {
      return null; // storage is denied
    }
  }

  /** Whether the folder has files. */
  get filled(): boolean {
    return Object.keys(this.#record.files).length > 0;
  }

  file(name: string): StoredFile | null {
    return own(this.#record.files, name);
  }

  /** The bytes of a file, or null if they are gone or not as many as recorded. */
  async read(name: string): Promise<Blob | null> {
    const f = this.file(name);
    const blob = f && (await this.#blob(f.as));
    return blob && blob.size === f.size ? blob : null;
  }

  /** The first bytes of a file that was not completed, and their version. */
  async part(name: string): Promise<{ blob: Blob; version: Version } | null> {
    const p = own(this.#record.parts, name);
    const blob = p && (await this.#blob(p.as));
    return blob && blob.size > 0 && blob.size <= p.version.size ? { blob, version: p.version } : null;
  }

  /** Opens a file for writing: a new one, or the part that is there. Null if the browser refuses. */
  async writer(name: string, version: Version, resume: boolean): Promise<Writer | null> {
    if (!this.#writable) return null;
    const old = resume ? own(this.#record.parts, name) : null;
    const as = old?.as ?? `${name.replace(/[^\w.-]/g, '_').slice(0, 100)}.${Math.random().toString(36).slice(2)}`;
    try {
      const handle = await this.#directory.getFileHandle(as, { create: true });
      const access = await (handle as Writable).createSyncAccessHandle();
      if (!old && version.size >= 0) {
        // Where the download is interrupted, the next one finds what has come.
        this.#record.parts[name] = { as, version };
        await this.#save();
      }
      return new Writer(as, access);
    } catch {
      return null; // another tab writes it, or there is no room
    }
  }

  /** Makes files of what was written: from now on they count. */
  async commit(files: Map<string, StoredFile>): Promise<void> {
    for (const [name, file] of files) {
      this.#record.files[name] = file;
      delete this.#record.parts[name];
    }
    await this.#save();
    await this.#sweep();
  }

  /** Removes everything of the folder. */
  async clear(): Promise<void> {
    this.#record.files = {};
    this.#record.parts = {};
    await this.#save();
    await this.#sweep();
  }

  async #blob(as: string): Promise<Blob | null> {
    try {
      return await (await this.#directory.getFileHandle(as)).getFile();
    } catch {
      return null;
    }
  }

  /** Writes the record, after those who write it now: the browser lets one at a time. */
  #save(): Promise<void> {
    return (this.#saved = this.#saved.catch(() => {}).then(() => this.#write()));
  }

  async #write(): Promise<void> {
    const handle = (await this.#directory.getFileHandle(RECORD, { create: true })) as Writable;
    const access = await handle.createSyncAccessHandle();
    try {
      const text = new TextEncoder().encode(JSON.stringify(this.#record));
      access.truncate(text.length);
      access.write(text, { at: 0 });
      access.flush();
    } finally {
      access.close();
    }
  }

  /** Removes files that the record does not name. */
  async #sweep(): Promise<void> {
    const named = new Set([RECORD, ...[...Object.values(this.#record.files), ...Object.values(this.#record.parts)].map((f) => f.as)]);
    const names: string[] = [];
    for await (const name of this.#directory.keys()) if (!named.has(name)) names.push(name);
    for (const name of names) await this.#directory.removeEntry(name).catch(() => {}); // a tab still writes it
  }
}

/** Writes one file. After a failure, such as no room, it writes no more. */
export class Writer {
  readonly as: string;
  /** Why writing failed. */
  failed: unknown = null;
  readonly #access: SyncAccess;
  #size: number;
  #open = true;

  constructor(as: string, access: SyncAccess) {
    this.as = as;
    this.#access = access;
    this.#size = access.getSize();
  }

  /** Writes bytes of the file at an offset; what is there already is left. */
  write(bytes: Uint8Array, at: number): void {
    if (!this.#open || at + bytes.length <= this.#size) return;
    try {
      if (at > this.#size) throw new Error('bytes are missing in between');
      if (this.#access.write(bytes, { at }) !== bytes.length) throw new Error('not all bytes were written');
      this.#size = at + bytes.length;
    } catch (e) {
      this.failed = e;
      this.close();
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.#access.flush();
    } catch (e) {
      this.failed ??= e;
    }
    this.#access.close();
  }
}

function own<T>(o: Record<string, T>, key: string): T | null {
  return Object.hasOwn(o, key) ? o[key]! : null;
}
