// Continues a text and shows it as it is written.
import { pipeline } from '../lodestone.js';

const { form, model, text, seed, run, cancel, progress, status, error, result } =
  Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
let generator, address, stop; // the pipeline, the address of its model, and what cancels a run

async function write(signal) {
  if (address !== model.value) {
    await generator?.dispose();
    address = undefined;
    generator = await pipeline('text-generation', model.value, { signal, progress_callback: load });
    address = model.value;
  }
  status.textContent = 'Writing…';
  result.textContent = text.value;
  const options = { max_new_tokens: 80, do_sample: true, seed: Number(seed.value), signal };
  for await (const piece of generator.stream(text.value, options)) result.append(piece);
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
  await write(stop.signal).catch((e) => {
    status.textContent = e.code === 'aborted' ? 'Cancelled.' : '';
    if (e.code !== 'aborted') error.textContent = e.message;
  });
  busy();
};
cancel.onclick = () => stop?.abort();
