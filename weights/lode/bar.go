package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// bar is a progress bar on a terminal; elsewhere it says nothing.
type bar struct {
	w          io.Writer
	name, unit string
	last       time.Time
	shown      bool
}

func newBar(w io.Writer, name, unit string) *bar {
	b := &bar{name: name, unit: unit}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			b.w = w
		}
	}
	return b
}

// set shows done of total; total −1 is unknown. It draws at most twenty times a second.
func (b *bar) set(done, total int64) {
	if b.w == nil || done < total && time.Since(b.last) < 50*time.Millisecond {
		return
	}
	b.last, b.shown = time.Now(), true
	if total <= 0 {
		fmt.Fprintf(b.w, "\r\x1b[K%s  %s", b.name, b.amount(done))
		return
	}
	const width = 30
	full := int(min(done, total) * width / total)
	fmt.Fprintf(b.w, "\r\x1b[K%s  %s%s %3d %%  %s of %s", b.name, strings.Repeat("█", full), strings.Repeat("░", width-full),
		min(done, total)*100/total, b.amount(done), b.amount(total))
}

func (b *bar) amount(n int64) string {
	if b.unit == "B" {
		return megabytes(n)
	}
	return fmt.Sprintf("%d %s", n, b.unit)
}

// end clears the bar.
func (b *bar) end() {
	if b.shown {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

func megabytes(n int64) string {
	if n < 1e5 {
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
