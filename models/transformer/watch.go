package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/routing"
)

// Watch asks a padded run where its attention and its routing went, in the places of the
// padded batch. It costs time and memory on the host; the states are the same.
type Watch struct {
	Attention, Routing bool

	// Attentions has for each layer the shares (Rows, Heads, Cols, Cols): of each query,
	// row by row, what it takes from each key. Queries and keys that are padding are zeros.
	Attentions [][]float32
	// Routings has one element for each mixture of experts, by layer.
	Routings []Routed
}

// Routed is where the tokens of a padded batch went in one mixture.
type Routed struct {
	Layer, Experts, K int
	// Expert (Rows, Cols, K) are the experts of each token, best first, by their number in
	// the checkpoint; −1 for padding. Kept tells which of them had room, and Weight what
	// their results are multiplied by.
	Expert []int32
	Kept   []bool
	Weight []float32
	// Scores (Rows, Cols, Experts) are what was routed by, Gates their softmax or sigmoid;
	// zeros for padding, and for experts that do not take part.
	Scores, Gates []float32
	// Load is the number of tokens whose first choice each expert was, Dropped the
	// choices without room, and Entropy that of Load, in nats: at most ln Experts.
	Load    []int
	Dropped int
	Entropy float64
}

// MaxWatched is the largest number of shares, over all layers, that Watch takes.
const MaxWatched = 1 << 26

// watch makes a batch report to p.Watch. rows are the places of its tokens in p.
func (m *Model) watch(b *Batch, p Padded, rows []int32) error {
	w := p.Watch
	if w == nil {
		return nil
	}
	w.Attentions, w.Routings = nil, nil
	if w.Routing {
		b.Routing = func(layer int, d *routing.Decision) { w.Routings = append(w.Routings, m.routed(layer, d, p, rows)) }
	}
	if !w.Attention {
		return nil
	}
	heads, t := m.Config.NumHeads, p.Cols
	if n := float64(m.Config.NumLayers) * float64(p.Rows) * float64(heads) * float64(t) * float64(t); n > MaxWatched {
		return lean.Errorf("transformer: %w: attention of %d layers of %d heads over %d sequences of %d tokens is %v numbers, at most %d are shown: use fewer or shorter texts",
			ErrInput, m.Config.NumLayers, heads, p.Rows, t, n, MaxWatched)
	}
	first := make([]int, len(b.Lengths)) // of each sequence, in rows
	for s := 1; s < len(first); s++ {
		first[s] = first[s-1] + b.Lengths[s-1]
	}
	w.Attentions = make([][]float32, m.Config.NumLayers)
	for i := range w.Attentions {
		w.Attentions[i] = make([]float32, p.Rows*heads*t*t)
	}
	b.Attention = func(a AttentionMap) {
		if a.Cross {
			return
		}
		at := rows[first[a.Sequence]:]
		row := int(at[0]) / t
		for h := range a.Heads {
			for q := range a.Queries {
				to := w.Attentions[a.Layer][((row*heads+h)*t+int(at[q])%t)*t:]
				for k, v := range a.P[(h*a.Queries+q)*a.Keys:][:a.Keys] {
					to[int(at[k])%t] = v
				}
			}
		}
	}
	return nil
}

// routed lays a decision out over the padded batch.
func (m *Model) routed(layer int, d *routing.Decision, p Padded, rows []int32) Routed {
	experts, n := m.Experts(layer), p.Rows*p.Cols
	alive, e := experts.Alive(), experts.Len()
	r := Routed{Layer: layer, Experts: e, K: d.K, Expert: make([]int32, n*d.K), Kept: make([]bool, n*d.K), Weight: make([]float32, n*d.K),
		Scores: make([]float32, n*e), Gates: make([]float32, n*e), Load: make([]int, e), Dropped: d.Dropped(), Entropy: d.Entropy()}
	for i := range r.Expert {
		r.Expert[i] = -1
	}
	for s, row := range rows {
		for k := range d.K {
			to, from := int(row)*d.K+k, s*d.K+k
			r.Expert[to], r.Kept[to], r.Weight[to] = int32(alive[d.Expert[from]]), d.Kept[from], d.Weight[from]
		}
		for i, id := range alive {
			r.Scores[int(row)*e+id], r.Gates[int(row)*e+id] = d.Scores[s*len(alive)+i], d.Gates[s*len(alive)+i]
		}
	}
	for i, n := range d.Load() {
		r.Load[alive[i]] = n
	}
	return r
}
