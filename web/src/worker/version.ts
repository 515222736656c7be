// What responses say of the version of a file.
import { LodestoneError } from '../protocol/error.js';
import type { Version } from '../protocol/version.js';

/** The version that a response states. A response of another origin may show none of this. */
export function versionOf(r: Response): Version {
  const range = contentRange(r);
  return {
    etag: r.headers.get('etag') || null,
    modified: r.headers.get('last-modified') || null,
    size: r.status === 206 ? (range?.total ?? -1) : contentLength(r),
  };
}

/** What If-Range may hold for a version; null if nothing identifies its bytes. */
export function ifRange(v: Version): string | null {
  return v.etag !== null && !v.etag.startsWith('W/') ? v.etag : v.modified;
}

/** The first byte and the size of the file by a Content-Range header; null without one that can be read. */
export function contentRange(r: Response): { first: number; total: number } | null {
  const m = /^\s*bytes\s+(\d{1,15})-\d{1,15}\/(\d{1,15}|\*)\s*$/i.exec(r.headers.get('content-range') ?? '');
  return m ? { first: Number(m[1]), total: m[2] === '*' ? -1 : Number(m[2]) } : null;
}

/**
 * The size that a response states, −1 if it states none that can be trusted: Content-Length
 * counts compressed bytes, and Content-Encoding of another origin is not readable.
 */
export function contentLength(r: Response): number {
  const encoding = r.headers.get('content-encoding');
  if ((encoding !== null && encoding !== 'identity') || r.type === 'cors') return -1;
  const stated = r.headers.get('content-length');
  return stated !== null && /^\d{1,15}$/.test(stated) ? Number(stated) : -1;
}

/** The error of a file that is not the one whose first part was read. */
export function changed(file: string, how: string): LodestoneError {
  return new LodestoneError('integrity', `fetch: ${file} changed on the server while it was read (${how}); load the model again`, { file, changed: true });
}
