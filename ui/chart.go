package ui

import (
	"fmt"
	markup "html"
	"strings"

	"github.com/vugu/vugu"
)

// Bar is one bar of a chart.
type Bar struct {
	Label string
	Value float64 // not negative; its length
	Text  string  // the value in words, behind the bar
	Group string  // its colour: the class "bar-GROUP"
}

// The measures of a chart, in units of its view box, which is as wide as a phone's page: it scales up, and text stays readable.
const (
	chartWidth = 360
	chartLabel = 136 // room for labels, left of the bars
	chartText  = 54  // room for values, right of the longest
	chartRow   = 24
	chartBar   = 14
)

// BarChart draws bars below each other, the longest as long as there is room. It is a picture: the same numbers have to stand in a table
// beside it. No style attributes, which a Content-Security-Policy would forbid.
func BarChart(bars []Bar) vugu.HTMLer {
	top := 0.0
	for _, b := range bars {
		top = max(top, b.Value)
	}
	var s strings.Builder
	fmt.Fprintf(&s, `<svg class="chart" viewBox="0 0 %d %d" aria-hidden="true" focusable="false">`, chartWidth, len(bars)*chartRow)
	for i, b := range bars {
		y := i * chartRow
		length := 1.0
		if top > 0 {
			length = max(1, (chartWidth-chartLabel-chartText)*b.Value/top)
		}
		fmt.Fprintf(&s, `<text class="chart-label" x="%d" y="%d" text-anchor="end">%s</text>`, chartLabel-8, y+chartRow/2+4, markup.EscapeString(b.Label))
		fmt.Fprintf(&s, `<rect class="bar-%s" x="%d" y="%d" width="%.1f" height="%d" rx="3"/>`, markup.EscapeString(b.Group), chartLabel, y+(chartRow-chartBar)/2, length, chartBar)
		fmt.Fprintf(&s, `<text class="chart-value" x="%.1f" y="%d">%s</text>`, chartLabel+length+6, y+chartRow/2+4, markup.EscapeString(b.Text))
	}
	s.WriteString("</svg>")
	return vugu.HTML(s.String())
}
