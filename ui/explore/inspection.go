package explore

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/lodestone-wasm/lodestone/ui/host"
)

// Inspection is a text of T tokens inside a model.
type Inspection struct {
	Labels    []string // of the tokens
	Truncated bool
	Heads     int
	// Attentions has, for each layer, the share of each key in each query: [Heads, T, T], queries are rows.
	Attentions [][]float32
	Routing    []Routing
}

// Routing is one mixture of experts.
type Routing struct {
	Layer, Experts, K int
	Expert, Kept      []int32   // [T, K], best first
	Weights           []float32 // [T, K]
	Gates             []float32 // [T, Experts]
	Load              []int32   // [Experts]
	Dropped           int
	Entropy           float64
}

// fits reports whether there are as many numbers as the shapes say. The module's answer is checked before it is indexed.
func (x *Inspection) fits() bool {
	t := len(x.Labels)
	for _, a := range x.Attentions {
		if len(a) != x.Heads*t*t {
			return false
		}
	}
	for _, r := range x.Routing {
		if r.Experts < 1 || r.K < 1 || len(r.Expert) != t*r.K || len(r.Kept) != t*r.K || len(r.Weights) != t*r.K || len(r.Gates) != t*r.Experts || len(r.Load) != r.Experts {
			return false
		}
	}
	return true
}

// Labels are the tokens of a text as a reader wants to see them: the text that each stands for, and the name of a special token.
// offsets has the begin and the end of each token in UTF-16 code units; a token without a place in the text keeps its name.
func Labels(text string, tokens []string, offsets [][2]int) ([]string, error) {
	if len(offsets) != len(tokens) {
		return nil, fmt.Errorf("the engine returned %d tokens and %d offsets, expected as many", len(tokens), len(offsets))
	}
	units := utf16.Encode([]rune(text))
	out := make([]string, len(tokens))
	for i, o := range offsets {
		out[i] = tokens[i]
		if begin, end := o[0], o[1]; begin >= 0 && begin < end && end <= len(units) {
			if out[i] = strings.TrimSpace(string(utf16.Decode(units[begin:end]))); out[i] == "" {
				out[i] = "␣"
			}
		}
	}
	return out, nil
}

// ParseIDs reads token ids with white space or commas between them.
func ParseIDs(text string) ([]int32, error) {
	var ids []int32
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) }) {
		n, err := strconv.ParseInt(word, 10, 32)
		if err != nil || n < 0 || word[0] == '+' {
			return nil, &host.EngineError{Code: "invalid_argument", Message: fmt.Sprintf("ids: %q, expected whole numbers with spaces between; this model has no tokenizer", word)}
		}
		ids = append(ids, int32(n))
	}
	if len(ids) == 0 {
		return nil, &host.EngineError{Code: "invalid_argument", Message: "ids: none, expected whole numbers with spaces between; this model has no tokenizer"}
	}
	return ids, nil
}
