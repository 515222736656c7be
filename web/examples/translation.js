// Translates a sentence and shows it as it is written.
import { pipeline } from '../lodestone.js';

const { form, model, text, from, to, run, cancel, progress, status, error, result } =
  Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
let translator, address, stop; // the pipeline, the address of its model, and what cancels a run

async function translate(signal) {
  if (address !== model.value) {
    await translator?.dispose();
    address = undefined;
    translator = await pipeline('translation', model.value, { signal, progress_callback: load });
    address = model.value;
  }
  result.textContent = '';
  result.lang = to.value;
  const options = { src_lang: from.value, tgt_lang: to.value, signal };
  for await (const piece of translator.stream(text.value, options)) result.append(piece);
  status.textContent = 'Done.';
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
  await translate(stop.signal).catch((e) => {
    status.textContent = e.code === 'aborted' ? 'Cancelled.' : '';
    if (e.code !== 'aborted') error.textContent = e.message;
  });
  busy();
};
cancel.onclick = () => stop?.abort();
