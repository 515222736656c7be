package bench

import (
	"fmt"
	"html"
	"strings"
)

// Bar is one bar of a chart.
type Bar struct {
	Label string
	Value float64 // its length, not negative
	Text  string  // the value in words, behind the bar
	Group string  // its colour: the class "bar-GROUP"
}

// Lengths in units of the view box, which is as wide as a phone's page. On wider pages the chart scales up, so text stays readable.
const (
	chartWidth = 360
	chartLabel = 136 // for labels, left of the bars
	chartText  = 54  // for the value behind the longest bar
	chartRow   = 24
	chartBar   = 14
)

// Chart draws bars below each other as SVG. It is hidden from screen readers: the same numbers must stand in a table beside it. It has
// no style attributes, because a Content-Security-Policy would forbid them.
func Chart(bars []Bar) string {
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
		fmt.Fprintf(&s, `<text class="chart-label" x="%d" y="%d" text-anchor="end">%s</text>`, chartLabel-8, y+chartRow/2+4, html.EscapeString(b.Label))
		fmt.Fprintf(&s, `<rect class="bar-%s" x="%d" y="%d" width="%.1f" height="%d" rx="3"/>`, html.EscapeString(b.Group), chartLabel, y+(chartRow-chartBar)/2, length, chartBar)
		fmt.Fprintf(&s, `<text class="chart-value" x="%.1f" y="%d">%s</text>`, chartLabel+length+6, y+chartRow/2+4, html.EscapeString(b.Text))
	}
	return s.String() + "</svg>"
}
