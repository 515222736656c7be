// A contender in a worker: {open: spec} first, then {work}. The address says whose
// openHere opens it: ?contenders=./contenders.mjs
const contenders = import(new URL(location.href).searchParams.get('contenders'));

let contender;
onmessage = async ({ data }) => {
  try {
    if (data.open) {
      contender = await (await contenders).openHere(data.open);
      return postMessage({});
    }
    // A copy, since a library may hand out a view of memory that it keeps.
    const numbers = new Float32Array(await contender.call(data.work));
    postMessage({ numbers }, [numbers.buffer]);
  } catch (e) {
    postMessage({ error: String(e?.stack ?? e) });
  }
};
