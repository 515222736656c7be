// Package pipeline opens model folders: it is the one place where config.json,
// tokenizer.json and weights become something that runs, for the page, the worker, the
// edge, the command line and tests alike.
//
// Begin with [Open], which returns the task that is asked for:
//
//	embed, err := pipeline.Open(dev, pipeline.Dir("weights/prompt-magneto-en-de-fr"), pipeline.FeatureExtraction, pipeline.Options{})
//	vectors, err := embed.Run(ctx, texts, tasks.FeatureExtractionOptions{Normalize: true})
//
// Below it are two steps. [Read] reads the small files of a folder once and holds them
// against manifest.json, if there is one. [Folder.Load] then brings the weights into the
// memory of a device, with the head that a task needs, and gives a [Model], of which every
// task is made.
//
// Where the files are is the caller's: [Files] is a folder of the operating system ([Dir]),
// an fs.FS ([FS]), or downloads that arrive in a page (wasm/engine).
//
// [Code] says which of the stable codes of the JavaScript module an error has.
package pipeline
