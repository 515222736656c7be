/**
 * Lodestone: language models that run where the reader is.
 *
 * Begin with {@link pipeline}. Importing this module has no side effects. Loading a model
 * starts a worker, and the model runs there.
 *
 * The source: tasks/ and models/ are what a page calls. They use page/, the page's side of
 * the message channel, and page/ uses protocol/, which owns every message. worker/ is the
 * other side: it starts the engine (wasm/engine) and passes requests on to it.
 *
 * @module
 */
export { DEFAULT_MODEL, env } from './page/env.js';
export type { Env } from './page/env.js';
export type { AddressOptions, ModelSource } from './page/address.js';
export type { FileData, ModelFiles } from './page/files.js';
export { MAX_TEXT_LENGTH } from './page/validate.js';
export { cache } from './page/cache.js';
export type { CachedModel } from './page/cache.js';
export { capabilities } from './page/capabilities.js';
export type { Capabilities } from './page/capabilities.js';
export { benchmark } from './page/benchmark.js';
export type { BenchmarkOptions, BenchmarkProgress, BenchmarkResult, KernelRate, ModelRate } from './page/benchmark.js';
export { depthRunner } from './page/depth.js';
export type { DepthOptions, DepthResult, DepthRunner, DepthScheme } from './page/depth.js';
export { Tensor } from './page/tensor.js';
export type { Nested, TensorData, TensorType } from './page/tensor.js';
export { cat, layer_norm, matmul, quantize_embeddings, stack, topk } from './page/tensor-functions.js';
export { cos_sim, dot, log_softmax, magnitude, mean_pooling, softmax } from './page/maths.js';
export type { Vector } from './page/maths.js';
export { BaseStreamer, TextStreamer } from './page/streaming.js';
export type { Streamer, TextStreamerOptions } from './page/streaming.js';
export { EosTokenCriteria, InterruptableStoppingCriteria, MaxLengthCriteria, StoppingCriteria, StoppingCriteriaList } from './page/stopping.js';
export type { StoppingCriteriaOption } from './page/stopping.js';
export type { ChatMessage, ChatOptions, ChatTemplateOptions } from './page/chat.js';
export type { GenerationOptions } from './page/generation.js';
export { LogitsProcessor, LogitsProcessorList } from './page/logits.js';
export type { LogitsFunction, LogitsProcessorOption } from './page/logits.js';
export type { ModelInputs } from './page/inputs.js';
export type { Inspection, LayerRouting, ModelDescription, ModelOutput, ModelPart, OutputOptions, StackDescription, TypeSize } from './page/inspect.js';
export type { ModelHandle, PretrainedConfig } from './page/model.js';
export type { Device, DType, LoadOptions } from './page/options.js';

export { pipeline } from './tasks/pipeline.js';
export type { PipelineOptions, Pipelines, Task, TaskAlias } from './tasks/pipeline.js';
export type { PipelineHandle } from './tasks/task.js';
export { FeatureTensor } from './tasks/feature-extraction.js';
export type { FeatureExtractionOptions, FeatureExtractionPipeline, Pooling } from './tasks/feature-extraction.js';
export type { FillMaskOptions, FillMaskOutput, FillMaskPipeline, FillMaskResult } from './tasks/fill-mask.js';
export type { MultipleChoiceOptions, MultipleChoicePipeline, MultipleChoiceResult } from './tasks/multiple-choice.js';
export type { QuestionAnsweringOptions, QuestionAnsweringOutput, QuestionAnsweringPipeline, QuestionAnsweringResult } from './tasks/question-answering.js';
export type { SummarizationOptions, SummarizationOutput, SummarizationPipeline } from './tasks/summarization.js';
export type { Text2TextGenerationOptions, Text2TextGenerationPipeline } from './tasks/text2text-generation.js';
export type { TextClassificationOptions, TextClassificationOutput, TextClassificationPipeline, TextClassificationResult } from './tasks/text-classification.js';
export type { Chat, ChatGenerationOutput, TextGenerationOptions, TextGenerationOutput, TextGenerationPipeline } from './tasks/text-generation.js';
export type { TextRankingOptions, TextRankingPipeline, TextRankingResult } from './tasks/text-ranking.js';
export type {
  AggregationStrategy,
  TokenClassificationGroup,
  TokenClassificationOptions,
  TokenClassificationOutput,
  TokenClassificationPipeline,
  TokenClassificationResult,
  TokenClassificationToken,
} from './tasks/token-classification.js';
export type { TranslationOptions, TranslationOutput, TranslationPipeline } from './tasks/translation.js';
export type { ZeroShotClassificationOptions, ZeroShotClassificationOutput, ZeroShotClassificationPipeline } from './tasks/zero-shot-classification.js';
export { crop } from './tasks/crop.js';
export type { CropEntity, CropLine, CropOptions, CropOutput, CropStep } from './tasks/crop.js';

export { AutoConfig } from './models/auto-config.js';
export { AutoTokenizer } from './models/auto-tokenizer.js';
export type { TokenizerLoadOptions } from './models/auto-tokenizer.js';
export type { BatchEncoding, BatchEncodingArrays, PageTokenizer, PreTrainedTokenizer, TokenizerOptions } from './page/tokenizer.js';
export { AutoModel } from './models/auto-model.js';
export type { PreTrainedModel } from './models/auto-model.js';
export { AutoModelForCausalLM, AutoModelForSeq2SeqLM } from './models/auto-generation.js';
export type { GenerateInputs, LogitsOutput, PreTrainedCausalLM, PreTrainedSeq2SeqLM, Seq2SeqInputs, TokenStreamer } from './models/auto-generation.js';
export { AutoModelForMaskedLM, AutoModelForQuestionAnswering, AutoModelForSequenceClassification, AutoModelForTokenClassification } from './models/auto-heads.js';
export type { AutoModelWithHead, HeadConfig, HeadOutput, ModelWithHead, SpanOutput } from './models/auto-heads.js';
export { VectorIndex } from './models/vector-index.js';
export type { VectorFilter, VectorHit, VectorMetadata, Vectors, VectorTraining } from './models/vector-index.js';
export { KformerForMultipleChoice, KformerModel } from './models/kformer.js';
export type { KformerChoice, KformerChoiceOptions, KformerOutput, PreTrainedKformer, PreTrainedKformerForMultipleChoice } from './models/kformer.js';
export { MetaLMModel } from './models/metalm.js';
export type { MetaLMInputs, MetaLMOutput, Piece, PreTrainedMetaLM } from './models/metalm.js';

export { LodestoneError } from './protocol/error.js';
export type { ErrorCode, ErrorDetails } from './protocol/error.js';
export type { MemoryReport } from './protocol/kernels.js';
export type { LoadTimings } from './protocol/load.js';
export type { FileProgress, ProgressCallback, ProgressEvent } from './protocol/progress.js';
export type { Threads } from './protocol/threads.js';
