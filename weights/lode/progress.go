package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar is a progress bar on a terminal; elsewhere it prints nothing.
type bar struct {
	w          io.Writer // nil where nothing is printed
	name, unit string
	bar        *progressbar.ProgressBar
}

func newBar(w io.Writer, name, unit string) *bar {
	b := &bar{name: name, unit: unit}
	if x, ok := w.(*escaper); ok && isTerminal(x.w) {
		b.w = x.w
		b.name = printable(name)
	}
	return b
}

// set shows done of total; total −1 is unknown. It draws at most twenty times a second.
func (b *bar) set(done, total int64) {
	if b.w == nil {
		return
	}
	if b.bar == nil {
		b.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(b.name), progressbar.OptionThrottle(50*time.Millisecond),
			progressbar.OptionShowBytes(b.unit == "B"), progressbar.OptionUseIECUnits(false), progressbar.OptionSetItsString(b.unit), progressbar.OptionShowIts(),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(total > 0))
	}
	if total > 0 && total != b.bar.GetMax64() {
		b.bar.ChangeMax64(total)
	}
	_ = b.bar.Set64(done)
}

// end clears the bar.
func (b *bar) end() {
	if b.bar != nil {
		_ = b.bar.Clear()
		b.bar = nil
	}
}

// printable is a text with its control characters escaped.
func printable(s string) string {
	var out []byte
	for _, r := range s {
		if controls(r) || r == '\n' || r == '\t' {
			out = fmt.Appendf(out, `\u%04x`, r)
			continue
		}
		out = append(out, string(r)...)
	}
	return string(out)
}

func megabytes(n int64) string {
	if n < 1e5 {
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
