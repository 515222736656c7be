// Marks the entities of a text.
import { pipeline } from '../lodestone.js';

const { form, model, text, run, cancel, progress, status, error, result } =
  Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
let tag, address, stop; // the pipeline, the address of its model, and what cancels a run

async function show(signal) {
  if (address !== model.value) {
    await tag?.dispose();
    address = undefined;
    tag = await pipeline('token-classification', model.value, { signal, progress_callback: load });
    address = model.value;
  }
  const source = text.value; // it may change while the model runs
  const entities = await tag(source, { aggregation_strategy: 'simple', signal });
  const parts = [];
  let end = 0;
  for (const e of entities) {
    const mark = document.createElement('mark');
    mark.title = `${(100 * e.score).toFixed(0)} % sure`;
    mark.append(source.slice(e.start, e.end), ' ', Object.assign(document.createElement('small'), { textContent: e.entity_group }));
    parts.push(source.slice(end, e.start), mark);
    end = e.end;
  }
  result.replaceChildren(...parts, source.slice(end));
  status.textContent = `Found ${entities.length} entities.`;
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
  await show(stop.signal).catch((e) => {
    status.textContent = e.code === 'aborted' ? 'Cancelled.' : '';
    if (e.code !== 'aborted') error.textContent = e.message;
  });
  busy();
};
cancel.onclick = () => stop?.abort();
