package wire

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/ui/entities"
)

// Tag are the options of a call that tags texts. A word takes the label of its first token, because the model was hardly trained on
// the others.
func Tag() map[string]any { return map[string]any{"aggregation_strategy": "first"} }

// Entities reads the result of token-classification for some texts.
func Entities(text string, texts int) ([][]entities.Entity, error) {
	var all [][]struct {
		Group string  `json:"entity_group"`
		Score float64 `json:"score"`
		Start int     `json:"start"`
		End   int     `json:"end"`
	}
	if err := decode("token-classification", text, &all); err != nil {
		return nil, err
	}
	if len(all) != texts {
		return nil, fmt.Errorf("%w of token-classification: got %d lists for %d texts", ErrResult, len(all), texts)
	}
	out := make([][]entities.Entity, len(all))
	for i, found := range all {
		for _, e := range found {
			out[i] = append(out[i], entities.Entity{Label: e.Group, Start: e.Start, End: e.End, Score: e.Score})
		}
	}
	return out, nil
}
