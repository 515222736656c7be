package ui

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// Source is where sentences come from: the bundled collection or a text that the reader added.
type Source struct {
	ID      int
	Name    string
	Bundled bool
	Count   int // sentences
}

// Limits of what a reader may add. A page that must stay smooth draws and ranks everything again on each change.
const (
	MaxTextBytes = 256 << 10 // a thousand sentences are about 100 kB
	MaxSentences = 1000      // of all sources together
)

// Kinds of refusal for added text, for errors.Is.
var (
	ErrTextTooLong = errors.New("text too long")
	ErrNotText     = errors.New("not text")
	ErrNoSentence  = errors.New("no sentence")
	ErrFull        = errors.New("full")
)

func (a *App) loadCollection() {
	tsv, err := a.o.Collection(context.Background())
	if err == nil {
		err = a.addCollection(tsv)
	}
	if err != nil {
		a.fail(failureOf("The bundled sentences could not be loaded; you can still add your own text", err))
	}
}

func (a *App) addCollection(tsv string) error {
	entries, err := ParseCollection(tsv)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.sources {
		if s.Bundled {
			return nil
		}
	}
	if len(a.entries)+len(entries) > MaxSentences {
		return fmt.Errorf("%w: %d sentences and %d more exceed %d; remove a text first", ErrFull, len(a.entries), len(entries), MaxSentences)
	}
	a.add(Source{Name: "Sample sentences", Bundled: true}, entries)
	return nil
}

// RestoreCollection brings the bundled sentences back after their removal.
func (a *App) RestoreCollection() { go a.guard("collection", a.loadCollection) }

// AddText splits text and makes its sentences searchable. What is wrong with the text is shown beside the box and returned.
func (a *App) AddText(name, text string) error {
	err := a.addText(name, text)
	if err != nil {
		a.Refuse(err)
		return err
	}
	a.mu.Lock()
	a.notice = nil
	a.mu.Unlock()
	a.o.Changed()
	return nil
}

// Refuse shows beside the text box why a text was not added.
func (a *App) Refuse(err error) {
	n := &Failure{Title: "The text was not added", Code: textCode(err), Text: err.Error()}
	a.mu.Lock()
	a.notice = n
	a.mu.Unlock()
	a.o.Changed()
	a.o.Announce(n.Title + ". " + n.Text)
}

// AddFile adds the bytes of a text file.
func (a *App) AddFile(name string, data []byte) error {
	text, err := DecodeText(data)
	if err != nil {
		err = fmt.Errorf("%s: %w", Clip(name, 60), err)
		a.Refuse(err)
		return err
	}
	return a.AddText(name, text)
}

func textCode(err error) string {
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

func (a *App) addText(name, text string) error {
	if len(text) > MaxTextBytes {
		return fmt.Errorf("%w: %s, allowed are %s; add a part of it", ErrTextTooLong, Bytes(int64(len(text))), Bytes(MaxTextBytes))
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: broken UTF-8; save the text as UTF-8", ErrNotText)
	}
	parts := sentence.Split(text)
	a.mu.Lock()
	defer a.mu.Unlock()
	var entries []Entry
	seen := map[string]bool{}
	for _, p := range parts {
		if !seen[p] {
			seen[p] = true
			entries = append(entries, Entry{Lang: sentence.Language(p), Text: p})
		}
	}
	if len(entries) == 0 {
		return fmt.Errorf("%w in %s of text; type or paste at least one word", ErrNoSentence, Bytes(int64(len(text))))
	}
	if room := MaxSentences - len(a.entries); len(entries) > room {
		return fmt.Errorf("%w: %s found, there is room for %d more (%d in all); remove a text or add a shorter one",
			ErrFull, Count(len(entries), "sentence", "sentences"), max(0, room), MaxSentences)
	}
	name = Clip(strings.Join(strings.Fields(name), " "), 40)
	if name == "" {
		name = "“" + Clip(entries[0].Text, 24) + "”"
	}
	a.add(Source{Name: name}, entries)
	a.o.Announce(Count(len(entries), "sentence", "sentences") + " added from " + name + ".")
	return nil
}

// add appends a source with its entries and begins to embed them; a.mu is held.
func (a *App) add(s Source, entries []Entry) {
	a.lastID++
	s.ID, s.Count = a.lastID, len(entries)
	a.sources = append(a.sources, s)
	for _, e := range entries {
		a.lastID++
		e.ID, e.Source = a.lastID, s.ID
		a.entries = append(a.entries, e)
	}
	a.stopped = false
	a.startEmbedding()
	a.o.Changed()
}

// RemoveSource takes a source and its sentences away.
func (a *App) RemoveSource(id int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	lo := 0
	for i, s := range a.sources {
		if s.ID != id {
			lo += s.Count
			continue
		}
		hi := lo + s.Count
		a.gen++
		if n := a.vectors.Len(); lo < n {
			a.vectors.Remove(lo, min(hi, n))
		}
		a.entries = append(a.entries[:lo:lo], a.entries[hi:]...)
		a.sources = append(a.sources[:i:i], a.sources[i+1:]...)
		a.layout, a.notice = nil, nil
		if a.vectors.Len() == len(a.entries) {
			a.stopped = false
		}
		a.rank()
		a.wantLayout()
		a.o.Announce(s.Name + " removed.")
		break
	}
	a.o.Changed()
}

// DecodeText turns the bytes of a file into text: UTF-8 with or without a byte order mark, or UTF-16 with one.
func DecodeText(b []byte) (string, error) {
	if len(b) > MaxTextBytes {
		return "", fmt.Errorf("%w: %s, allowed are %s; add a part of it", ErrTextTooLong, Bytes(int64(len(b))), Bytes(MaxTextBytes))
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		order = binary.BigEndian
	}
	if order != nil {
		if len(b)%2 != 0 {
			return "", fmt.Errorf("%w: UTF-16 with an odd number of bytes, %d", ErrNotText, len(b))
		}
		units := make([]uint16, 0, len(b)/2)
		for i := 2; i < len(b); i += 2 {
			units = append(units, order.Uint16(b[i:]))
		}
		return string(utf16.Decode(units)), nil
	}
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return "", fmt.Errorf("%w: a zero byte at position %d; only plain text files can be read", ErrNotText, i)
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return "", fmt.Errorf("%w: byte %d (0x%02x) is not UTF-8; save the file as UTF-8", ErrNotText, i, b[i])
		}
		i += n
	}
	return string(b), nil
}
