// Shows the probability of each class of a text.
import { pipeline } from '../lodestone.js';

const { form, model, text, run, cancel, progress, status, error, result } =
  Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
let classify, address, stop; // the pipeline, the address of its model, and what cancels a run

async function show(signal) {
  if (address !== model.value) {
    await classify?.dispose();
    address = undefined;
    classify = await pipeline('text-classification', model.value, { signal, progress_callback: load });
    address = model.value;
  }
  const classes = await classify(text.value, { top_k: null, signal });
  result.replaceChildren(...classes.map(({ label, score }) => {
    const item = document.createElement('li');
    const bar = Object.assign(document.createElement('meter'), { value: score, ariaLabel: label });
    item.append(bar, `${label} `, Object.assign(document.createElement('small'), { textContent: `${(100 * score).toFixed(1)} %` }));
    return item;
  }));
  const cut = classes[0].truncated ? ' The text was too long: its end was left out.' : '';
  status.textContent = `The likeliest: ${classes[0].label}.${cut}`;
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
