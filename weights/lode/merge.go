package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/prune"
)

// mergedModel is what `lode merge --json` prints.
type mergedModel struct {
	Out    string        `json:"out"`
	Report *prune.Merged `json:"report"`
}

func init() {
	register(foldersGroup, func(e *env) *flags {
		f := newCommand(e, "merge MODEL --clusters N --out DIR", "merge clusters of experts into one expert each").computes()
		p := &pruning{flags: f}
		clusters := f.Int("clusters", 0, "clusters of neighbouring experts, each of which becomes one expert")
		f.StringVar(&p.text, "text", "", "texts whose load weighs the experts of a cluster, one a line; without, all weigh alike")
		f.StringVar(&p.out, "out", "", "the folder to write")
		return f.runs(1, 1, func(args []string) error { return p.merge(e, args[0], *clusters) })
	})
}

func (p *pruning) merge(e *env, model string, clusters int) (err error) {
	switch {
	case clusters < 1:
		return fmt.Errorf("%w: --clusters %d; expected 1 or more", errUsage, clusters)
	case p.out == "":
		return fmt.Errorf("%w: no --out", errUsage)
	}
	if p.in, err = p.flags.verifiedDir(e, model); err != nil {
		return err
	}
	ctx := e.context()
	var loads map[int][]float64
	if p.text != "" {
		if loads, err = p.loads(ctx, e); err != nil {
			return err
		}
	}
	m, err := prune.Merge(ctx, p.in, p.out, clusters, loads)
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted; %s was not written: %w", p.out, err)
	}
	if err != nil {
		return err
	}
	if *p.flags.json {
		return json.NewEncoder(e.out).Encode(mergedModel{p.out, m})
	}
	for _, l := range m.Layers {
		fmt.Fprintf(e.out, "layer %d: %d experts become %d\n", l.Layer, len(l.Share), m.Clusters)
		size := len(l.Share) / m.Clusters
		for c := range m.Clusters {
			fmt.Fprintf(e.out, "  %d: shares %.3f of experts %d to %d\n", c, l.Share[c*size:(c+1)*size], c*size, (c+1)*size-1)
		}
	}
	fmt.Fprintf(e.out, "%s; the report is in it, too\n", p.out)
	return nil
}

// loads runs the texts and counts what each expert gets.
func (p *pruning) loads(ctx context.Context, e *env) (map[int][]float64, error) {
	m, err := p.load(e)
	if err != nil {
		return nil, err
	}
	bar := newBar(e.err, "watching experts", "texts")
	defer bar.end()
	return prune.Loads(m, p.sequences, prune.Options{Pause: ctx.Err, Progress: func(done, total int) { bar.set(int64(done), int64(total)) }})
}
