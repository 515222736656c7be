// pipeline(): a model for a task. Each task has a file of its own in this folder.
import { type LoadOptions, loadWith } from '../page/options.js';
import * as check from '../page/validate.js';
import { featureExtraction, type FeatureExtractionPipeline } from './feature-extraction.js';
import { fillMask, type FillMaskPipeline } from './fill-mask.js';
import { questionAnswering, type QuestionAnsweringPipeline } from './question-answering.js';
import { pipelineHandle } from './task.js';
import { textClassification, type TextClassificationPipeline } from './text-classification.js';
import { textGeneration, type TextGenerationPipeline } from './text-generation.js';
import { tokenClassification, type TokenClassificationPipeline } from './token-classification.js';
import { translation, type TranslationPipeline } from './translation.js';

/** The tasks of pipeline, and what it returns for each. */
export interface Pipelines {
  'feature-extraction': FeatureExtractionPipeline;
  'fill-mask': FillMaskPipeline;
  'text-classification': TextClassificationPipeline;
  'token-classification': TokenClassificationPipeline;
  'question-answering': QuestionAnsweringPipeline;
  'text-generation': TextGenerationPipeline;
  translation: TranslationPipeline;
}

/** The tasks of pipeline. */
export type Task = keyof Pipelines;

export type PipelineOptions = LoadOptions;

const TASKS = {
  'feature-extraction': featureExtraction,
  'fill-mask': fillMask,
  'text-classification': textClassification,
  'token-classification': tokenClassification,
  'question-answering': questionAnswering,
  'text-generation': textGeneration,
  translation,
} as const;

/**
 * Loads a model for a task.
 *
 *     const embed = await pipeline('feature-extraction', DEFAULT_MODEL, { dtype: 'q8' });
 *     const { data, dims } = await embed(['Guten Morgen', 'good morning'], { pooling: 'prompt', normalize: true });
 *
 * @param task what the model is for
 * @param model the address of a folder with config.json, tokenizer.json and model.safetensors
 * @throws LodestoneError
 */
export async function pipeline<T extends Task>(task: T, model: string, options?: PipelineOptions): Promise<Pipelines[T]> {
  const name = check.oneOf('pipeline: task', task ?? '', Object.keys(TASKS) as Task[], 'feature-extraction');
  const definition = TASKS[name];
  const loaded = await loadWith('pipeline', model, options, definition.parts);
  const made = pipelineHandle(name, definition.run(loaded), loaded);
  loaded.progress?.({ status: 'ready', name: loaded.url, task: name, model: loaded.url });
  return made as Pipelines[T];
}
