package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/lodestone-wasm/lodestone/models/prune"
)

// mergedModel is what `lode merge --json` prints.
type mergedModel struct {
	Out    string        `json:"out"`
	Report *prune.Merged `json:"report"`
}

func mergeModel(e *env, args []string) error {
	f := newFlags(e, "merge")
	p := &pruning{flags: f}
	clusters := f.Int("clusters", 0, "clusters of neighbouring experts, each of which becomes one expert")
	f.StringVar(&p.text, "text", "", "texts whose load weighs the experts of a cluster, one a line; without, all weigh alike")
	f.StringVar(&p.out, "out", "", "the folder to write")
	rest, err := f.parse(args, 1, 1)
	switch {
	case err != nil:
		return err
	case *clusters < 1:
		return fmt.Errorf("%w: --clusters %d; expected 1 or more", errUsage, *clusters)
	case p.out == "":
		return fmt.Errorf("%w: no --out", errUsage)
	}
	p.in = rest[0]
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var loads map[int][]float64
	if p.text != "" {
		if loads, err = p.loads(ctx, e); err != nil {
			return err
		}
	}
	m, err := prune.Merge(ctx, p.in, p.out, *clusters, loads)
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted; %s was not written: %w", p.out, err)
	}
	if err != nil {
		return err
	}
	if *f.json {
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
