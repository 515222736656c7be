package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// tokenized is a line of `lode tokenize`: offsets are in code points of the input.
type tokenized struct {
	IDs     []int32  `json:"ids"`
	Offsets [][2]int `json:"offsets"`
}

func init() {
	register(textsGroup, func(e *env) *flags {
		f := newCommand(e, "tokenize --model MODEL", `JSON strings, one a line, on standard input → {"ids":…,"offsets":…}`).computes()
		model := f.modelFlag()
		return f.runs(0, 0, func([]string) error { return f.tokenize(e, *model) })
	})
}

func (f *flags) tokenize(e *env, model string) error {
	t, err := f.openTokenizer(e, model)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(e.out)
	defer w.Flush()
	out := json.NewEncoder(w)
	return eachLine(e.in, func(n int, line []byte) error {
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		d := strictjson.NewDecoder(line)
		text, err := d.String()
		if err == nil {
			err = d.End()
		}
		if err != nil {
			return fmt.Errorf("not a JSON string: %w", err)
		}
		enc, err := t.Encode(text, tokenizer.Options{AddSpecialTokens: true, ParseSpecial: true})
		if err != nil {
			return err
		}
		y := tokenized{IDs: append([]int32{}, enc.IDs...), Offsets: [][2]int{}}
		for _, o := range tokenizer.CodePointOffsets(text, enc.Offsets) {
			y.Offsets = append(y.Offsets, [2]int{o.Start, o.End})
		}
		return out.Encode(y)
	})
}
