package chart

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestPointsWithoutAPlaceAreLeftOut(t *testing.T) {
	c := Chart{LogX: true, LogY: true, Lines: []Line{{Name: "a <b>", Class: "s0", X: []float64{0, 1, 10, 100, 1000}, Y: []float64{5, 1, math.NaN(), 100, math.Inf(1)}}}}
	svg := c.SVG()
	// 1 and 100 on both axes: the corners.
	if !strings.Contains(svg, `d="M44.0 186.0L280.0 20.0"`) || !strings.Contains(svg, "a &lt;b&gt;") || strings.Contains(svg, "NaN") {
		t.Error(svg)
	}
	for _, empty := range []Chart{{}, {LogY: true, Lines: []Line{{X: []float64{1}, Y: []float64{-1}}}}, {Lines: []Line{{X: []float64{1}, Y: []float64{math.NaN()}}}}} {
		if got := empty.SVG(); got != "" {
			t.Errorf("%+v: %s", empty, got)
		}
	}
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		a    axis
		want []float64
	}{
		{axis{low: 0, top: 10}, []float64{0, 2, 4, 6, 8, 10}},
		{axis{low: 2.4, top: 5.7}, []float64{3, 4, 5}},
		{axis{log: true, low: 0.5, top: 2000}, []float64{1, 10, 100, 1000}},
		{axis{log: true, low: 1e-6, top: 1e6}, []float64{1e-6, 1e-3, 1, 1e3, 1e6}},
		{axis{log: true, low: 2, top: 8}, []float64{2, 8}},
	} {
		got := c.a.ticks()
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }) {
			t.Errorf("%+v: %v, expected %v", c.a, got, c.want)
		}
	}
	for v, want := range map[float64]string{0: "0", -1e-9: "-1e-9", 0.25: "0.25", 1000: "1000", 1e5: "1e+05", 1e-4: "1e-4"} {
		if got := Number(v); got != want {
			t.Errorf("%v is written %q, expected %q", v, got, want)
		}
	}
}

func TestNamesDoNotCoverEachOther(t *testing.T) {
	var taken []float64
	for range 6 {
		taken = append(taken, free(taken, 100))
	}
	slices.Sort(taken)
	for i := 1; i < len(taken); i++ {
		if taken[i]-taken[i-1] < 12 {
			t.Errorf("%v", taken)
		}
	}
}

func TestASinglePointIsDrawn(t *testing.T) {
	c := Chart{Lines: []Line{{Dots: true, Dashed: true, X: []float64{3}, Y: []float64{4}}}}
	if svg := c.SVG(); !strings.Contains(svg, "<circle") || !strings.Contains(svg, "dashed") {
		t.Error(svg)
	}
}
