package search

import (
	"context"
	"slices"
	"sort"

	"github.com/lodestone-wasm/lodestone/ui/plot"
	"github.com/lodestone-wasm/lodestone/ui/similar"
)

type layoutJob struct {
	set *similar.Set
	gen int
}

// wantLayout requests a new map of the sentences that have vectors. The caller holds s.mu.
func (s *Search) wantLayout() {
	set := s.vectors.Clone()
	if n := set.Len(); n > MaxDots {
		set.Remove(MaxDots, n)
	}
	s.layer.Submit(layoutJob{set, s.gen})
}

func (s *Search) runLayout(ctx context.Context, j layoutJob) {
	if ctx.Err() != nil {
		return
	}
	l := similar.NewLayout(j.set, s.host.Pause)
	s.mu.Lock()
	if j.gen == s.gen {
		s.layout = l
		s.draw()
	}
	s.mu.Unlock()
	s.host.Redraw()
}

// draw makes the picture again. The caller holds s.mu.
func (s *Search) draw() {
	p := &plot.Picture{}
	defer func() { s.picture = p }()
	if s.layout == nil {
		return
	}
	topics := map[string][]similar.Point{}
	for i, at := range s.layout.Points {
		e := s.entries[i]
		p.Dots = append(p.Dots, plot.Dot{Point: at, ID: e.ID, Group: e.Group, Lang: e.Lang, Text: e.Text})
		if e.Topic != "" {
			topics[e.Topic] = append(topics[e.Topic], at)
		}
	}
	for t, at := range topics {
		p.Labels = append(p.Labels, plot.Label{Point: middle(at), Text: t})
	}
	sort.Slice(p.Labels, func(i, j int) bool { return p.Labels[i].Text < p.Labels[j].Text })
	if s.queryVec == nil || len(s.hits) == 0 {
		return
	}
	onMap := slices.DeleteFunc(slices.Clone(s.hits), func(h similar.Hit) bool { return h.Index >= len(p.Dots) })
	if len(onMap) == 0 {
		return
	}
	q := s.layout.Place(s.queryVec, onMap)
	p.Query = &q
	for _, h := range onMap {
		p.Links = append(p.Links, plot.Link{Dot: h.Index, Score: h.Score})
	}
}

// middle is the median in each coordinate.
func middle(at []similar.Point) similar.Point {
	xs, ys := make([]float64, len(at)), make([]float64, len(at))
	for i, p := range at {
		xs[i], ys[i] = p.X, p.Y
	}
	sort.Float64s(xs)
	sort.Float64s(ys)
	return similar.Point{X: xs[len(xs)/2], Y: ys[len(ys)/2]}
}

// Picture returns the map.
func (s *Search) Picture() *plot.Picture {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.picture
}
