// Package golden holds models against golden vectors: directories of
// {config.json, weights.safetensors, io.json} that another implementation wrote.
//
// Begin with [Run]. io.json is {"inputs": …, "outputs": …}, each a tensor {shape,
// dtype, data} by name; what the names mean depends on the kind that config.json
// names, or on its model_type in the folder of a family of checkpoints: the comments of
// the runners say it (encoder.go, decoder.go, encdec.go, beit3.go, family.go; one file
// for each paper). [RunCases] runs lists of cases of functions that are no model.
package golden
