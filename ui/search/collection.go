package search

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrCollection is the kind of every error of ParseCollection.
var ErrCollection = errors.New("collection")

// Entry is one sentence that can be found.
type Entry struct {
	ID     int    // from 1, unique while the page is open
	Group  int    // sentences of one group are translations of each other; 0 if none is known
	Topic  string // of the sample sentences; "" otherwise
	Lang   string // "en", "de", "fr", or "" if unknown
	Text   string
	Source int // ID of its Source
}

const (
	maxCollectionLines = 5000
	maxSentenceBytes   = 2000
)

// ParseCollection reads the sample sentences: lines of group, topic, language and sentence, separated by tabs. Empty lines and lines
// that begin with # are skipped. The entries have no ID and no Source yet.
func ParseCollection(tsv string) ([]Entry, error) {
	refuse := func(line int, format string, args ...any) error {
		return fmt.Errorf("%w: line %d: %s; expected group, topic, language and sentence separated by tabs", ErrCollection, line, fmt.Sprintf(format, args...))
	}
	if !utf8.ValidString(tsv) {
		return nil, fmt.Errorf("%w: the text is not UTF-8", ErrCollection)
	}
	var out []Entry
	seen := map[string]int{}
	n := 0
	for line := range strings.Lines(tsv) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if n > maxCollectionLines {
			return nil, refuse(n, "more than %d lines", maxCollectionLines)
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			return nil, refuse(n, "got %d fields", len(f))
		}
		group, err := strconv.Atoi(f[0])
		if err != nil || group < 1 || group > 1<<20 {
			return nil, refuse(n, "group %q is no number from 1 to %d", f[0], 1<<20)
		}
		if f[1] == "" {
			return nil, refuse(n, "the topic is empty")
		}
		switch f[2] {
		case "en", "de", "fr":
		default:
			return nil, refuse(n, "language %q is none of en, de, fr", f[2])
		}
		text := strings.TrimSpace(f[3])
		if text == "" || len(text) > maxSentenceBytes {
			return nil, refuse(n, "a sentence of %d bytes, allowed are 1 to %d", len(text), maxSentenceBytes)
		}
		if first, dup := seen[text]; dup {
			return nil, refuse(n, "the same sentence as line %d", first)
		}
		seen[text] = n
		out = append(out, Entry{Group: group, Topic: f[1], Lang: f[2], Text: text})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: no sentence in %d lines", ErrCollection, n)
	}
	return out, nil
}
