package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// generated is a line of `lode run text-generation --json`.
type generated struct {
	Text      int    `json:"text"` // which of the arguments
	Generated string `json:"generated_text"`
	Tokens    int    `json:"tokens"`
	Reason    string `json:"reason"` // why it ended: length, eos, stop
}

// translated is a line of `lode run translation --json`.
type translated struct {
	Text        int    `json:"text"`
	Translation string `json:"translation_text"`
	Tokens      int    `json:"tokens"`
	Reason      string `json:"reason"`
}

func init() {
	runTasks.register(func(e *env) *flags {
		t := newTask(e, pipeline.TextGeneration.Name, "[TEXT...]", "continue texts, printed while they are generated")
		full := t.Bool("return-full-text", true, "print the prompt before what is generated")
		special := t.Bool("add-special-tokens", true, "add the special tokens that the tokenizer's template has before a prompt")
		g := newGeneration(t)
		return g.runs(func(model string, texts []string, options []byte) error {
			x, err := openTask(t.flags, e, model, *t.dtype, pipeline.TextGeneration)
			if err != nil {
				return err
			}
			settings, err := x.Options(options)
			if err != nil {
				return usage("%v", err)
			}
			for i, text := range texts {
				in, err := x.Prompts([]string{text}, *special)
				if err != nil {
					return err
				}
				prompt := ""
				if *full {
					prompt = text
				}
				err = t.generate(e, x.Generator, in, settings.Options, prompt, func(r tasks.Text) any {
					return generated{i, prompt + r.Text, len(r.IDs), r.Reason.String()}
				})
				if err != nil {
					return fmt.Errorf("text %d: %w", i, err)
				}
			}
			return nil
		})
	})
	runTasks.register(func(e *env) *flags {
		t := newTask(e, pipeline.Translation.Name, "[TEXT...]", "translate texts, a line each")
		from := t.String("src-lang", "", "language of the texts, as the tokenizer names it: de, deu_Latn; empty: that of its template")
		to := t.String("tgt-lang", "", "language to translate into")
		g := newGeneration(t)
		return g.runs(func(model string, texts []string, options []byte) error {
			x, err := openTask(t.flags, e, model, *t.dtype, pipeline.Translation)
			if err != nil {
				return err
			}
			settings, err := x.Options(options)
			if err != nil {
				return usage("%v", err)
			}
			for i, text := range texts {
				in, forced, err := x.Sources([]string{text}, *from, *to, settings)
				if err != nil {
					return err
				}
				o := settings.Options
				o.ForcedBOS = forced
				err = t.generate(e, x.Generator, in, o, "", func(r tasks.Text) any {
					return translated{i, r.Text, len(r.IDs), r.Reason.String()}
				})
				if err != nil {
					return fmt.Errorf("text %d: %w", i, err)
				}
			}
			return nil
		})
	})
}

// generate runs one input and prints its results: a single one while it is generated,
// several a line each, as JSON what line makes of them. prompt is printed first.
func (t *taskFlags) generate(e *env, g *tasks.Generator, in []generate.Input, o generate.Options, prompt string, line func(tasks.Text) any) error {
	o.Pause = e.context().Err
	out := e.text()
	live := !*t.json && o.Beams <= 1 && o.Returns <= 1
	var piece func(int, int32, []byte) error
	if live {
		if _, err := io.WriteString(out, prompt); err != nil {
			return err
		}
		piece = func(_ int, _ int32, piece []byte) error {
			_, err := out.Write(piece)
			return err
		}
	}
	results, err := g.Generate(in, o, piece)
	if err != nil {
		if live {
			fmt.Fprintln(out)
		}
		if errors.Is(err, generate.ErrOptions) {
			return usage("%v", err)
		}
		return err
	}
	for _, r := range results {
		switch {
		case *t.json:
			err = json.NewEncoder(e.out).Encode(line(r))
		case live:
			_, err = fmt.Fprintln(out)
		default:
			_, err = fmt.Fprintln(out, prompt+r.Text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// generationFlags is a task that generates while it is defined. Its options are checked by
// models/generate, as the page's are; flags stand for the usual ones.
type generationFlags struct {
	*taskFlags
	own   []string // flags that are options of the task, not of generation
	names []string // flags that are options of generation
}

func newGeneration(t *taskFlags) *generationFlags {
	g := &generationFlags{taskFlags: t}
	t.VisitAll(func(f *pflag.Flag) {
		if !t.common[f.Name] {
			g.own = append(g.own, f.Name)
		}
	})
	before := append(slices.Collect(maps.Keys(t.common)), g.own...)
	t.Int("max-new-tokens", 0, "most tokens to add")
	t.Bool("do-sample", false, "draw tokens instead of taking the likeliest")
	t.Float64("temperature", 1, "with --do-sample: below 1 the likely tokens are drawn more often")
	t.Int("top-k", 50, "with --do-sample: draw from so many likeliest tokens; 0: from all")
	t.Float64("top-p", 1, "with --do-sample: draw from the fewest tokens whose probabilities add up to this")
	t.Int("seed", 0, "with --do-sample: the same seed draws the same tokens")
	t.Int("num-beams", 1, "beam search with so many hypotheses")
	t.Int("num-return-sequences", 1, "results for each text")
	t.Float64("repetition-penalty", 1, "above 1: tokens that were generated become less likely")
	t.Int("no-repeat-ngram-size", 0, "no sequence of so many tokens appears twice; 0: off")
	t.StringArray("stop-strings", nil, "a text that ends the result; may be repeated")
	t.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(before, f.Name) {
			g.names = append(g.names, f.Name)
		}
	})
	t.Lookup("options").Usage = `generation options as a JSON object, with the names of the page: {"max_new_tokens": 100}; all of them, also those that have no flag`
	return g
}

// runs is [taskFlags.runs] for a task that generates; do gets the options as JSON, flags
// and --options together.
func (g *generationFlags) runs(do func(model string, texts []string, options []byte) error) *flags {
	var options []byte
	g.set = func() (err error) {
		options, err = g.merge()
		return err
	}
	return g.taskFlags.runs(0, func(model string, texts []string) error { return do(model, texts, options) })
}

// merge is --options with the flags that were given, and without the options that are the
// task's own, whose flags are set.
func (g *generationFlags) merge() ([]byte, error) {
	members := []string{}
	if *g.options != "" {
		doc, err := strictjson.ReadDocument([]byte(*g.options))
		if err != nil {
			return nil, usage("--options: %v; expected a JSON object", err)
		}
		err = doc.Members(func(name string, d *strictjson.Decoder) error {
			flag := g.Lookup(strings.ReplaceAll(name, "_", "-"))
			if flag != nil && slices.Contains(g.own, flag.Name) {
				return g.setOption(flag, d)
			}
			raw, err := d.Raw()
			if flag == nil || !slices.Contains(g.names, flag.Name) || !flag.Changed {
				members = append(members, string(strictjson.AppendString(nil, name))+":"+string(raw))
			}
			return err
		})
		if err != nil {
			return nil, usage("--options: %v", err)
		}
	}
	g.Visit(func(flag *pflag.Flag) {
		if !slices.Contains(g.names, flag.Name) {
			return
		}
		value := flag.Value.String()
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			text, _ := json.Marshal(list.GetSlice())
			value = string(text)
		}
		members = append(members, fmt.Sprintf("%q:%s", strings.ReplaceAll(flag.Name, "-", "_"), value))
	})
	return []byte("{" + strings.Join(members, ",") + "}"), nil
}
