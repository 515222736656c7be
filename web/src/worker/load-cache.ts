// What one load takes from the browser's storage and puts there.
import { LodestoneError } from '../protocol/error.js';
import type { CacheMode } from '../protocol/load.js';
import type { Version } from '../protocol/version.js';
import { Checksum } from '../storage/checksum.js';
import type { FolderStore, StoredFile, Writer } from '../storage/folder-store.js';

/** A file, or the first part of one, out of the storage. */
export interface Stored {
  blob: Blob;
  version: Version;
  /** False if the file has more bytes. */
  whole: boolean;
}

/** Takes the bytes of a file while it is read. */
export interface Sink {
  add(bytes: Uint8Array, at: number): void;
  /** All bytes have come. Throws if they are not the ones that were stored. */
  end(): void;
}

/** How a file of the server stands to the stored one. */
export type Freshness = 'same' | 'other' | 'unreachable';

interface Written {
  writer: Writer;
  version: Version;
  checksum: Checksum;
  size: number;
  ended: boolean;
}

/** The storage during one load. A file is stored for good once the whole folder has loaded. */
export class LoadCache {
  readonly #store: FolderStore;
  readonly #mode: CacheMode;
  readonly #written = new Map<string, Written>();
  readonly #read = new Set<string>();
  /** Why nothing is stored. */
  failure = '';

  constructor(store: FolderStore, mode: CacheMode) {
    this.#store = store;
    this.#mode = mode;
  }

  /** The files of this load that came out of the storage, if only their beginning. */
  get used(): string[] {
    return [...this.#read];
  }

  /** Whether there is a file that can be taken. */
  has(file: string): boolean {
    return this.#mode !== 'reload' && this.#store.file(file) !== null;
  }

  /** The stored file, or part of it; null if it has to be fetched. `fresh` asks the server. */
  async find(file: string, fresh: (stored: StoredFile) => Promise<Freshness>): Promise<Stored | null> {
    if (this.#mode === 'reload') return null;
    const stored = this.#store.file(file);
    if (stored && (this.#mode === 'only-if-cached' || (await fresh(stored)) !== 'other')) {
      const blob = await this.#store.read(file);
      if (blob) {
        this.#read.add(file);
        return { blob, version: stored.version, whole: true };
      }
    }
    if (this.#mode === 'only-if-cached') {
      // As with a 404, a file that a folder need not have is left out.
      throw new LodestoneError('network', `cache: ${file} is not in the browser's storage, and the network is not used (offline); load the model once with the network`, { file, status: 404 });
    }
    const part = await this.#store.part(file);
    if (part) this.#read.add(file);
    return part && { ...part, whole: false };
  }

  /** Where the bytes of a file go: to the storage, or to a comparison if they come from there. */
  async sink(file: string, version: Version, from: Stored | null): Promise<Sink | null> {
    const checksum = new Checksum();
    if (from?.whole) {
      const { checksum: expected } = this.#store.file(file)!;
      return {
        add: (bytes) => checksum.add(bytes),
        end: () => {
          if (checksum.value() !== expected) throw new LodestoneError('integrity', `cache: ${file} in the browser's storage is damaged; load the model again with the network`, { file });
        },
      };
    }
    const writer = this.failure === '' ? await this.#store.writer(file, version, from !== null) : null;
    if (!writer) {
      this.failure ||= 'the browser lets nothing be written';
      return null;
    }
    const written: Written = { writer, version, checksum, size: 0, ended: false };
    this.#written.set(file, written);
    return {
      add: (bytes, at) => {
        checksum.add(bytes);
        writer.write(bytes, at);
        written.size = at + bytes.length;
      },
      end: () => {
        written.ended = true;
        writer.close();
      },
    };
  }

  /** Stores the files that came whole, now that the folder has loaded. `sha256` says what manifest.json has of a file. */
  async commit(sha256: (file: string) => string | null): Promise<void> {
    const files = new Map<string, StoredFile>();
    for (const [file, w] of this.#written) {
      if (!w.ended || w.writer.failed) continue;
      const { writer, version, checksum, size } = w;
      files.set(file, { as: writer.as, size, checksum: checksum.value(), sha256: sha256(file), version, stored: Date.now() });
    }
    this.close();
    if (files.size > 0) await this.#store.commit(files).catch((e: unknown) => this.#fail(e));
  }

  /** Ends writing. What has come of a file stays, for the next load. */
  close(): void {
    for (const { writer } of this.#written.values()) {
      writer.close();
      if (writer.failed) this.#fail(writer.failed);
    }
    this.#written.clear();
  }

  /** Removes the folder from the storage. */
  async clear(): Promise<void> {
    this.close();
    this.#read.clear();
    await this.#store.clear().catch((e: unknown) => this.#fail(e));
  }

  #fail(e: unknown): void {
    this.failure ||= e instanceof DOMException && e.name === 'QuotaExceededError' ? 'the storage that the browser grants is full' : e instanceof Error ? e.message : String(e);
  }
}
