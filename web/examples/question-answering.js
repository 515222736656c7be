// Marks the answer to a question in a text.
import { pipeline } from '../lodestone.js';

const { form, model, question, text, run, cancel, progress, status, error, result } =
  Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
let answer, address, stop; // the pipeline, the address of its model, and what cancels a run

async function show(signal) {
  if (address !== model.value) {
    await answer?.dispose();
    address = undefined;
    answer = await pipeline('question-answering', model.value, { signal, progress_callback: load });
    address = model.value;
  }
  const source = text.value; // it may change while the model runs
  const found = await answer(question.value, source, { handle_impossible_answer: true, signal });
  const mark = Object.assign(document.createElement('mark'), { textContent: source.slice(found.start, found.end) });
  result.replaceChildren(source.slice(0, found.start), ...(found.answer ? [mark] : []), source.slice(found.end));
  const sure = `${(100 * found.score).toFixed(1)} % sure`;
  status.textContent = found.answer ? `Answer: ${found.answer} (${sure}).` : `The text has no answer (${sure}).`;
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
