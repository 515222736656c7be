package search

import (
	"errors"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
)

// Own text is kept only after the reader has agreed, and comes back with the next visit.
func TestOwnTextIsKeptIfTheReaderAgrees(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.start(embedded)
		b.AddText("a.txt", "Buy milk today.\n\nCall mum.")
		if b.host.Stored(keepName) != "" {
			t.Error("it is kept without a question")
		}
		b.SetKeep(true)
		b.AddText("b.csv", "1,fix the bike")
		kept := b.host.Stored(keepName)
		if want := "=a.txt\n-Buy milk today.\n-Call mum.\n=b.csv\n-1, fix the bike\n"; kept != want {
			t.Errorf("kept is %q, expected %q", kept, want)
		}

		next := newSearch(t, sample)
		next.host.Store(keepName, kept)
		next.start(embedded)
		v := next.until("all", func(v View) bool { return v.HasBundled && v.HasOwn })
		if !v.Keep || len(v.Sources) != 3 || v.Sources[0].Name != "a.txt" || v.Sources[0].Count != 2 || v.Sources[1].Name != "b.csv" {
			t.Errorf("sources %+v, keep %t", v.Sources, v.Keep)
		}
		next.Remove(v.Sources[0].ID)
		if kept := next.host.Stored(keepName); strings.Contains(kept, "milk") || !strings.Contains(kept, "bike") {
			t.Errorf("after a text was removed %q is kept", kept)
		}
		next.Clear()
		if v := next.View(); v.HasOwn || v.Keep || next.host.Stored(keepName) != "" {
			t.Errorf("after Clear: %+v, kept %q", v.Sources, next.host.Stored(keepName))
		}
	})
}

func TestABrowserThatKeepsNothingIsNamed(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.start(embedded)
		b.AddText("a.txt", "Buy milk today.")
		b.host.NoStore = errors.New("the quota has been exceeded")
		b.SetKeep(true)
		if v := b.View(); v.Keep || v.Notice == nil || !strings.Contains(v.Notice.Text, "quota") {
			t.Errorf("keep %t, notice %+v", v.Keep, v.Notice)
		}
	})
}

// FuzzRestore: whatever is kept, nothing panics and the limits hold.
func FuzzRestore(f *testing.F) {
	f.Add("=a\n-b\n-c\n=d\n")
	f.Add("-x\n==\n--\n")
	f.Fuzz(func(t *testing.T, text string) {
		hosttest.Run(t, func(t *testing.T) {
			b := newSearch(t, sample)
			b.host.Store(keepName, text)
			b.start(embedded)
			if v := b.View(); v.Sentences > MaxSentences {
				t.Error(v.Sentences)
			}
		})
	})
}
