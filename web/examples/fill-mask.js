// Lists the likeliest words for each mask of a text.
import { pipeline } from '../lodestone.js';

const { form, model, text, run, cancel, progress, status, error, result } =
  Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
let fill, address, stop; // the pipeline, the address of its model, and what cancels a run

async function show(signal) {
  if (address !== model.value) {
    await fill?.dispose();
    address = undefined;
    fill = await pipeline('fill-mask', model.value, { signal, progress_callback: load });
    address = model.value;
  }
  const found = await fill(text.value, { top_k: 5, signal });
  const masks = Array.isArray(found[0]) ? found : [found]; // a list of words for each mask
  result.replaceChildren(...masks.map((words) => {
    const list = document.createElement('ol');
    list.append(...words.map(({ token_str, score }) => {
      const item = document.createElement('li');
      item.append(`${token_str} `, Object.assign(document.createElement('small'), { textContent: `${(100 * score).toFixed(1)} %` }));
      return item;
    }));
    return list;
  }));
  status.textContent = `The likeliest: ${masks.map(([first]) => first.token_str.trim()).join(', ')}.`;
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
