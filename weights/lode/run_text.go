package main

import (
	"encoding/json"
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
)

// textGeneration is the task of `lode run` that continues texts.
const textGeneration = "text-generation"

// generated is a line of `lode run text-generation --json`.
type generated struct {
	Text      int    `json:"text"` // which of the arguments
	Generated string `json:"generated_text"`
	Tokens    int    `json:"tokens"`
	Reason    string `json:"reason"` // why it ended: length, eos, stop
}

// runGeneration continues texts one after the other and prints what is added while it is
// made. options are generation options as pipeline() has them, a JSON object that counts
// over what the folder says; "" is none.
func (f *flags) runGeneration(e *env, dir, dtype, options string, texts []string) error {
	g, err := openTask(f, e, dir, dtype, pipeline.TextGeneration)
	if err != nil {
		return err
	}
	settings, err := g.Options([]byte(options))
	if err != nil {
		return fmt.Errorf("--options: %w", err)
	}
	o := settings.Options
	// A single result is printed while it is generated.
	live := !*f.json && o.Beams <= 1 && o.Returns <= 1
	var piece func(int, int32, []byte) error
	if live {
		piece = func(_ int, _ int32, piece []byte) error {
			_, err := e.out.Write(piece)
			return err
		}
	}
	for i, text := range texts {
		in, err := g.Prompts([]string{text}, true)
		if err != nil {
			return err
		}
		if live {
			fmt.Fprint(e.out, text)
		}
		results, err := g.Generate(in, o, piece)
		if err != nil {
			return fmt.Errorf("text %d: %w", i, err)
		}
		for _, r := range results {
			switch {
			case *f.json:
				err = json.NewEncoder(e.out).Encode(generated{i, text + r.Text, len(r.IDs), r.Reason.String()})
			case live:
				_, err = fmt.Fprintln(e.out)
			default:
				_, err = fmt.Fprintln(e.out, text+r.Text)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
