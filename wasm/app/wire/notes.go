package wire

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/ui/notes"
)

// Choices reads the result of a Kformer that chose among n answers.
func Choices(text string, n int) ([]notes.Choice, error) {
	var found []struct {
		Index  int       `json:"index"`
		Score  float64   `json:"score"`
		Notes  []int     `json:"notes"`
		Scores []float64 `json:"note_scores"`
	}
	if err := decode("multiple-choice", text, &found); err != nil {
		return nil, err
	}
	if len(found) == 0 || len(found) > n {
		return nil, fmt.Errorf("%w of multiple-choice: got %d answers of %d", ErrResult, len(found), n)
	}
	var out []notes.Choice
	for _, f := range found {
		if f.Index < 0 || f.Index >= n || len(f.Notes) != len(f.Scores) {
			return nil, fmt.Errorf("%w of multiple-choice: answer %d of %d, %d notes with %d scores", ErrResult, f.Index, n, len(f.Notes), len(f.Scores))
		}
		out = append(out, notes.Choice{Index: f.Index, Score: f.Score, Notes: f.Notes, NoteScores: f.Scores})
	}
	return out, nil
}
