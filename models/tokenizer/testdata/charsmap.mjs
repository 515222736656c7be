// Writes small charsmaps of SentencePiece, as the normaliser Precompiled reads them: the size
// of a double-array trie in bytes, its units, then the replacements, each ended by a zero byte.
// The units are those of darts-clone. Keys and replacements are strings.

/** Returns the charsmap of an object or Map from texts to their replacements. */
export function charsmap(entries) {
  const root = new Map();
  let blob = Buffer.alloc(0);
  for (const [key, value] of entries instanceof Map ? entries : Object.entries(entries)) {
    let node = root;
    for (const b of Buffer.from(key)) {
      if (!node.has(b)) node.set(b, new Map());
      node = node.get(b);
    }
    node.set(-1, blob.length); // a leaf: where the replacement begins
    blob = Buffer.concat([blob, Buffer.from(value + '\0')]);
  }
  const units = [0];
  const used = [true];
  let free = 1;
  const todo = [[root, 0]];
  while (todo.length > 0) {
    const [node, at] = todo.pop();
    const labels = [...node.keys()].map((b) => Math.max(b, 0));
    let base = free & ~0xff; // children lie at base ^ label
    while (labels.some((b) => used[base ^ b]) || (base ^ at) >= 1 << 21) base++;
    units[at] = ((units[at] ?? 0) | (base ^ at) << 10 | (node.has(-1) ? 1 << 8 : 0)) >>> 0;
    for (const [b, child] of node) {
      const to = base ^ Math.max(b, 0);
      used[to] = true;
      units[to] = b < 0 ? (child | 1 << 31) >>> 0 : b;
      if (b >= 0) todo.push([child, to]);
    }
    while (used[free]) free++;
  }
  const size = (units.length + 0xff) & ~0xff;
  const out = Buffer.alloc(4 + 4 * size);
  out.writeUInt32LE(4 * size, 0);
  for (let i = 0; i < size; i++) out.writeUInt32LE(units[i] ?? 0, 4 + 4 * i);
  return Buffer.concat([out, blob]);
}
