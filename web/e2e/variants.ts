// The variants of the kernels, and which of them a browser may lack.
import { readFileSync } from 'node:fs';

/** Each variant with the forms of its module that it may be (kernels/simd/gen/linear_q8.go). */
export const variants = { simd128: '0', relaxed: '1', fused: '2', fused8: '3,4' } as const;

/** Eight bits are for processors whose instruction takes them; elsewhere the self-test must say so. */
export const sevenBits = 'the self-test says that this browser multiplies seven bits here';

/**
 * Whether a variant may be missing. What the self-test says is believed where nobody knows
 * better: Chromium uses AVX-VNNI, so that on a processor that has it fused8 has to run.
 */
export function mayLack(variant: string, browserName: string): boolean {
  return variant === 'fused8' && !(browserName === 'chromium' && /\bavx_vnni\b/.test(processor()));
}

/** Whether a variant that did not start, for this reason, is one that may be missing. */
export function lacks(variant: string, browserName: string, failed: string): boolean {
  return mayLack(variant, browserName) && /self-test [1-9]\d*,[1-9]\d*$|fused8 cannot run: .* wrongly$/m.test(failed);
}

function processor(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return ''; // not Linux
  }
}
