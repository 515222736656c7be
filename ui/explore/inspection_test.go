package explore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestMapsThatDoNotFitAreRefused(t *testing.T) {
	good := func() *Inspection {
		x, _ := (&fakeFolder{opener: &fakeOpener{}}).Inspect(context.Background(), "a b c")
		return x
	}
	if !good().fits() {
		t.Fatal("a good one is refused")
	}
	for name, spoil := range map[string]func(x *Inspection){
		"short map":    func(x *Inspection) { x.Attentions[0] = x.Attentions[0][1:] },
		"more labels":  func(x *Inspection) { x.Labels = append(x.Labels, "d") },
		"no expert":    func(x *Inspection) { x.Routing[0].Experts = 0 },
		"short gates":  func(x *Inspection) { x.Routing[0].Gates = nil },
		"short load":   func(x *Inspection) { x.Routing[0].Load = nil },
		"more choices": func(x *Inspection) { x.Routing[0].K = 2 },
	} {
		x := good()
		if spoil(x); x.fits() {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestTokensAreLabelledByTheirText(t *testing.T) {
	got, err := Labels("Wo 🙂 ist", []string{"<s>", "▁Wo", "▁", "▁🙂", "x", "y", "z"}, [][2]int{{0, 0}, {0, 2}, {2, 3}, {3, 5}, {5, 99}, {-1, 2}, {7, 4}})
	if want := []string{"<s>", "Wo", "␣", "🙂", "x", "y", "z"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; expected %q", got, err, want)
	}
	if _, err := Labels("a", []string{"a"}, nil); err == nil {
		t.Error("tokens without offsets are taken")
	}
}

func TestIDsAreReadOrRefused(t *testing.T) {
	if got, err := ParseIDs(" 0, 310\t3710\n2147483647"); err != nil || !slices.Equal(got, []int32{0, 310, 3710, 2147483647}) {
		t.Errorf("%v, %v", got, err)
	}
	for text, says := range map[string]string{"": "ids: none", " ,": "ids: none", "0 x 2": `ids: "x"`, "-1": `"-1"`, "+1": `"+1"`, "2147483648": `"2147483648"`, "1.5": `"1.5"`} {
		if _, err := ParseIDs(text); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "expected whole numbers") {
			t.Errorf("%q: %v, expected %q", text, err, says)
		}
	}
}

func FuzzParseIDs(f *testing.F) {
	f.Add("0, 310 2")
	f.Fuzz(func(t *testing.T, text string) {
		ids, err := ParseIDs(text)
		if (err == nil) != (len(ids) > 0) {
			t.Errorf("%v, %v", ids, err)
		}
		for _, id := range ids {
			if id < 0 || !strings.Contains(text, fmt.Sprint(id)) {
				t.Errorf("%d from %q", id, text)
			}
		}
	})
}
