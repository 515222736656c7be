package siteindex

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrPieces is the error of a tokenizer whose vocabulary is not Unigram.
var ErrPieces = errors.New("no vocabulary of Unigram pieces")

const (
	maxPieces   = 512 // pieces of a text that count
	maxPieceLen = 64  // bytes of the longest piece that a vocabulary may have
	noRow       = 65535
	unknown     = 10 // below the worst score
)

// A Piece of a vocabulary. ID is its id in the model; -1 for one that the model lacks.
type Piece struct {
	Text  string
	Score float64
	ID    int32
}

// ReadPieces reads the pieces of a tokenizer.json of a Unigram model (Kudo, "Subword
// Regularization", ACL 2018), without the special ones. Their number is below 65,535.
func ReadPieces(tokenizerJSON []byte) ([]Piece, error) {
	var t struct {
		Model struct {
			Type  string               `json:"type"`
			Vocab [][2]json.RawMessage `json:"vocab"`
		} `json:"model"`
		Added []struct {
			Content string `json:"content"`
		} `json:"added_tokens"`
	}
	if err := json.Unmarshal(tokenizerJSON, &t); err != nil {
		return nil, fmt.Errorf("siteindex: tokenizer.json: %w: %w", ErrPieces, err)
	}
	if t.Model.Type != "Unigram" {
		return nil, fmt.Errorf("siteindex: tokenizer.json has a model of type %q: %w; use a model whose tokenizer is Unigram", t.Model.Type, ErrPieces)
	}
	added := map[string]bool{}
	for _, a := range t.Added {
		added[a.Content] = true
	}
	var pieces []Piece
	for id, entry := range t.Model.Vocab {
		p := Piece{ID: int32(id)}
		if json.Unmarshal(entry[0], &p.Text) != nil || json.Unmarshal(entry[1], &p.Score) != nil {
			return nil, fmt.Errorf("siteindex: tokenizer.json: %w: entry %d of the vocabulary is no pair of text and score", ErrPieces, id)
		}
		// Special pieces have the score 0, which no piece of text has.
		if p.Text == "" || added[p.Text] || p.Score >= 0 || len(p.Text) > maxPieceLen {
			continue
		}
		pieces = append(pieces, p)
	}
	if len(pieces) == 0 || len(pieces) >= noRow {
		return nil, fmt.Errorf("siteindex: tokenizer.json: %w: it has %d pieces; 1 to %d were expected", ErrPieces, len(pieces), noRow-1)
	}
	return pieces, nil
}

// segmenter finds the pieces of texts: the path of the greatest sum of scores.
type segmenter struct {
	lower  bool
	scores []float32 // of the pieces, in the order of their texts
	texts  []string
	worst  float32
	index  map[string]int32
	most   int // bytes of the longest piece
	known  map[string][]int32
}

// newSegmenter makes one of sorted pieces.
func newSegmenter(texts []string, scores []float32, lower bool) *segmenter {
	s := &segmenter{lower: lower, texts: texts, scores: scores, index: make(map[string]int32, len(texts)), known: map[string][]int32{}}
	for i, t := range texts {
		s.index[t] = int32(i)
		s.most = max(s.most, len(t))
		if i == 0 || scores[i] < s.worst {
			s.worst = scores[i]
		}
	}
	return s
}

// sortPieces puts pieces in the order of their texts, without duplicates, and rounds their
// scores to the 256 steps of the format.
func sortPieces(pieces []Piece) (sorted []Piece, worst, step float32) {
	sorted = append(sorted, pieces...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Text < sorted[j].Text })
	n := 0
	low, high := math.Inf(1), math.Inf(-1)
	for i, p := range sorted {
		if i > 0 && p.Text == sorted[n-1].Text {
			continue
		}
		sorted[n] = p
		n++
		low, high = min(low, p.Score), max(high, p.Score)
	}
	return sorted[:n], float32(low), float32(max(high-low, 1e-3) / 255)
}

// pieces are the pieces of a text, at most 512; -1 is a code point without one.
func (s *segmenter) pieces(text string) []int32 {
	text = Normalize(text)
	if s.lower {
		text = strings.ToLower(text)
	}
	var out []int32
	for _, word := range strings.Fields(text) {
		if out = append(out, s.word(word)...); len(out) >= maxPieces {
			return out[:maxPieces]
		}
	}
	return out
}

// word are the pieces of a word without its U+2581.
func (s *segmenter) word(word string) []int32 {
	if p, ok := s.known[word]; ok {
		return p
	}
	p := s.viterbi("▁" + word)
	if len(s.known) >= 1<<17 {
		clear(s.known)
	}
	if len(word) <= 64 {
		s.known[strings.Clone(word)] = p
	}
	return p
}

func (s *segmenter) viterbi(w string) []int32 {
	type node struct {
		score float32
		piece int32
		from  int32
	}
	if len(w) > 4096 { // a text without white space is cut; the rest has no place among 512 pieces
		for n := 4096; ; n-- {
			if utf8.RuneStart(w[n]) {
				w = w[:n]
				break
			}
		}
	}
	best := make([]node, len(w)+1)
	for i := range best {
		best[i] = node{float32(math.Inf(-1)), -1, 0}
	}
	best[0].score = 0
	for i := 0; i < len(w); i++ {
		if !utf8.RuneStart(w[i]) {
			continue
		}
		_, size := utf8.DecodeRuneInString(w[i:])
		covered := false
		for end := i + size; end <= len(w) && end-i <= s.most; end++ {
			if end < len(w) && !utf8.RuneStart(w[end]) {
				continue
			}
			p, ok := s.index[w[i:end]]
			if !ok {
				continue
			}
			covered = covered || end == i+size
			// A longer last piece was reached from an earlier i, so ">" keeps it.
			if score := best[i].score + s.scores[p]; score > best[end].score {
				best[end] = node{score, p, int32(i)}
			}
		}
		if !covered {
			if score := best[i].score + s.worst - unknown; score > best[i+size].score {
				best[i+size] = node{score, -1, int32(i)}
			}
		}
	}
	var out []int32
	for at := int32(len(w)); at > 0; at = best[at].from {
		out = append(out, best[at].piece)
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// unknownShare is the share of code points, white space left out, that no piece covers.
func (s *segmenter) unknownShare(text string) float64 {
	all, lost := 0, 0
	for _, word := range strings.FieldsFunc(Normalize(text), unicode.IsSpace) {
		all += utf8.RuneCountInString(word)
		for _, p := range s.word(word) {
			if p < 0 {
				lost++
			}
		}
	}
	if all == 0 {
		return 1
	}
	return float64(lost) / float64(all)
}
