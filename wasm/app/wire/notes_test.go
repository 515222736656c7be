package wire

import (
	"errors"
	"testing"
)

func TestChoicesAreReadWithTheirNotes(t *testing.T) {
	got, err := Choices(`[{"answer":"b","index":1,"score":0.75,"notes":[4,0],"note_scores":[0.5,-0.25]},{"answer":"a","index":0,"score":0.25,"notes":[],"note_scores":[]}]`, 2)
	if err != nil || len(got) != 2 || got[0].Index != 1 || got[0].Score != 0.75 || got[0].Notes[1] != 0 || got[0].NoteScores[1] != -0.25 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{``, `[]`, `[{"index":2,"score":1}]`, `[{"index":-1}]`, `[{"index":0,"notes":[1],"note_scores":[]}]`, `[{"index":0},{"index":1},{"index":0}]`} {
		if _, err := Choices(bad, 2); !errors.Is(err, ErrResult) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
