// Reads the weights of a model folder as f32, also those stored as int8 with a
// scale a row (X.weight + X.weight_scale).
import fs from 'node:fs';

/** Returns a Map from tensor name to {shape, data: Float32Array}. */
export function readSafetensors(file) {
  const bytes = fs.readFileSync(file);
  const headerSize = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + headerSize).toString());
  delete header.__metadata__;

  const raw = name => {
    const [begin, end] = header[name].data_offsets;
    return bytes.buffer.slice(bytes.byteOffset + 8 + headerSize + begin, bytes.byteOffset + 8 + headerSize + end);
  };
  const floats = name => {
    if (header[name].dtype !== 'F32') throw new Error(`${file}: tensor ${name} is ${header[name].dtype}; F32 or I8 is read here`);
    return new Float32Array(raw(name));
  };

  const out = new Map();
  for (const [name, { dtype, shape }] of Object.entries(header)) {
    if (name.endsWith('_scale')) continue;
    if (dtype !== 'I8') {
      out.set(name, { shape, data: floats(name) });
      continue;
    }
    const q = new Int8Array(raw(name));
    const scale = floats(`${name}_scale`);
    const columns = shape[1];
    out.set(name, { shape, data: Float32Array.from(q, (v, i) => v * scale[Math.floor(i / columns)]) });
  }
  return out;
}
