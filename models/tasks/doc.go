// Package tasks turns texts into what Hugging Face's pipelines return: words for a
// mask, classes of texts, entities, answers.
//
// Begin with [New] and then with the task you are interested in: [Runner.FillMask],
// [Runner.Classify], [Runner.Entities], [Runner.Answers], [Runner.Choose]. A Runner has one head (package
// heads) and serves the task of that head.
//
// Texts that are longer than the model are read in windows that overlap, so that
// nothing is cut in silence: entities take each token from the window in which it has
// the most context, answers compete between windows. Where a result must be of one
// window (a class, a mask), it says that the text was cut, or the text is refused.
//
// Positions in texts are bytes here, see tokenizer.UTF16Offsets and CodePointOffsets.
// Scores are computed in float64.
package tasks
