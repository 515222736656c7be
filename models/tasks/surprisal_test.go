//go:build !js

package tasks_test

import (
	"errors"
	"math"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// −log of the softmax of the logits, worked out token by token; windows begin with the folder's first token.
func TestSurprisalIsMinusTheLogOfTheSoftmax(t *testing.T) {
	g, m := openVectors(t, "dec_subln", `{"bos_token_id":0,"eos_token_id":2}`)
	ids := []int32{5, 6, 7, 8, 9, 10, 11}
	got, err := g.Surprisal(nil, ids, 3)
	if err != nil || len(got) != len(ids) {
		t.Fatalf("%v, %v", got, err)
	}
	for i, id := range ids {
		in := append([]int32{0}, ids[i/3*3:i]...)
		y, release, err := g.Logits(transformer.Padded{IDs: in, Rows: 1, Cols: len(in)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float32, y.Cols)
		m.Device().Get(row, y.Slice(y.Rows-1, y.Rows))
		release()
		sum := 0.0
		for _, z := range row {
			sum += math.Exp(float64(z))
		}
		if want := math.Log(sum) - float64(row[id]); math.Abs(float64(got[i])-want) > 1e-4 {
			t.Errorf("token %d: %v, expected %v", i, got[i], want)
		}
	}
	for _, bad := range []struct {
		ids    []int32
		window int
	}{{ids, 0}, {ids, 1 << 20}, {[]int32{-1}, 3}, {[]int32{1 << 20}, 3}} {
		if _, err := g.Surprisal(nil, bad.ids, bad.window); !errors.Is(err, tasks.ErrInput) {
			t.Errorf("%v in windows of %d: %v", bad.ids, bad.window, err)
		}
	}
}
