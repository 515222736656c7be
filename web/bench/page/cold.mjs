// From navigation to the first vector, in a profile that has seen nothing. Times
// are ms since the navigation began.
import { open } from './contenders.mjs';

const { spec, work } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const marks = { script: performance.now() };
try {
  const contender = await open(spec);
  marks.loaded = performance.now();
  const vector = await contender.call(work);
  marks.first = performance.now();
  await contender.call(work);
  marks.second = performance.now();
  window.result = { marks, timings: contender.timings, width: vector.length, timeOrigin: performance.timeOrigin };
} catch (e) {
  window.result = { error: String(e?.stack ?? e) };
}
