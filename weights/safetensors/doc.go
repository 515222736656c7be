// Package safetensors reads and writes the safetensors format, the way in which
// Hugging Face folders keep their weights:
//
//	8 bytes   n, the length of the header, little-endian
//	n bytes   JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
//	          and optionally "__metadata__": {"key": "value"}; padded with spaces
//	the rest  the tensors' bytes, little-endian, row-major; offsets count from here
//
// Nothing in a file is believed before it is checked: sizes are multiplied and added
// in uint64 with overflow checks, the offsets must tile the data without hole or
// overlap, and the file must end where the last tensor ends. Each refusal has its own
// sentinel (errors.go), and all of them are [ErrFormat].
//
// Begin with [ReadHeader], which reads a stream's header and leaves the reader at the
// first data byte; that is all the browser needs. Natively, [Open] reads one file,
// [OpenFolder] a folder with one file or several shards, and [Write] writes.
package safetensors
