/**
 * Lodestone: language models that run where the reader is.
 *
 * Begin with {@link pipeline}. Importing this module does nothing; a model's load
 * starts one worker, and everything runs there.
 *
 * @module
 */
export { pipeline } from './pipeline.js';
export type { DType, Device, PipelineOptions, Pipelines, Task } from './pipeline.js';
export type { PipelineHandle } from './tasks/task.js';
export { FeatureTensor } from './tasks/feature-extraction.js';
export type { FeatureExtractionOptions, FeatureExtractionPipeline, Pooling } from './tasks/feature-extraction.js';
export type { TextGenerationOptions, TextGenerationOutput, TextGenerationPipeline } from './tasks/text-generation.js';
export type { TranslationOptions, TranslationOutput, TranslationPipeline } from './tasks/translation.js';
export { TextStreamer } from './generation.js';
export type { GenerationOptions, LogitsProcessor } from './generation.js';
export { AutoModelForCausalLM, AutoModelForSeq2SeqLM } from './auto-generation.js';
export type { GenerateInputs, LogitsOutput, PreTrainedCausalLM, PreTrainedSeq2SeqLM, Seq2SeqInputs, TokenStreamer } from './auto-generation.js';
export { KformerModel } from './kformer.js';
export type { KformerOutput, PreTrainedKformer } from './kformer.js';
export { MetaLMModel } from './metalm.js';
export type { MetaLMInputs, MetaLMOutput, Piece, PreTrainedMetaLM } from './metalm.js';
export { crop } from './crop.js';
export type { CropEntity, CropLine, CropOptions, CropOutput, CropStep } from './crop.js';
export { AutoModel, AutoTokenizer } from './auto.js';
export type { ModelHandle } from './model.js';
export type { FillMaskOptions, FillMaskOutput, FillMaskPipeline, FillMaskResult } from './tasks/fill-mask.js';
export type { QuestionAnsweringOptions, QuestionAnsweringOutput, QuestionAnsweringPipeline, QuestionAnsweringResult } from './tasks/question-answering.js';
export type { TextClassificationOptions, TextClassificationOutput, TextClassificationPipeline, TextClassificationResult } from './tasks/text-classification.js';
export type {
  AggregationStrategy,
  TokenClassificationGroup,
  TokenClassificationOptions,
  TokenClassificationOutput,
  TokenClassificationPipeline,
  TokenClassificationResult,
  TokenClassificationToken,
} from './tasks/token-classification.js';
export { AutoModelForMaskedLM, AutoModelForQuestionAnswering, AutoModelForSequenceClassification, AutoModelForTokenClassification } from './auto-heads.js';
export type { AutoModelWithHead, HeadConfig, HeadOutput, ModelWithHead, SpanOutput } from './auto-heads.js';
export type { ModelInputs } from './inputs.js';
export type { BatchEncoding, PreTrainedModel, PreTrainedTokenizer, TokenizerOptions } from './auto.js';
export type { Inspection, LayerRouting, ModelDescription, ModelOutput, ModelPart, OutputOptions, StackDescription, TypeSize } from './inspect.js';
export { benchmark } from './benchmark.js';
export type { BenchmarkOptions, BenchmarkProgress, BenchmarkResult, KernelRate, ModelRate } from './benchmark.js';
export { Tensor } from './tensor.js';
export type { Nested, TensorData, TensorType } from './tensor.js';
export { LodestoneError } from './error.js';
export type { ErrorCode, ErrorDetails } from './error.js';
export type { FileProgress, ProgressCallback, ProgressEvent } from './progress.js';
export type { LoadOptions } from './options.js';
export type { Threads } from './threads.js';
export type { LoadTimings, MemoryReport } from './protocol.js';
export { capabilities } from './capabilities.js';
export type { Capabilities } from './capabilities.js';
export { DEFAULT_MODEL, env } from './env.js';
export { MAX_TEXT_LENGTH } from './validate.js';
