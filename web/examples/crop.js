// Tags a German sentence with a tagger of English, and shows each step.
import { crop, pipeline } from '../lodestone.js';

const { form, model, tags, text, run, cancel, progress, status, error, result, steps } =
  Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
let translator, tagger, address, stop; // the pipelines, the addresses of their models, and what cancels a run

async function show(signal) {
  if (address !== `${model.value} ${tags.value}`) {
    await Promise.all([translator?.dispose(), tagger?.dispose()]);
    address = undefined;
    translator = await pipeline('translation', model.value, { signal, progress_callback: load });
    tagger = await pipeline('token-classification', tags.value, { signal, progress_callback: load });
    address = `${model.value} ${tags.value}`;
  }
  for (const old of [steps, result]) old.replaceChildren();
  const line = ({ words, labels }) => words.map((w, i) => (labels && labels[i] !== 'O' ? `${w}/${labels[i]}` : w)).join(' ');
  const on_step = ({ name, output }) =>
    steps.append(Object.assign(document.createElement('li'), { textContent: `${name}: ${output.map(line).join(' | ')}` }));
  const source = text.value; // it may change while the models run
  const { entities } = await crop(source, { translator, tagger, src_lang: 'de', on_step, signal });
  let end = 0;
  for (const e of entities) {
    const mark = Object.assign(document.createElement('mark'), { textContent: `${e.word} ${e.entity_group}` });
    result.append(source.slice(end, e.start), mark);
    end = e.end;
  }
  result.append(source.slice(end));
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
