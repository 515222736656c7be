// A thread that takes every tile it can get and never runs one; see stolen() of threads-worker.js.
onmessage = ({ data: { words, ticket, hold, stop } }) => {
  postMessage('there');
  while (Atomics.load(stop, 0) === 0) {
    const left = Atomics.load(words, ticket);
    if (left === 0 || Atomics.compareExchange(words, ticket, left, left - 1) !== left) continue;
    Atomics.store(words, hold, left); // the tile's number, plus 1
    while (Atomics.load(words, hold) !== 0 && Atomics.load(stop, 0) === 0);
  }
};
