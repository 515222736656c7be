package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/prune"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// pruned is what `lode prune --json` prints.
type pruned struct {
	Out       string        `json:"out"`
	Sequences int           `json:"sequences"`
	Tokens    int           `json:"tokens"`
	Cut       int           `json:"cut"` // sequences longer than the model
	Exact     bool          `json:"exact"`
	BytesIn   int64         `json:"bytes_in"`
	BytesOut  int64         `json:"bytes_out"`
	Report    *prune.Report `json:"report"`
}

// pruning is a call of lode prune.
type pruning struct {
	flags         *flags
	in, text, out string
	beta          float64
	windows       int
	json          bool

	sequences   [][]int32
	tokens, cut int
	report      *prune.Report
}

func init() {
	register(foldersGroup, func(e *env) *flags {
		f := newCommand(e, "prune MODEL --text FILE --out DIR", "make a dense model of a mixture of experts, for the task of the texts").computes()
		p := &pruning{flags: f}
		f.StringVar(&p.text, "text", "", "calibration texts of the task, one a line")
		f.StringVar(&p.out, "out", "", "the dense folder to write")
		f.Float64Var(&p.beta, "beta", 0.5, "share of an even load below which an expert goes, above 0, at most 1")
		f.IntVar(&p.windows, "windows", 5, "parts that the texts are cut into; after each, experts go")
		return f.runs(1, 1, func(args []string) error { return p.prune(e, args[0]) })
	})
}

func (p *pruning) prune(e *env, model string) (err error) {
	switch {
	case p.text == "":
		return fmt.Errorf("%w: no --text", errUsage)
	case p.out == "":
		return fmt.Errorf("%w: no --out", errUsage)
	case !(p.beta > 0 && p.beta <= 1):
		return fmt.Errorf("%w: --beta %v; expected above 0, at most 1", errUsage, p.beta)
	case p.windows < 1:
		return fmt.Errorf("%w: --windows %d; expected 1 or more", errUsage, p.windows)
	}
	if p.in, err = p.flags.verifiedDir(e, model); err != nil {
		return err
	}
	p.json = *p.flags.json
	return p.run(e.context(), e)
}

// run does the work. When ctx ends it stops, and nothing is left behind.
func (p *pruning) run(ctx context.Context, e *env) error {
	err := p.steps(ctx, e)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return fmt.Errorf("interrupted; %s was not written: %w", p.out, err)
	}
	return err
}

func (p *pruning) steps(ctx context.Context, e *env) error {
	m, err := p.load(e)
	if err != nil {
		return err
	}
	bar := newBar(e.err, "watching experts", "texts")
	p.report, err = prune.Calibrate(m, p.sequences, prune.Options{Beta: p.beta, Windows: p.windows, Pause: ctx.Err,
		Progress: func(done, total int) { bar.set(int64(done), int64(total)) }})
	bar.end()
	if err != nil {
		return err
	}
	if err := prune.Convert(ctx, p.in, p.out, p.report); err != nil {
		return err
	}
	return p.print(e)
}

// load reads the model and the texts.
func (p *pruning) load(e *env) (*transformer.Model, error) {
	if err := prune.Free(p.out); err != nil {
		return nil, err
	}
	m, err := p.flags.openModel(e, p.in, "", pipeline.NoHead)
	if err != nil {
		return nil, err
	}
	return m.Stack, p.read(m.Tokenizer, m.Config.MaxPositions)
}

// read makes sequences of the lines of the text file; empty ones are left out.
func (p *pruning) read(t *tokenizer.Tokenizer, limit int) error {
	text, err := os.ReadFile(p.text)
	if err != nil {
		return err
	}
	err = eachLine(bytes.NewReader(text), func(_ int, line []byte) error {
		s := strings.TrimSpace(string(line))
		if s == "" {
			return nil
		}
		enc, err := t.Encode(s, tokenizer.Options{AddSpecialTokens: true, MaxLength: limit})
		if err != nil || len(enc.IDs) == 0 {
			return err
		}
		p.sequences = append(p.sequences, enc.IDs)
		p.tokens += len(enc.IDs)
		if enc.Overflowed {
			p.cut++
		}
		return nil
	})
	if err == nil && len(p.sequences) == 0 {
		err = errors.New("no text in it; write the task's texts, one a line")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.text, err)
	}
	return nil
}

func (p *pruning) print(e *env) error {
	y := pruned{Out: p.out, Sequences: len(p.sequences), Tokens: p.tokens, Cut: p.cut, Exact: true, Report: p.report}
	for _, l := range p.report.Layers {
		y.Exact = y.Exact && l.Gate == 1
	}
	dev, err := p.flags.device()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		dir   string
		bytes *int64
	}{{p.in, &y.BytesIn}, {p.out, &y.BytesOut}} {
		v, err := inspectDir(dev, f.dir)
		if err != nil {
			return err
		}
		*f.bytes = v.Bytes
	}
	if p.json {
		return json.NewEncoder(e.out).Encode(y)
	}
	fmt.Fprint(e.out, p.report.Text())
	cut := ""
	if p.cut > 0 {
		cut = fmt.Sprintf(" (%d were longer than the model and cut)", p.cut)
	}
	fmt.Fprintf(e.out, "%s: %d texts%s, %d tokens; %s → %s; the report is in it, too\n", p.out, y.Sequences, cut, y.Tokens, megabytes(y.BytesIn), megabytes(y.BytesOut))
	return nil
}
