// Ranks sentences by their cosine with a query.
import { pipeline } from '../lodestone.js';

const { form, model, query, sentences, run, cancel, progress, status, error, result } =
  Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
let embed, address, stop; // the pipeline, the address of its model, and what cancels a run

async function search(signal) {
  if (address !== model.value) {
    await embed?.dispose();
    address = undefined;
    embed = await pipeline('feature-extraction', model.value, { signal, progress_callback: load });
    address = model.value;
  }
  const texts = sentences.value.split('\n').filter((s) => s.trim());
  const { data, dims } = await embed([query.value, ...texts], { pooling: 'auto', normalize: true, signal });
  const vector = (i) => data.subarray(i * dims[1], (i + 1) * dims[1]);
  const cosine = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0); // of vectors whose length is 1
  const ranked = texts.map((text, i) => ({ text, score: cosine(vector(0), vector(i + 1)) })).sort((a, b) => b.score - a.score);
  result.replaceChildren(...ranked.map(({ text, score }) => {
    const item = document.createElement('li');
    item.append(`${text} `, Object.assign(document.createElement('small'), { textContent: score.toFixed(2) }));
    return item;
  }));
  status.textContent = `Ranked ${ranked.length} sentences. The closest: ${ranked[0]?.text}`;
}

function load(e) {
  if (e.status === 'progress_total' && e.total) progress.value = e.progress;
  if (e.status === 'ready') progress.removeAttribute('value'); // the model runs, for as long as that takes
}

function busy(controller) {
  stop = controller;
  run.ariaDisabled = Boolean(stop);
  cancel.ariaDisabled = progress.hidden = !stop;
}

form.onsubmit = async (event) => {
  event.preventDefault();
  if (stop) return;
  busy(new AbortController());
  status.textContent = 'Working…';
  error.textContent = '';
  await search(stop.signal).catch((e) => {
    status.textContent = e.code === 'aborted' ? 'Cancelled.' : '';
    if (e.code !== 'aborted') error.textContent = e.message;
  });
  busy();
};
cancel.onclick = () => stop?.abort();
