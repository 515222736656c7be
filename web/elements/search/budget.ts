// Sizes in attributes: "400kB", "1.5 MB", "120000".
const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 1024, mib: 1024 ** 2 };

/** The bytes of a size; what is missing or no size gives the default. */
export function bytes(text: string | null, otherwise: number): number {
  const m = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?i?b?)\s*$/i.exec(text ?? '');
  const unit = m && UNITS[m[2]!.toLowerCase()];
  return m && unit ? Math.round(Number(m[1]) * unit) : otherwise;
}
