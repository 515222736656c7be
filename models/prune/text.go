package prune

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Text is the report as people read it: for each layer the expert that stays, and by
// window each expert's hits, its share of the gates, that of all windows so far, and
// whether it is left.
func (r *Report) Text() string {
	var b strings.Builder
	for _, l := range r.Layers {
		of := 0
		if len(l.Windows) > 0 {
			of = len(l.Windows[0].HitRate)
		}
		fmt.Fprintf(&b, "layer %d: expert %d stays of %d; %s\n", l.Layer, l.Kept, of, l.exactness())
		for _, w := range l.Windows {
			alive, left, total := set(w.Alive), set(w.Survivors), 0.0
			for _, e := range w.Alive {
				total += w.Cumulative[e]
			}
			fmt.Fprintf(&b, "  window %d: %d alive, who has less than %.4f of the gates goes\n", w.Window, len(w.Alive), w.Threshold)
			t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "    expert\thits\talpha\tall windows\t")
			for e := range w.HitRate {
				if !alive[e] {
					continue
				}
				fate := "goes"
				if left[e] {
					fate = "left"
				}
				share := 0.0
				if total > 0 {
					share = w.Cumulative[e] / total
				}
				fmt.Fprintf(t, "    %d\t%.1f %%\t%.4f\t%.4f\t%s\n", e, 100*w.HitRate[e], w.AlphaNorm[e], share, fate)
			}
			t.Flush()
		}
	}
	return b.String()
}

// exactness says what the dense layer is of the mixture with one expert.
func (l LayerReport) exactness() string {
	if l.Gate == 1 {
		return "exact: the gate of a single expert is 1"
	}
	return fmt.Sprintf("approximate: its sigmoid gate varies with the token, its mean %.4f scales the layer", l.Gate)
}

func set(ids []int) map[int]bool {
	y := map[int]bool{}
	for _, i := range ids {
		y[i] = true
	}
	return y
}
