package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/lodestone-wasm/lodestone/models/describe"
)

// printModel writes what a model is: a sentence, then each stack, its parts and sizes.
func printModel(e *env, d *describe.Description) {
	fmt.Fprintf(e.out, "  %s\n", d.Summary())
	for _, s := range d.Stacks {
		fmt.Fprintf(e.out, "  %s\n", s.Name)
		fmt.Fprintf(e.out, "    %s (%s): %s\n", s.NormKind, s.Norm, strings.Join(s.NormPlaces, ", "))
		if s.Alpha != 1 {
			fmt.Fprintf(e.out, "    residual × %g\n", float32(s.Alpha))
		}
		limit := "any length"
		if s.MaxPositions > 0 {
			limit = fmt.Sprintf("up to %d", s.MaxPositions)
		}
		fmt.Fprintf(e.out, "    %d heads of %d for queries, %d for keys; %s positions, %s; vocabulary %d\n", s.Heads, s.HeadSize, s.KVHeads, s.Positions, limit, s.VocabSize)
		if r := s.Routing; r != nil {
			fmt.Fprintf(e.out, "    experts in layers %v: %d, best %d of them; %s; %s gate; capacity %s\n", r.Layers, r.Experts, r.TopK, r.Router, r.Gate, r.Capacity)
		}
		if k := s.Knowledge; k != nil {
			fmt.Fprintf(e.out, "    knowledge in layers %v: %d items for each sequence\n", k.Layers, k.Items)
		}
		if v := s.Vision; v != nil {
			fmt.Fprintf(e.out, "    images of %d × %d × %d in patches of %d: %d tokens\n", v.Channels, v.ImageSize, v.ImageSize, v.PatchSize, v.Tokens)
		}
		w := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		for _, p := range s.Parts {
			fmt.Fprintf(w, "    %s\t%d\t%s\n", p.Name, p.Parameters, megabytes(p.Bytes))
		}
		w.Flush()
	}
	fmt.Fprintf(e.out, "  output projection: %s\n  weights in", d.Head)
	for i, s := range d.Sizes {
		sep, about := ",", ""
		if i == 0 {
			sep = ""
		}
		if !s.Exact {
			about = "at least "
		}
		fmt.Fprintf(e.out, "%s %s: %s%s", sep, s.Type, about, megabytes(s.Bytes))
	}
	fmt.Fprintln(e.out)
	if len(d.KeptF32) > 0 {
		fmt.Fprintf(e.out, "  stay f32 in q8, because a few weights of a row are far larger than the rest: %s\n", strings.Join(d.KeptF32, ", "))
	}
}
