// How this script sends requests.

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Sends a request: by the fetch of this runtime, if nothing else was set. */
export let request: Fetch = (url, init) => fetch(url, init);

/** Sets what sends requests: in Node.js, Deno and Bun the fetch of the main thread reads no files. */
export function sendWith(f: Fetch): void {
  request = f;
}
