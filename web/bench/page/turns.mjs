// Who is called when. What a call leaves behind (threads that spin for some
// milliseconds more, a processor's caches and its choice of where threads run) meets the
// one that comes next. So a contender is called several times at its turn, and the first
// of these calls, which meets what another one left, does not count; and who comes after
// whom changes from round to round.

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

/** Calls work so often, gap ms apart, after one call that does not count; returns the ms of each. */
export async function turn(work, calls, gap) {
  const times = [];
  for (let i = 0; i <= calls; i++) {
    await sleep(gap);
    const began = performance.now();
    await work();
    if (i > 0) times.push(performance.now() - began);
  }
  return times;
}

/** How many rounds it takes until every contender of n has come after every other equally often. */
export const cycle = n => (n % 2 ? 2 * n : n);

/**
 * The order of n contenders in a round. In `cycle(n)` rounds each comes right after each
 * other one equally often, once or twice, and in each place of a round, too: a square of
 * Williams (Australian Journal of Scientific Research A 2, 149, 1949); for an odd n it and its mirror image.
 */
export function turns(n, round) {
  // 0, 1, n−1, 2, n−2, …: neighbours differ by 1, −2, 3, −4, …, each difference once if n is even.
  const order = Array.from({ length: n }, (_, i) => (round + (i % 2 ? (i + 1) / 2 : n - i / 2)) % n);
  return n % 2 && Math.floor(round / n) % 2 ? order.reverse() : order;
}
