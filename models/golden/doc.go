// Package golden holds models against golden vectors: directories of
// {config.json, weights.safetensors, io.json} that another implementation wrote.
//
// Begin with [Run]. io.json is {"inputs": …, "outputs": …}, each a tensor {shape,
// dtype, data} by name; what the names mean depends on the kind that config.json
// names.
package golden
