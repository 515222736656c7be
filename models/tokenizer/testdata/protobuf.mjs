// Reads a .model of SentencePiece (sentencepiece_model.proto) for oracle-files.mjs and pipelines.mjs.

function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let v = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = bytes[at++];
      v |= BigInt(b & 0x7f) << shift;
      if (b < 0x80) return Number(v);
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 0) yield [tag >> 3, varint()];
    else {
      const n = (tag & 7) === 2 ? varint() : (tag & 7) === 5 ? 4 : 8;
      yield [tag >> 3, bytes.subarray(at, at + n)];
      at += n;
    }
  }
}

/** The pieces, and what the trainer and normaliser were told, by the numbers of their fields. */
export function readModel(bytes) {
  const model = { pieces: [], trainer: {}, normalizer: {} };
  for (const [number, value] of fields(bytes)) {
    if (number === 1) {
      const piece = { text: '', score: 0, type: 1 };
      for (const [n, v] of fields(value)) {
        if (n === 1) piece.text = Buffer.from(v).toString();
        if (n === 2) piece.score = Buffer.from(v).readFloatLE(0);
        if (n === 3) piece.type = v;
      }
      model.pieces.push(piece);
    } else if (number === 2) model.trainer = Object.fromEntries(fields(value));
    else if (number === 3) model.normalizer = Object.fromEntries(fields(value));
  }
  return model;
}
