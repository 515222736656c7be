package main

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestFiniteNamesTheText(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, c := range []struct {
		data  []float32
		texts int
		want  string // "" is no error
	}{
		{nil, 0, ""},
		{[]float32{1, -0, math.MaxFloat32, math.SmallestNonzeroFloat32}, 2, ""},
		{[]float32{1, 2, nan, 4}, 2, "NaN in the vector of text 1"},
		{[]float32{inf, 2, 3, 4}, 2, "-Inf in the vector of text 0"},
	} {
		err := finite(c.data, c.texts)
		if (err == nil) != (c.want == "") || err != nil && (!errors.Is(err, errNotFinite) || !strings.HasSuffix(err.Error(), c.want)) {
			t.Errorf("%v of %d texts: %v, want %q", c.data, c.texts, err, c.want)
		}
	}
}
