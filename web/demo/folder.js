// Model folders of this site: their address and how large they are.

/** A refusal in the form of the module's own errors. */
export class ViewError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** The address of a folder, which must be on this site. */
export function address(folder) {
  const url = new URL(folder, document.baseURI);
  if (url.origin !== location.origin) {
    throw new ViewError('invalid_argument', `folder: ${url.origin} is another site than ${location.origin}; this page reads models of its own site only`);
  }
  url.search = url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** The bytes that loading a folder downloads, as its manifest or its server says; -1 if neither does. */
export async function bytes(url) {
  try {
    const listed = await fetch(new URL('manifest.json', url));
    if (listed.ok) {
      const { files } = await listed.json();
      return files.filter((f) => /^(config|tokenizer)\.json$|\.safetensors(\.index\.json)?$/.test(f.path)).reduce((sum, f) => sum + f.size, 0);
    }
  } catch {
    // no manifest, or a page in its place: the files are asked one by one
  }
  let sum = 0;
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    const head = await fetch(new URL(name, url), { method: 'HEAD' });
    const size = Number(head.headers.get('Content-Length'));
    if (head.ok && size > 0) sum += size;
    else if (name !== 'tokenizer.json') return -1;
  }
  return sum;
}
