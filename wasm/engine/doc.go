// Command engine is the program of the web worker: it loads a model folder and
// answers requests about it.
//
// Begin with main_js.go, which registers the one global that the worker's script
// calls, and then with the operation you are interested in: device_js.go, load_js.go, features_js.go,
// tasks_js.go, heads_js.go, encode_js.go, forward_js.go, inspect_js.go, generate_js.go,
// crop_js.go, knowledge_js.go (Kformer), pieces_js.go (MetaLM). These files only read
// requests and write replies: package pipeline opens the folder and makes the tasks. An
// error crosses as one of the codes of pipeline.Code, a sentence and details.
//
// Weights are pulled: Go asks a JavaScript stream for bytes and says where in the
// kernels' memory they go, so that they never lie in Go's heap (stream_js.go).
//
// A request runs on a goroutine of its own and lets the worker's event loop turn every
// 20 ms (job_js.go), so that a message that aborts it arrives.
package main
