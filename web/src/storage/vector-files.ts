// Saved indexes of vectors in the browser's storage (the origin private file system).
//
// A save writes a file of its own, named after the time, and then removes the older ones. So a
// tab that closes while it writes leaves the save before.
const ROOT = 'lodestone-vectors';

/** A file that a worker writes and reads in place. */
interface SyncFile {
  write(part: Uint8Array, options: { at: number }): number;
  read(into: Uint8Array, options: { at: number }): number;
  flush(): void;
  getSize(): number;
  close(): void;
}

type WithSync = FileSystemFileHandle & { createSyncAccessHandle?: () => Promise<SyncFile> };

/** The directory of the saved indexes; null if the browser has no such storage or denies it. */
async function directory(create: boolean): Promise<FileSystemDirectoryHandle | null> {
  try {
    const root = await globalThis.navigator?.storage?.getDirectory?.();
    return (await root?.getDirectoryHandle(ROOT, { create })) ?? null;
  } catch {
    return null;
  }
}

/** The files of a name, the newest first. */
async function filesOf(dir: FileSystemDirectoryHandle, name: string): Promise<string[]> {
  const found: string[] = [];
  const start = `${encodeURIComponent(name)}.`;
  for await (const file of dir.keys()) if (file.startsWith(start) && /^\d+$/.test(file.slice(start.length))) found.push(file);
  return found.sort((a, b) => Number(b.slice(start.length)) - Number(a.slice(start.length)));
}

/** Writes a file with the parts that `parts` emits. False if the browser has no storage for it. */
export async function writeVectors(name: string, parts: (emit: (part: Uint8Array) => void) => void): Promise<boolean> {
  const dir = await directory(true);
  if (!dir) return false;
  const old = await filesOf(dir, name);
  const newest = Number(old[0]?.split('.').at(-1) ?? 0);
  const file = `${encodeURIComponent(name)}.${Math.max(Date.now(), newest + 1)}`;
  const handle = (await dir.getFileHandle(file, { create: true })) as WithSync;
  if (!handle.createSyncAccessHandle) return false;
  const access = await handle.createSyncAccessHandle();
  try {
    let at = 0;
    parts((part) => {
      const n = access.write(part, { at });
      if (n !== part.length) throw new Error(`the browser wrote ${n} of ${part.length} bytes; its storage may be full`);
      at += n;
    });
    access.flush();
  } catch (e) {
    access.close();
    await dir.removeEntry(file).catch(() => {});
    throw e;
  }
  access.close();
  for (const other of old) await dir.removeEntry(other).catch(() => {}); // another tab may read it
  return true;
}

/** Reads the newest whole file of a name: `read` gets a function that returns the next n bytes, and throws if the file is not whole. Null if there is none. */
export async function readVectors<T>(name: string, read: (take: (n: number) => Uint8Array) => T): Promise<T | null> {
  const dir = await directory(false);
  let failure: { error: unknown } | null = null;
  for (const file of dir ? await filesOf(dir, name) : []) {
    const access = await ((await dir!.getFileHandle(file)) as WithSync).createSyncAccessHandle?.();
    if (!access) return null;
    try {
      return read(reader(access));
    } catch (error) {
      failure ??= { error }; // a tab closed while it wrote: the one before counts
    } finally {
      access.close();
    }
  }
  if (failure) throw failure.error;
  return null;
}

/** Reads a file in large parts. */
function reader(access: SyncFile): (n: number) => Uint8Array {
  const size = access.getSize();
  let buffer = new Uint8Array(0);
  let from = 0; // of the buffer in the file
  let at = 0;
  return (n) => {
    const wanted = Math.min(n, size - at);
    if (at + wanted > from + buffer.length) {
      buffer = new Uint8Array(Math.min(Math.max(wanted, 1 << 20), size - at));
      from = at;
      buffer = buffer.subarray(0, access.read(buffer, { at }));
    }
    const part = buffer.subarray(at - from, at - from + wanted);
    at += part.length;
    return part;
  };
}

/** Removes the files of a name, and returns whether there were any. */
export async function removeVectors(name: string): Promise<boolean> {
  const dir = await directory(false);
  const files = dir ? await filesOf(dir, name) : [];
  for (const file of files) await dir!.removeEntry(file);
  return files.length > 0;
}

/** The names of the saved indexes. */
export async function listVectors(): Promise<string[]> {
  const dir = await directory(false);
  const names = new Set<string>();
  for await (const file of dir?.keys() ?? []) {
    const [, name] = /^(.*)\.\d+$/.exec(file) ?? [];
    if (name !== undefined) names.add(decodeURIComponent(name));
  }
  return [...names].sort();
}
