package main

import (
	"encoding/json"
	"fmt"

	"github.com/lodestone-wasm/lodestone/weights/quant"
)

// quantized is what `lode quantize --json` prints.
type quantized struct {
	Out       string `json:"out"`
	DType     string `json:"dtype"`
	Converted int    `json:"converted"`
	Kept      int    `json:"kept"`
	BytesIn   int64  `json:"bytes_in"`
	BytesOut  int64  `json:"bytes_out"`
}

func init() {
	register(foldersGroup, func(e *env) *flags {
		f := newCommand(e, "quantize MODEL OUT", "write a quantised copy of a model folder")
		dtype := f.String("dtype", "q8", "q8; q4: linear layers of 4 bits, tables of 8; f32 undoes either")
		force := f.Bool("force", false, "replace the weights of a folder that exists")
		return f.runs(2, 2, func(args []string) error { return f.quantize(e, args[0], args[1], *dtype, *force) })
	})
}

func (f *flags) quantize(e *env, model, out, dtype string, force bool) error {
	do, o := quant.Folder, quant.Options{Overwrite: force}
	switch dtype {
	case "q8":
		o.Bits = 8
	case "q4":
		o.Bits = 4
	case "f32":
		do = quant.DequantizeFolder
	default:
		return fmt.Errorf("%w: --dtype %q; known: q8, q4, f32", errUsage, dtype)
	}
	in, err := f.verifiedDir(e, model)
	if err != nil {
		return err
	}
	bar := newBar(e.err, "quantising", "B")
	r, err := do(in, out, o, bar.set)
	bar.end()
	if err != nil {
		return err
	}
	if *f.json {
		return json.NewEncoder(e.out).Encode(quantized{out, dtype, len(r.Converted), len(r.Kept), r.BytesIn, r.BytesOut})
	}
	fmt.Fprintf(e.out, "%s: %d tensors to %s, %d kept; %s → %s\n", out, len(r.Converted), dtype, len(r.Kept), megabytes(r.BytesIn), megabytes(r.BytesOut))
	return nil
}
