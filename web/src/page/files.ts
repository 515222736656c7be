// A model's files that a page gives: dropped, chosen, read, or made.
import { LodestoneError } from '../protocol/error.js';
import { invalid } from './validate.js';

/** The content of a file. */
export type FileData = Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>;

/**
 * The files of a model: those of `<input type="file" webkitdirectory>`, of a drop, of
 * showDirectoryPicker(), or contents by their names, such as
 * `{ 'config.json': bytes, 'tokenizer.json': bytes, 'model.safetensors': blob }`.
 */
export type ModelFiles = FileList | readonly File[] | DataTransfer | FileSystemDirectoryHandle | ReadonlyMap<string, FileData> | Readonly<Record<string, FileData>>;

export interface NamedFiles {
  /** The name of their folder, '' if it has none. */
  name: string;
  /** The files below the folder that has config.json. */
  files: Record<string, Blob>;
}

/** The most files of a folder that are looked at, and the deepest nesting. */
const MOST = 10_000;
const DEEPEST = 8;

/** The files of a model by their names. What a drop holds is read before this returns. */
export function namedFiles(what: string, model: unknown, subfolder: string): Promise<NamedFiles> {
  const found = collect(what, model);
  return found.then((all) => {
    if (all.size > MOST) throw invalid(`${what}: model: more than ${MOST} files, expected those of one model folder`);
    return folderOf(what, all, subfolder);
  });
}

function collect(what: string, model: unknown): Promise<Map<string, Blob>> {
  if (typeof DataTransfer !== 'undefined' && model instanceof DataTransfer) return dropped(model);
  if (typeof FileSystemHandle !== 'undefined' && model instanceof FileSystemHandle) {
    if (model.kind !== 'directory') throw invalid(`${what}: model: one file, ${JSON.stringify(model.name)}; expected the folder that holds it`);
    const all = new Map<string, Blob>();
    return ofDirectory(model as FileSystemDirectoryHandle, '', 0, all).then(() => all);
  }
  const list = typeof FileList !== 'undefined' && model instanceof FileList ? Array.from(model) : model;
  if (Array.isArray(list)) {
    const all = new Map<string, Blob>();
    for (const file of list as unknown[]) {
      if (!(file instanceof File)) throw invalid(`${what}: model: an array of something else than File`);
      all.set(file.webkitRelativePath || file.name, file);
    }
    return Promise.resolve(all);
  }
  if (typeof model !== 'object' || model === null) throw invalid(`${what}: model: expected an address, a model id such as 'owner/name', or files`);
  const entries: [unknown, unknown][] = model instanceof Map ? [...model] : Object.entries(model);
  return Promise.resolve(new Map(entries.map(([name, data]) => [String(name), blob(what, String(name), data)])));
}

/** The content of a file as a Blob, which a worker gets without a copy. */
function blob(what: string, name: string, data: unknown): Blob {
  if (data instanceof Blob) return data;
  if (data instanceof ArrayBuffer || (ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer)) return new Blob([data as ArrayBuffer]);
  throw invalid(`${what}: model: ${JSON.stringify(name)} is neither a Blob nor an ArrayBuffer nor a typed array`);
}

/** The files and folders of a drop. A browser forgets them when the event ends. */
function dropped(transfer: DataTransfer): Promise<Map<string, Blob>> {
  const all = new Map<string, Blob>();
  const entries = Array.from(transfer.items, (item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null));
  const plain = Array.from(transfer.files);
  const walk = async (entry: FileSystemEntry, depth: number): Promise<void> => {
    if (depth > DEEPEST || all.size > MOST) return;
    if (entry.isFile) {
      all.set(entry.fullPath.replace(/^\//, ''), await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const one of some) await walk(one, depth + 1);
    }
  };
  if (!entries.some((e) => e !== null)) {
    for (const file of plain) all.set(file.name, file);
    return Promise.resolve(all);
  }
  return (async () => {
    for (const entry of entries) if (entry) await walk(entry, 0);
    return all;
  })();
}

async function ofDirectory(directory: FileSystemDirectoryHandle, path: string, depth: number, all: Map<string, Blob>): Promise<void> {
  if (depth > DEEPEST) return;
  for await (const [name, handle] of directory.entries()) {
    if (all.size > MOST) return;
    if (handle.kind === 'file') all.set(path + name, await (handle as FileSystemFileHandle).getFile());
    else await ofDirectory(handle as FileSystemDirectoryHandle, `${path}${name}/`, depth + 1, all);
  }
}

/** The files of the one folder that has config.json, nearest to the top. */
function folderOf(what: string, all: Map<string, Blob>, subfolder: string): NamedFiles {
  const names = [...all.keys()];
  const config = subfolder === '' ? 'config.json' : `${subfolder}/config.json`;
  const depth = (name: string): number => name.split('/').length;
  const candidates = names.filter((n) => n === config || n.endsWith(`/${config}`)).sort((a, b) => depth(a) - depth(b));
  const [first, second] = candidates;
  if (first === undefined) {
    const some = names.slice(0, 8).map((n) => JSON.stringify(n)).join(', ');
    throw new LodestoneError(
      'file_missing',
      `${what}: model: no ${config} among the files that were given${names.length === 0 ? '' : ` (${some}${names.length > 8 ? ', …' : ''})`}; a model folder holds config.json, tokenizer.json and model.safetensors`,
      { file: config },
    );
  }
  if (second !== undefined && depth(second) === depth(first)) {
    throw invalid(`${what}: model: several folders of models, ${JSON.stringify(first)} and ${JSON.stringify(second)}; give one`);
  }
  const prefix = first.slice(0, first.length - 'config.json'.length);
  const files: Record<string, Blob> = Object.create(null) as Record<string, Blob>;
  for (const [name, file] of all) if (name.startsWith(prefix)) files[name.slice(prefix.length)] = file;
  return { name: /([^/]*)\/$/.exec(prefix)?.[1] ?? '', files };
}
