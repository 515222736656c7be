package search

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// keepName is the name under which the reader's own text is kept on this device.
const keepName = "own-text"

// SetKeep keeps the reader's own texts on this device from now on, or removes them from it.
func (s *Search) SetKeep(keep bool) {
	s.mu.Lock()
	s.keep = keep
	s.mu.Unlock()
	s.store()
	if !keep {
		s.host.Announce("Nothing of your text is kept on this device.")
	}
	s.host.Redraw()
}

// Clear removes the reader's own texts from the search, and from this device.
func (s *Search) Clear() {
	s.mu.Lock()
	s.keep = false
	var ids []int
	for _, src := range s.sources {
		if !src.Bundled {
			ids = append(ids, src.ID)
		}
	}
	s.mu.Unlock()
	for _, id := range ids {
		s.remove(id)
	}
	s.store()
	s.host.Announce("Your text is removed.")
	s.host.MoveFocus("", "sources")
	s.host.Redraw()
}

// store keeps the reader's own texts, if the reader has agreed, and nothing otherwise.
func (s *Search) store() {
	s.mu.Lock()
	text := ""
	if s.keep {
		text = s.encodeOwn()
	}
	s.mu.Unlock()
	if err := s.host.Store(keepName, text); err != nil && text != "" {
		s.mu.Lock()
		s.keep = false
		s.notice = &host.Failure{Title: "The text is not kept", Code: "not_stored", Text: err.Error() + ". It stays in this page until you close it."}
		said := s.notice.Sentence()
		s.mu.Unlock()
		_ = s.host.Store(keepName, "") // what is there is of an earlier state
		s.host.Announce(said)
	}
	s.host.Redraw()
}

// encodeOwn is the reader's own texts, one line each: "=" and the name of a text, then "-" and each of its sentences, which have no line
// breaks. The caller holds s.mu.
func (s *Search) encodeOwn() string {
	var out strings.Builder
	lo := 0
	for _, src := range s.sources {
		if !src.Bundled {
			out.WriteString("=" + src.Name + "\n")
			for _, e := range s.entries[lo : lo+src.Count] {
				out.WriteString("-" + e.Text + "\n")
			}
		}
		lo += src.Count
	}
	return out.String()
}

// restoreOwn adds the texts that are kept on this device.
func (s *Search) restoreOwn() {
	text := s.host.Stored(keepName)
	if text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep = true
	name, started := "", false
	var entries []Entry
	flush := func() {
		if started && len(entries) > 0 && len(s.entries)+len(entries) <= MaxSentences {
			s.add(Source{Name: name}, entries)
		}
		entries = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "="):
			flush()
			name, started = format.Clip(line[1:], 60), true
		case strings.HasPrefix(line, "-") && len(line) > 1 && len(line) <= maxSentenceBytes:
			entries = append(entries, Entry{Lang: sentence.Language(line[1:]), Text: line[1:]})
		}
	}
	flush()
}
