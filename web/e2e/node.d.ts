// The few things of Node.js that the specs use, so that the types of all of it need
// not be installed.
declare module 'node:fs' {
  export function readFileSync(path: URL | string, encoding: 'utf8'): string;
  export function readdirSync(path: URL): string[];
  export function readdirSync(path: URL, options: { withFileTypes: true }): { name: string; isDirectory(): boolean }[];
  export function existsSync(path: URL): boolean;
}
declare module 'node:crypto' {
  export function randomUUID(): string;
}
declare module 'node:child_process' {
  export function execFileSync(file: string, args: string[], options: { encoding: 'utf8' }): string;
}
declare const process: { env: Record<string, string | undefined>; execPath: string };
