package write

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// View is a copy of the state at one moment, for the component.
type View struct {
	Text     string
	Loaded   bool // the model
	Running  bool
	Written  bool // the text ends with what the model wrote
	Another  bool // another attempt would differ
	Status   string
	Hint     string // what the model did not read, or that it ended the text
	Failure  *host.Failure
	CopyVerb string

	Settings map[string]string // by the names that Set takes; the seed is "" if it changes each time
	Short    string            // the settings in words
}

// View returns what to show now.
func (w *Writing) View() View {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := View{
		Text: w.text, Loaded: w.Model.Ready(), Running: w.running != nil, Written: w.last != nil, Failure: w.failure,
		CopyVerb: w.copied.Verb("Copy"), Settings: w.settings(),
		Short: fmt.Sprintf("temperature %.2g, %s", w.draw.Temperature, format.Count(w.draw.Tokens, "token", "tokens")),
	}
	v.Another = v.Written && !v.Running && !w.fixed && w.draw.Temperature > 0
	r := w.last
	if r == nil {
		return v
	}
	switch {
	case v.Running:
		v.Status = "Writing"
	case r.tokens > 0 && r.took > 0:
		v.Status = fmt.Sprintf("%s in %s, %.0f a second", format.Count(r.tokens, "token", "tokens"), format.Duration(r.took), float64(r.tokens)/r.took.Seconds())
		if r.draw.Temperature > 0 {
			v.Status += fmt.Sprintf("; seed %d", r.draw.Seed)
		}
	}
	if r.forgot {
		v.Hint = fmt.Sprintf("The model reads %d tokens at a time. It continues from the last part of the text and does not know what comes before. ", w.positions())
	}
	if r.ended {
		v.Hint += "The model ended its text here. Press Continue to make it write more."
	}
	return v
}
