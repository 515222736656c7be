// Which version of a file a server sends, so that the parts of two versions never become one file.

/** What a response says of the version of its file; null and −1 where it says nothing. */
export interface Version {
  etag: string | null;
  modified: string | null;
  /** The size of the whole file in bytes. */
  size: number;
}

/** Names the first difference between two versions; null if what both state is the same. */
export function difference(a: Version, b: Version): string | null {
  if (a.etag !== null && b.etag !== null && entity(a.etag) !== entity(b.etag)) return `ETag ${b.etag}, before ${a.etag}`;
  if (a.modified !== null && b.modified !== null && a.modified !== b.modified) return `Last-Modified ${b.modified}, before ${a.modified}`;
  if (a.size >= 0 && b.size >= 0 && a.size !== b.size) return `${b.size} bytes, before ${a.size}`;
  return null;
}

/** The entity of an ETag: servers mark the compressed and the weak form of the same bytes. */
function entity(etag: string): string {
  return etag.replace(/^W\//, '').replace(/[-;]+(gzip|br|zstd|deflate)"$/, '"');
}
