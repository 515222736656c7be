// Package tasks turns texts into what Hugging Face's pipelines return. Each task has a
// type and a file of its own, named as Hugging Face names the task:
//
//	feature-extraction    [FeatureExtraction]    vectors of texts
//	fill-mask             [FillMask]             tokens for a mask
//	text-classification   [TextClassification]   labels of texts
//	text-ranking          [TextRanking]          documents for a query
//	token-classification  [TokenClassification]  entities
//	zero-shot-classification  [ZeroShotClassification]  labels that the caller names
//	question-answering    [QuestionAnswering]    answers in a context
//	multiple-choice       [MultipleChoice]       one of several answers
//	text-generation       [TextGeneration]       texts continued
//	translation           [Translation]          texts in another language, or summarized
//
// Begin with package pipeline, which opens a model folder and returns one of these; the
// New functions here make them of parts that are loaded already. Each has a Run method,
// which takes texts and the options of the task.
//
// Token classification and question answering read long texts in windows that overlap:
// entities take each token from the window in which it has the most context, and answers
// compete between windows. A label or a vector is made of the beginning of a long text,
// and its result says that the text was truncated. Fill-mask and multiple-choice refuse a
// text that is longer than the model.
//
// Positions in texts are bytes; tokenizer.UTF16Offsets and CodePointOffsets convert them.
// Scores are computed in float64. No task is safe for concurrent use.
package tasks
