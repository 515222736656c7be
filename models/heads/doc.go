// Package heads is what stands on the layers of a transformer for a task: masked
// language modelling, token classification, sequence classification, question
// answering, choosing among answers.
//
// Begin with [New], which reads from config.json what the head should be, and
// [Head.Load], which has it loaded with the model. [Head.Logits] then makes logits of
// hidden states. forms.go is the table of families: which tensors a head has, under
// which names, and what is between them.
//
// The heads are those of Hugging Face's BertForMaskedLM, …ForTokenClassification,
// …ForSequenceClassification, …ForQuestionAnswering and …ForMultipleChoice, of RoBERTa,
// XLM-R and DistilBERT likewise; a torchscale encoder (Magneto) has RoBERTa's, and its own
// output projection as a masked language model. A Kformer chooses with the head of fairseq's
// sentence_ranking, a THE-X classifies with a linear layer alone.
package heads
