package write

import (
	"math"
	"strconv"
	"strings"
)

// Draw says how tokens are chosen.
type Draw struct {
	Tokens      int     // the most to add
	Least       int     // the fewest to add before the text may end
	Temperature float64 // 0 takes the likeliest token each time
	TopK        int     // how many of the likeliest tokens to draw from, 0 for all
	Seed        int64   // the same seed draws the same tokens
}

// defaults are the settings unless the reader changes them.
var defaults = Draw{Tokens: 80, Temperature: 0.7, TopK: 40}

// Settings are the names that Set takes.
var Settings = []string{"temperature", "top-k", "length", "seed"}

// Set takes one of the Settings as it was typed. A number out of range becomes the nearest in range. A text that is no number restores
// the default.
func (w *Writing) Set(name, value string) {
	x, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	number := err == nil && !math.IsNaN(x)
	within := func(low, high, otherwise float64) float64 {
		if !number {
			return otherwise
		}
		return min(max(x, low), high)
	}
	w.mu.Lock()
	switch name {
	case "temperature":
		w.draw.Temperature = math.Round(100*within(0, 2, defaults.Temperature)) / 100
	case "top-k":
		w.draw.TopK = int(within(0, 1000, float64(defaults.TopK)))
	case "length":
		w.draw.Tokens = int(within(1, 1000, float64(defaults.Tokens)))
	case "seed":
		w.fixed, w.draw.Seed = number, int64(within(0, 1<<53-1, 0))
	}
	w.mu.Unlock()
	w.host.Redraw()
}

// settings are the settings by name, as their boxes show them. The caller holds w.mu.
func (w *Writing) settings() map[string]string {
	seed := ""
	if w.fixed {
		seed = strconv.FormatInt(w.draw.Seed, 10)
	}
	return map[string]string{
		"temperature": strconv.FormatFloat(w.draw.Temperature, 'g', -1, 64),
		"top-k":       strconv.Itoa(w.draw.TopK),
		"length":      strconv.Itoa(w.draw.Tokens),
		"seed":        seed,
	}
}
