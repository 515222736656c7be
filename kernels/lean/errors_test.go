package lean

import (
	"errors"
	"fmt"
	"testing"
)

// Errorf returns the text of fmt.Errorf and wraps the same errors.
func TestErrorfWrapsLikeFmt(t *testing.T) {
	a, b, other := errors.New("a"), errors.New("b"), errors.New("other")
	tests := []struct {
		format string
		args   []any
		in     []error // found by errors.Is
	}{
		{"plain", nil, nil},
		{"%s", []any{a}, nil},
		{"%v: %w", []any{b, a}, []error{a}},
		{"x: %w", []any{a}, []error{a}},
		{"%w: %w", []any{a, b}, []error{a, b}},
		{"%d%% %q %w, %02x %w", []any{1, "s", a, 5, kind("k")}, []error{a, kind("k")}},
		{"%w", []any{fmt.Errorf("in: %w", a)}, []error{a}},
		{"%w", []any{Errorf("in: %w and %w", a, b)}, []error{a, b}},
		{"%w", []any{nil}, nil},
		{"%w %d %w", []any{a, 1}, []error{a}},
		{"%w %w", []any{error(nil), a}, []error{a}},
	}
	for _, c := range tests {
		got, want := Errorf(c.format, c.args...), fmt.Errorf(c.format, c.args...)
		if got.Error() != want.Error() {
			t.Errorf("Errorf(%q, %v) = %q, fmt writes %q", c.format, c.args, got, want)
		}
		for _, e := range []error{a, b, kind("k"), other} {
			found := false
			for _, in := range c.in {
				found = found || in == e
			}
			if errors.Is(want, e) != found {
				t.Fatalf("the table expects %v of fmt.Errorf(%q)", e, c.format)
			}
			if errors.Is(got, e) != found {
				t.Errorf("Errorf(%q, %v): errors.Is(%v) = %v, want %v", c.format, c.args, e, !found, found)
			}
		}
		if (errors.Unwrap(got) == nil) != (errors.Unwrap(want) == nil) {
			t.Errorf("Errorf(%q, %v): errors.Unwrap = %v, of fmt's %v", c.format, c.args, errors.Unwrap(got), errors.Unwrap(want))
		}
	}
}

func TestErrorfLetsAsFindATypeBelowTwoErrors(t *testing.T) {
	err := Errorf("%w: %w", errors.New("a"), Errorf("in: %w", kind("k")))
	var k kind
	if !errors.As(err, &k) || k != "k" {
		t.Errorf("errors.As found %q, want \"k\"", k)
	}
}

func TestErrorfOfANonErrorWrapsNothing(t *testing.T) {
	format := "%w" // a variable, because go vet rejects the constant
	err := Errorf(format, "text")
	if err.Error() != "%!w(?)" || errors.Unwrap(err) != nil {
		t.Errorf("Errorf(%%w, text) = %q with %v below", err, errors.Unwrap(err))
	}
}
