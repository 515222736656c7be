package kerneltest

import (
	"fmt"
	"strings"
	"testing"
)

// The table takes options in turn and could miss a combination by accident. It has every
// activation and number of rows in every type of layer, and long texts under every mask.
func TestTheTableHasEveryKind(t *testing.T) {
	want := map[string][]string{"attention": {"tk=1000 ", "tk=2048 ", "prefix=", "keep=true", "mask=true", "rel=true", "causal=0"}}
	for _, op := range []string{"linear f32", "linear f16", "linear q8", "linear q4"} {
		for _, act := range activations {
			want[op] = append(want[op], fmt.Sprintf(" %s bias=true", act), fmt.Sprintf(" %s bias=false", act))
			for _, res := range residuals {
				want[op] = append(want[op], fmt.Sprintf(" %s bias=true res=%q", act, res))
			}
		}
		for _, m := range []int{1, 2, 3, 4, 5, 7, 8, 11, 65, 130, 256, 511, 512} {
			want[op] = append(want[op], fmt.Sprintf("m=%d ", m))
		}
		for special := range weird {
			want[op] = append(want[op], " "+special)
		}
	}
	all := Cases()
	for op, parts := range want {
		for _, part := range parts {
			found := false
			for _, c := range all {
				found = found || c.Op == op && strings.Contains(c.Name, part)
			}
			if !found {
				t.Errorf("%s: no case has %q", op, part)
			}
		}
	}
}
