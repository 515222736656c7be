// pipeline(): a model for a task. Each task has a file of its own in this folder.
import type { ModelSource } from '../page/address.js';
import { type LoadOptions, loadWith } from '../page/options.js';
import * as check from '../page/validate.js';
import { featureExtraction, type FeatureExtractionPipeline } from './feature-extraction.js';
import { fillMask, type FillMaskPipeline } from './fill-mask.js';
import { multipleChoice, type MultipleChoicePipeline } from './multiple-choice.js';
import { questionAnswering, type QuestionAnsweringPipeline } from './question-answering.js';
import { summarization, type SummarizationPipeline } from './summarization.js';
import { pipelineHandle } from './task.js';
import { text2textGeneration, type Text2TextGenerationPipeline } from './text2text-generation.js';
import { textClassification, type TextClassificationPipeline } from './text-classification.js';
import { textGeneration, type TextGenerationPipeline } from './text-generation.js';
import { textRanking, type TextRankingPipeline } from './text-ranking.js';
import { tokenClassification, type TokenClassificationPipeline } from './token-classification.js';
import { translation, type TranslationPipeline } from './translation.js';
import { zeroShotClassification, type ZeroShotClassificationPipeline } from './zero-shot-classification.js';

/** The tasks of pipeline, and what it returns for each. */
export interface Pipelines {
  'feature-extraction': FeatureExtractionPipeline;
  'fill-mask': FillMaskPipeline;
  'text-classification': TextClassificationPipeline;
  'token-classification': TokenClassificationPipeline;
  'question-answering': QuestionAnsweringPipeline;
  'text-generation': TextGenerationPipeline;
  'multiple-choice': MultipleChoicePipeline;
  summarization: SummarizationPipeline;
  'text-ranking': TextRankingPipeline;
  'text2text-generation': Text2TextGenerationPipeline;
  translation: TranslationPipeline;
  'zero-shot-classification': ZeroShotClassificationPipeline;
}

/** Other names of tasks, as in transformers.js. */
const ALIASES = { 'sentiment-analysis': 'text-classification', ner: 'token-classification', embeddings: 'feature-extraction' } as const;

/** The tasks of pipeline. */
export type Task = keyof Pipelines;

/** Other names of tasks. A handle has the first name. */
export type TaskAlias = keyof typeof ALIASES;

/** The task that a name stands for. */
type Named<T extends Task | TaskAlias> = T extends TaskAlias ? (typeof ALIASES)[T] : T;

export type PipelineOptions = LoadOptions;

const TASKS = {
  'feature-extraction': featureExtraction,
  'fill-mask': fillMask,
  'text-classification': textClassification,
  'token-classification': tokenClassification,
  'question-answering': questionAnswering,
  'text-generation': textGeneration,
  'multiple-choice': multipleChoice,
  summarization,
  'text-ranking': textRanking,
  'text2text-generation': text2textGeneration,
  translation,
  'zero-shot-classification': zeroShotClassification,
} as const;

const OTHER_MEDIA = 'models read text here';

/** Tasks of transformers.js that are not done here. */
const ELSEWHERE: Readonly<Record<string, string>> = Object.fromEntries(
  ['automatic-speech-recognition', 'asr', 'audio-classification', 'text-to-audio', 'text-to-speech', 'image-classification', 'image-to-text', 'object-detection', 'depth-estimation'].map((t) => [t, OTHER_MEDIA]),
);

/**
 * Loads a model for a task.
 *
 *     const embed = await pipeline('feature-extraction', DEFAULT_MODEL, { dtype: 'q8' });
 *     const { data, dims } = await embed(['Guten Morgen', 'good morning'], { pooling: 'prompt', normalize: true });
 *
 * @param task what the model is for
 * @param model a folder with config.json, tokenizer.json and model.safetensors: its address, a
 *   model id such as 'owner/name' (see {@link env}), or its files
 * @throws LodestoneError
 */
export async function pipeline<T extends Task | TaskAlias>(task: T, model: ModelSource, options?: PipelineOptions): Promise<Pipelines[Named<T>]> {
  const named = check.oneOf('pipeline: task', task ?? '', [...(Object.keys(TASKS) as Task[]), ...(Object.keys(ALIASES) as TaskAlias[])], 'feature-extraction', ELSEWHERE);
  const name: Task = check.has(ALIASES, named) ? ALIASES[named as TaskAlias] : (named as Task);
  if (model === undefined || model === null) throw check.invalid(`pipeline: model: a ${name} model is not chosen for you; give an address, a model id such as 'owner/name', or files`);
  const definition = TASKS[name];
  const loaded = await loadWith('pipeline', model, options, definition.parts);
  const made = pipelineHandle(name, definition.run(loaded), loaded);
  loaded.progress?.({ status: 'ready', name: loaded.url, task: name, model: loaded.url });
  return made as unknown as Pipelines[Named<T>];
}
