// Lists the notes that a Kformer reads for a question.
import { AutoTokenizer, KformerModel } from '../lodestone.js';

const { form, model, question, notes, run, cancel, progress, status, error, result } =
  Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
let kformer, tokenizer, address, stop; // the model and its tokenizer, their address, and what cancels a run

async function read(signal) {
  if (address !== model.value) {
    await Promise.all([kformer?.dispose(), tokenizer?.dispose()]);
    address = undefined;
    kformer = await KformerModel.from_pretrained(model.value, { signal, progress_callback: load });
    tokenizer = await AutoTokenizer.from_pretrained(model.value, { signal });
    address = model.value;
  }
  const lines = notes.value.split('\n').filter((s) => s.trim());
  await kformer.setKnowledge(lines, { signal });
  const { selected } = await kformer(await tokenizer(question.value), { signal });
  result.replaceChildren(...selected[0].map((n) => Object.assign(document.createElement('li'), { textContent: lines[n] })));
  status.textContent = `Read ${selected[0].length} of ${lines.length} notes. The best: ${lines[selected[0][0]]}`;
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
  await read(stop.signal).catch((e) => {
    status.textContent = e.code === 'aborted' ? 'Cancelled.' : '';
    if (e.code !== 'aborted') error.textContent = e.message;
  });
  busy();
};
cancel.onclick = () => stop?.abort();
