// A contender in a worker: {open: spec} first, then {work}.
import { openHere } from './shape-contenders.mjs';

let contender;
onmessage = async ({ data }) => {
  try {
    if (data.open) {
      contender = await openHere(data.open);
      return postMessage({});
    }
    // A copy, since a library may hand out a view of memory that it keeps.
    const numbers = new Float32Array(await contender.call(data.work));
    postMessage({ numbers }, [numbers.buffer]);
  } catch (e) {
    postMessage({ error: String(e?.stack ?? e) });
  }
};
