package explore

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/format"
)

// RoutingView shows which experts the tokens of a text went to, as a picture, in words and as a table.
type RoutingView struct {
	ID      string
	Title   string
	Summary string
	SVG     string
	Rows    []RoutingRow
}

// RoutingRow is a token with its experts.
type RoutingRow struct{ Token, Experts string }

// routingViews makes the views of an inspection.
func routingViews(x *Inspection) []RoutingView {
	var all []RoutingView
	n := min(len(x.Labels), MaxTokens)
	for _, r := range x.Routing {
		v := RoutingView{ID: fmt.Sprintf("routing-%d", r.Layer), Title: fmt.Sprintf("Layer %d: %d experts, best %d", r.Layer, r.Experts, r.K)}
		used := 0
		for _, c := range r.Load {
			if c > 0 {
				used++
			}
		}
		v.Summary = fmt.Sprintf("%d of %d experts have tokens; %s without room; entropy of the load %.2f nats, at most %.2f.",
			used, r.Experts, format.Count(r.Dropped, "choice", "choices"), r.Entropy, math.Log(float64(r.Experts)))
		for t := range n {
			var chosen []string
			for k := range r.K {
				at := t*r.K + k
				if r.Expert[at] < 0 {
					continue
				}
				text := fmt.Sprintf("%d, weight %.2f", r.Expert[at], r.Weights[at])
				if r.Kept[at] == 0 {
					text = strconv.Itoa(int(r.Expert[at])) + ", no room"
				}
				chosen = append(chosen, text)
			}
			v.Rows = append(v.Rows, RoutingRow{x.Labels[t], strings.Join(chosen, "; ")})
		}
		v.SVG = drawRouting(&r, x.Labels[:n], v.Title+". "+v.Summary)
		all = append(all, v)
	}
	return all
}

// drawRouting draws tokens as columns and experts as rows. The gate fills a cell, a frame marks a chosen expert, a cross one without room.
func drawRouting(r *Routing, labels []string, said string) string {
	const head, side = 46, 74 // for the numbers of the experts, and for their load
	n, labelRoom := len(labels), labelRoom(labels)
	width, height := head+n*cellSize+side, labelRoom+r.Experts*cellSize+2
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="heat" role="img" aria-label="%s" viewBox="0 0 %d %d" width="%d" height="%d">`,
		escape(said), width, height, width, height)
	fmt.Fprintf(&b, `<rect class="ground" x="%d" y="%d" width="%d" height="%d"/>`, head, labelRoom, n*cellSize, r.Experts*cellSize)
	most := int32(1)
	for _, c := range r.Load {
		most = max(most, c)
	}
	for e := range r.Experts {
		y := labelRoom + e*cellSize
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%d</text>`, head-8, y+cellSize/2+5, e)
		fmt.Fprintf(&b, `<rect class="load" x="%d" y="%d" width="%d" height="%d"/><text class="soft" x="%d" y="%d">%d</text>`,
			head+n*cellSize+6, y+6, 36*r.Load[e]/most, cellSize-12, head+n*cellSize+48, y+cellSize/2+5, r.Load[e])
	}
	for t, label := range labels {
		x := head + t*cellSize
		fmt.Fprintf(&b, `<text text-anchor="start" transform="translate(%d %d) rotate(-90)">%s</text>`, x+cellSize/2+5, labelRoom-8, escape(format.Clip(label, labelSize)))
		for e := range r.Experts {
			if g := r.Gates[t*r.Experts+e]; g >= 0.02 {
				fmt.Fprintf(&b, `<rect class="cell" fill-opacity="%.2f" x="%d" y="%d" width="%d" height="%d"/>`, min(1, g), x+1, labelRoom+e*cellSize+1, cellSize-2, cellSize-2)
			}
		}
		for k := range r.K {
			e := int(r.Expert[t*r.K+k])
			if e < 0 || e >= r.Experts {
				continue
			}
			y := labelRoom + e*cellSize
			fmt.Fprintf(&b, `<rect class="chosen" x="%d" y="%d" width="%d" height="%d"/>`, x+2, y+2, cellSize-4, cellSize-4)
			if r.Kept[t*r.K+k] == 0 {
				fmt.Fprintf(&b, `<path class="chosen" d="M%d %dl%d %dm0 -%dl-%d %d"/>`, x+5, y+5, cellSize-10, cellSize-10, cellSize-10, cellSize-10, cellSize-10)
			}
		}
	}
	return b.String() + `</svg>`
}
