// pipeline(): a model for a task. The tasks are in tasks/, one file each.
import { type DType, type Device, type LoadOptions, loadWith } from './options.js';
import { type FeatureExtractionPipeline, featureExtraction } from './tasks/feature-extraction.js';
import { type FillMaskPipeline, fillMask } from './tasks/fill-mask.js';
import { type QuestionAnsweringPipeline, questionAnswering } from './tasks/question-answering.js';
import { type TextClassificationPipeline, textClassification } from './tasks/text-classification.js';
import { type TextGenerationPipeline, textGeneration } from './tasks/text-generation.js';
import { type TokenClassificationPipeline, tokenClassification } from './tasks/token-classification.js';
import { type TranslationPipeline, translation } from './tasks/translation.js';
import { handle } from './tasks/task.js';
import * as check from './validate.js';

/** The tasks that pipeline knows, and what it returns for each. */
export interface Pipelines {
  'feature-extraction': FeatureExtractionPipeline;
  'fill-mask': FillMaskPipeline;
  'text-classification': TextClassificationPipeline;
  'token-classification': TokenClassificationPipeline;
  'question-answering': QuestionAnsweringPipeline;
  'text-generation': TextGenerationPipeline;
  translation: TranslationPipeline;
}

/** The tasks that pipeline knows. */
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
  const made = handle(name, definition.run(loaded), loaded);
  loaded.progress?.({ status: 'ready', name: loaded.url, task: name, model: loaded.url });
  return made as Pipelines[T];
}

export type { DType, Device };
