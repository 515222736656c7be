// The few things of Node.js that this folder uses, so that the types of all of it, which
// change those of browsers, need not be installed.
declare module 'node:worker_threads' {
  interface Port {
    postMessage(message: unknown, transfer?: readonly Transferable[]): void;
    on(event: 'message' | 'error' | 'messageerror', listener: (value: never) => void): void;
  }
  export class Worker implements Port {
    constructor(script: URL, options: { name: string; workerData: unknown });
    postMessage(message: unknown, transfer?: readonly Transferable[]): void;
    on(event: 'message' | 'error' | 'exit' | 'messageerror', listener: (value: never) => void): void;
    ref(): void;
    unref(): void;
    terminate(): Promise<number>;
  }
  export const parentPort: Port;
  export const workerData: unknown;
}
declare module 'node:fs' {
  export function createReadStream(path: URL, options: { start: number; signal?: AbortSignal | undefined }): import('node:stream').Readable;
}
declare module 'node:fs/promises' {
  export function stat(path: URL): Promise<{ size: number; isFile(): boolean }>;
}
declare module 'node:stream' {
  export class Readable {
    static toWeb(stream: Readable): ReadableStream<Uint8Array<ArrayBuffer>>;
  }
}
declare module 'node:url' {
  export function pathToFileURL(path: string): URL;
}
declare module 'node:process' {
  export function cwd(): string;
}
