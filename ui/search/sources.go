package search

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// Source is where sentences come from: the sample sentences, or a text that the reader added.
type Source struct {
	ID      int
	Name    string
	Bundled bool
	Count   int // sentences
}

// Limits of what a reader may add. A query is compared with every sentence, and their vectors stay in memory.
const (
	MaxTextBytes = 4 << 20 // of a text; a thousand sentences are about 100 kB
	MaxSentences = 10_000  // of all sources together
	MaxFiles     = 10      // at once
	MaxDots      = 1000    // of the map, which is drawn anew for each of them
)

// Kinds of refusal for added text, for errors.Is.
var (
	ErrTextTooLong = errors.New("text too long")
	ErrNotText     = errors.New("not text")
	ErrNoSentence  = errors.New("no sentence")
	ErrFull        = errors.New("full")
)

// code is the stable code of a refusal.
func code(err error) string {
	switch {
	case errors.Is(err, ErrTextTooLong):
		return "text_too_long"
	case errors.Is(err, ErrNotText):
		return "not_text"
	case errors.Is(err, ErrNoSentence):
		return "no_sentence"
	case errors.Is(err, ErrFull):
		return "full"
	}
	return "internal"
}

// collection is the path of the sample sentences.
const collection = "./collection.tsv"

func (s *Search) loadCollection() {
	err := host.Try(func() error {
		tsv, err := s.host.Fetch(context.Background(), collection)
		if err != nil {
			return err
		}
		return s.addCollection(tsv)
	})
	if err != nil {
		s.fail(host.FailureOf("The sample sentences could not be loaded; you can still add your own text", err), retryNone)
	}
}

func (s *Search) addCollection(tsv string) error {
	entries, err := ParseCollection(tsv)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, src := range s.sources {
		if src.Bundled {
			return nil
		}
	}
	if len(s.entries)+len(entries) > MaxSentences {
		return fmt.Errorf("%w: %d sentences and %d more exceed %d; remove a text first", ErrFull, len(s.entries), len(entries), MaxSentences)
	}
	s.add(Source{Name: "Sample sentences", Bundled: true}, entries)
	return nil
}

// RestoreCollection brings the sample sentences back after they were removed.
func (s *Search) RestoreCollection() { go s.loadCollection() }

// SetDraft takes the reader's own text while it is being typed.
func (s *Search) SetDraft(text string) {
	s.mu.Lock()
	s.draft = text
	s.mu.Unlock()
}

// AddDraft adds the reader's own text and empties the draft. A text that is refused stays.
func (s *Search) AddDraft() {
	s.mu.Lock()
	text := s.draft
	s.mu.Unlock()
	if s.AddText("", text) == nil {
		s.SetDraft("")
		s.host.Redraw()
	}
}

// AddText splits text and makes its sentences searchable. It also shows an error beside the text box.
func (s *Search) AddText(name, text string) error {
	err := s.addText(name, text)
	if err != nil {
		s.refuse(err)
		return err
	}
	s.mu.Lock()
	s.notice = nil
	if s.left != "" {
		s.notice = &host.Failure{Title: "A part of the text was added", Code: "full", Text: strings.TrimSpace(s.left)}
		s.left = ""
	}
	keep := s.keep
	s.mu.Unlock()
	if keep {
		s.store()
	}
	s.host.Redraw()
	return nil
}

// refuse shows beside the text box why a text was not added.
func (s *Search) refuse(err error) {
	n := &host.Failure{Title: "The text was not added", Code: code(err), Text: err.Error()}
	s.mu.Lock()
	s.notice = n
	s.mu.Unlock()
	s.host.Redraw()
	s.host.Announce(n.Sentence())
}

func (s *Search) addText(name, text string) error {
	if len(text) > MaxTextBytes {
		return tooLong(int64(len(text)))
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: broken UTF-8; save the text as UTF-8", ErrNotText)
	}
	parts := sentence.Items(name, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	var entries []Entry
	seen := map[string]bool{}
	for _, p := range parts {
		if !seen[p] {
			seen[p] = true
			entries = append(entries, Entry{Lang: sentence.Language(p), Text: p})
		}
	}
	if len(entries) == 0 {
		return fmt.Errorf("%w in %s of text; type or paste at least one word", ErrNoSentence, format.Bytes(int64(len(text))))
	}
	left := ""
	switch room := MaxSentences - len(s.entries); {
	case room <= 0:
		return fmt.Errorf("%w: there is room for %d sentences in all, and no more; remove a text first", ErrFull, MaxSentences)
	case len(entries) > room:
		left = fmt.Sprintf(" The last %s are left out: there is room for %d in all.", format.Count(len(entries)-room, "sentence", "sentences"), MaxSentences)
		entries = entries[:room]
	}
	name = format.Clip(strings.Join(strings.Fields(name), " "), 40)
	if name == "" {
		name = "“" + format.Clip(entries[0].Text, 24) + "”"
	}
	s.add(Source{Name: name}, entries)
	s.host.Announce(format.Count(len(entries), "sentence", "sentences") + " added from " + name + "." + left)
	s.left = left
	return nil
}

func tooLong(n int64) error {
	return fmt.Errorf("%w: got %s, allowed are %s; add a part of it", ErrTextTooLong, format.Bytes(n), format.Bytes(MaxTextBytes))
}

// add appends a source with its entries and begins to embed them. The caller holds s.mu.
func (s *Search) add(src Source, entries []Entry) {
	s.lastID++
	src.ID, src.Count = s.lastID, len(entries)
	s.sources = append(s.sources, src)
	for _, e := range entries {
		s.lastID++
		e.ID, e.Source = s.lastID, src.ID
		s.entries = append(s.entries, e)
	}
	s.stopped = false
	s.startEmbedding()
	s.host.Redraw()
}

// Remove removes a source and its sentences. Its button disappears, so the focus moves to the list of sources.
func (s *Search) Remove(id int) {
	if name := s.remove(id); name != "" {
		s.host.Announce(name + " removed.")
		s.host.MoveFocus("", "sources")
		s.mu.Lock()
		keep := s.keep
		s.mu.Unlock()
		if keep {
			s.store()
		}
	}
	s.host.Redraw()
}

// remove returns the name of the source, "" if there is none with this id.
func (s *Search) remove(id int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lo := 0
	for i, src := range s.sources {
		if src.ID != id {
			lo += src.Count
			continue
		}
		hi := lo + src.Count
		s.gen++
		if n := s.vectors.Len(); lo < n {
			s.vectors.Remove(lo, min(hi, n))
		}
		s.entries = append(s.entries[:lo:lo], s.entries[hi:]...)
		s.sources = append(s.sources[:i:i], s.sources[i+1:]...)
		s.layout, s.notice = nil, nil
		if s.vectors.Len() == len(s.entries) {
			s.stopped = false
		}
		s.rank()
		s.wantLayout()
		return src.Name
	}
	return ""
}
