package explore

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/format"
)

// MaxTokens is how many tokens of a text the maps show. Larger maps cannot be read.
const MaxTokens = 64

// Heat is a map of attention: rows are queries, columns are keys.
type Heat struct {
	Title   string
	Labels  []string  // of at most MaxTokens tokens
	Shares  []float32 // [len(Labels), len(Labels)]
	Left    int       // tokens that are not shown
	Most    float32   // the largest share, which has the full colour
	Summary string    // the strongest links, in words
	SVG     string
	Rows    []HeatRow
	room    int // for the labels, in units of the drawing
}

// HeatRow is a line of the table: a token, and the tokens that it attends to most.
type HeatRow struct{ Token, Most string }

// NewHeat makes the map of one head, or of the mean of all heads (−1), from shares [heads, T, T].
func NewHeat(labels []string, shares []float32, heads, layer, head int) *Heat {
	t := len(labels)
	n := min(t, MaxTokens)
	h := &Heat{Title: fmt.Sprintf("Layer %d, head %d", layer, head), Labels: labels[:n], Left: t - n, Shares: make([]float32, n*n)}
	first, last := head, head+1
	if head < 0 {
		h.Title, first, last = fmt.Sprintf("Layer %d, mean of %d heads", layer, heads), 0, heads
	}
	for k := first; k < last; k++ {
		for q := range n {
			for j := range n {
				h.Shares[q*n+j] += shares[(k*t+q)*t+j] / float32(last-first)
			}
		}
	}
	for _, x := range h.Shares {
		h.Most = max(h.Most, x)
	}
	h.room = labelRoom(h.Labels)
	h.words()
	h.SVG = h.draw()
	return h
}

// Share is how much token q attends to token k, in words.
func (h *Heat) Share(q, k int) string {
	return fmt.Sprintf("“%s” attends to “%s” with %s of its attention", h.Labels[q], h.Labels[k], format.Percent(h.Shares[q*len(h.Labels)+k]))
}

// words fills in Rows and Summary.
func (h *Heat) words() {
	n := len(h.Labels)
	type link struct{ q, k int }
	var strongest []link
	for q := range n {
		order := make([]int, n)
		for k := range order {
			order[k] = k
		}
		row := h.Shares[q*n : (q+1)*n]
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case row[a] > row[b]:
				return -1
			case row[a] < row[b]:
				return 1
			}
			return 0
		})
		var most []string
		for _, k := range order[:min(n, 5)] {
			if row[k] >= 0.005 {
				most = append(most, h.Labels[k]+" "+format.Percent(row[k]))
			}
		}
		h.Rows = append(h.Rows, HeatRow{h.Labels[q], strings.Join(most, ", ")})
		strongest = append(strongest, link{q, order[0]})
	}
	slices.SortStableFunc(strongest, func(a, b link) int {
		return int(math.Copysign(1, float64(h.Shares[b.q*n+b.k]-h.Shares[a.q*n+a.k])))
	})
	var said []string
	for _, l := range strongest[:min(n, 3)] {
		said = append(said, h.Share(l.q, l.k))
	}
	h.Summary = h.Title + ": " + strings.Join(said, "; ") + "."
}

// Lengths of the drawing, in its own units.
const (
	cellSize   = 22
	labelSize  = 12 // code points
	heatLevels = 20
)

// labelRoom is the length of the longest label.
func labelRoom(labels []string) int {
	n := 1
	for _, l := range labels {
		n = max(n, utf8.RuneCountInString(format.Clip(l, labelSize)))
	}
	return 16 + 8*n
}

// draw makes the map as SVG. All cells of one level of colour are one path, so the number of elements does not grow with the square of
// the tokens.
func (h *Heat) draw() string {
	n, labelRoom := len(h.Labels), h.room
	side := labelRoom + n*cellSize + 2
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="heat" role="img" aria-label="%s" viewBox="0 0 %d %d" width="%d" height="%d" data-tokens="%d">`,
		escape(h.Summary), side, side, side, side, n)
	fmt.Fprintf(&b, `<rect class="ground" x="%d" y="%d" width="%d" height="%d"/>`, labelRoom, labelRoom, n*cellSize, n*cellSize)
	paths := make([]strings.Builder, heatLevels+1)
	for q := range n {
		for k := range n {
			level := 0
			if h.Most > 0 {
				level = int(math.Round(float64(max(0, h.Shares[q*n+k])/h.Most) * heatLevels))
			}
			if level > 0 {
				fmt.Fprintf(&paths[level], "M%d %dh%dv%dh-%dz", labelRoom+k*cellSize+1, labelRoom+q*cellSize+1, cellSize-2, cellSize-2, cellSize-2)
			}
		}
	}
	for level := range paths {
		if paths[level].Len() > 0 {
			fmt.Fprintf(&b, `<path class="cell" fill-opacity="%.2f" d="%s"/>`, float64(level)/heatLevels, paths[level].String())
		}
	}
	for i, label := range h.Labels {
		text := escape(format.Clip(label, labelSize))
		at := labelRoom + i*cellSize + cellSize/2 + 5
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, labelRoom-8, at, text)
		fmt.Fprintf(&b, `<text text-anchor="start" transform="translate(%d %d) rotate(-90)">%s</text>`, at, labelRoom-8, text)
	}
	fmt.Fprintf(&b, `<rect class="mark" x="%d" y="%d" width="%d" height="%d" visibility="hidden"/></svg>`, labelRoom, labelRoom, cellSize, cellSize)
	return b.String()
}

// escape makes text from a reader or a model safe inside SVG.
func escape(s string) string {
	return escaper.Replace(strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0xFFFE || r == 0xFFFF {
			return '·'
		}
		return r
	}, s))
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// Cell finds the cell under a point of the drawing, in its own units.
func (h *Heat) Cell(x, y float64) (q, k int, ok bool) {
	k, q = int(math.Floor((x-float64(h.room))/cellSize)), int(math.Floor((y-float64(h.room))/cellSize))
	return q, k, q >= 0 && k >= 0 && q < len(h.Labels) && k < len(h.Labels)
}

// Place is the corner of a cell in the drawing, in its own units.
func (h *Heat) Place(q, k int) (x, y int) { return h.room + k*cellSize, h.room + q*cellSize }
