package search

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
)

func file(name, content string) host.File {
	return host.File{Name: name, Size: int64(len(content)), Read: func() ([]byte, error) { return []byte(content), nil }}
}

func TestOwnTextIsAddedFoundAndRemoved(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.start(embedded)
		b.host.Chosen = []host.File{file("notes.txt", "Ferry leaves at noon. Ferry leaves at noon. Der Kuchen ist fertig!")}
		b.PickFiles()
		b.SetText("Ferry leaves at noon")
		v := b.until("found", func(v View) bool { return answered(v) && len(v.Results) == 6 })
		if r := v.Results[0]; r.Text != "Ferry leaves at noon." || r.From != "notes.txt" {
			t.Errorf("first result %+v", r)
		}
		if len(v.Sources) != 2 || v.Sources[1].Count != 2 || v.Sources[1].Bundled {
			t.Errorf("sources %+v; a repeated sentence counts once", v.Sources)
		}
		b.Remove(v.Sources[0].ID) // the sample sentences, which come first
		if b.host.Focused() != "sources" || b.host.LastSaid() != "Sample sentences removed." {
			t.Errorf("the focus is at %q, said %q", b.host.Focused(), b.host.LastSaid())
		}
		v = b.until("two are left", func(v View) bool { return v.Sentences == 2 && len(v.Results) == 2 })
		if v.Results[0].Text != "Ferry leaves at noon." || v.HasBundled {
			t.Errorf("after the removal: %+v", v.Results)
		}
		b.until("a map of two", func(View) bool { return len(b.Picture().Dots) == 2 })
		b.RestoreCollection()
		v = b.until("restored", func(v View) bool { return embedded(v) && v.HasBundled && v.Sentences == 6 })
		b.Remove(v.Sources[0].ID)
		b.Remove(v.Sources[1].ID)
		b.Remove(12345) // nothing
		v = b.until("empty", func(v View) bool { return v.Sentences == 0 && len(v.Results) == 0 })
		if len(v.Sources) != 0 {
			t.Errorf("sources %+v", v.Sources)
		}
	})
}

func TestADraftStaysUntilItIsAdded(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.start(embedded)
		b.SetDraft("12 34")
		b.AddDraft()
		if v := b.View(); v.Draft != "12 34" || v.Notice == nil || v.Notice.Code != "no_sentence" {
			t.Errorf("a refused draft: %q, notice %+v", v.Draft, v.Notice)
		}
		b.SetDraft("A good sentence.")
		b.AddDraft()
		if v := b.View(); v.Draft != "" || v.Notice != nil || v.Sources[1].Name != "“A good sentence.”" {
			t.Errorf("an added draft: %q, notice %+v, sources %+v", v.Draft, v.Notice, v.Sources)
		}
	})
}

// A removal during a call must not assign the answer to other sentences.
func TestRemovalWhileEmbedding(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newSearch(t, sample)
		b.engine.before = func(context.Context, []string) error {
			<-release
			return nil
		}
		b.start(func(v View) bool { return v.Embedding })
		if err := b.AddText("mine", "A lonely sentence."); err != nil {
			t.Fatal(err)
		}
		b.Remove(b.View().Sources[0].ID)
		close(release)
		b.SetText("A lonely sentence")
		v := b.until("only mine", func(v View) bool { return answered(v) && len(v.Results) == 1 })
		if v.Results[0].Score != "1.00" {
			t.Errorf("the vector of another sentence: %+v", v.Results[0])
		}
	})
}

// Of a text with more sentences than there is room for the beginning is taken, and the reader is told.
func TestALargeTextIsTakenAsFarAsThereIsRoom(t *testing.T) {
	var many strings.Builder
	for i := range MaxSentences + 1 {
		fmt.Fprintf(&many, "Line number %d.\n\n", i)
	}
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.start(embedded)
		b.AddFiles([]host.File{file("x.txt", many.String())})
		v := b.until("a notice", func(v View) bool { return v.Notice != nil })
		if v.Notice.Code != "full" || !strings.Contains(v.Notice.Text, "The last 5 sentences are left out") || v.Sentences != MaxSentences {
			t.Errorf("notice %+v, %d sentences", v.Notice, v.Sentences)
		}
		b.AddFiles([]host.File{file("y.txt", "One more.")})
		v = b.until("a refusal", func(v View) bool { return v.Notice != nil && strings.Contains(v.Notice.Text, "remove a text first") })
		if v.Sentences != MaxSentences {
			t.Errorf("%d sentences", v.Sentences)
		}
	})
}

func TestTextThatIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		file host.File
		code string
		says string
	}{
		{"empty", file("x.txt", ""), "no_sentence", "no sentence in 0 B of text"},
		{"no word", file("x.txt", "1 2 3 --- !!"), "no_sentence", "type or paste at least one word"},
		{"too long", file("x.txt", strings.Repeat("long text ", MaxTextBytes/10+1)), "text_too_long", "x.txt: text too long: got 4.2 MB, allowed are 4.2 MB; add a part of it"},
		{"too long when read", host.File{Name: "x.txt", Read: func() ([]byte, error) { return make([]byte, MaxTextBytes+1), nil }}, "text_too_long", "text too long"},
		{"binary", file("x.txt", "PK\x03\x04\x00\x00"), "not_text", "x.txt: not text: a zero byte at position 4"},
		{"Latin-1", file("x.txt", "caf\xe9"), "not_text", "byte 3 (0xe9) is not UTF-8"},
		{"odd UTF-16", file("x.txt", "\xff\xfea"), "not_text", "odd number of bytes"},
		{"unreadable", host.File{Name: "x.txt", Read: func() ([]byte, error) { return nil, errors.New("gone") }}, "internal", "x.txt could not be read (gone); choose it again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			hosttest.Run(t, func(t *testing.T) {
				b := newSearch(t, sample)
				b.start(embedded)
				b.AddFiles([]host.File{c.file})
				v := b.until("a notice", func(v View) bool { return v.Notice != nil })
				if v.Notice.Code != c.code || !strings.Contains(v.Notice.Text, c.says) || v.Sentences != 4 || v.Failure != nil {
					t.Errorf("notice %+v, %d sentences, failure %+v", v.Notice, v.Sentences, v.Failure)
				}
			})
		})
	}
}

func TestOnlyTheFirstFilesOfManyAreAdded(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		b := newSearch(t, sample)
		b.start(embedded)
		var files []host.File
		for i := range MaxFiles + 3 {
			files = append(files, file(fmt.Sprintf("%d.txt", i), fmt.Sprintf("This is file %d.", i)))
		}
		b.AddFiles(files)
		if v := b.until("the files", embedded); len(v.Sources) != 1+MaxFiles {
			t.Errorf("%d sources, expected the sample sentences and %d files", len(v.Sources), MaxFiles)
		}
	})
}

func TestDecodeText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Grüße", "Grüße"}, {"\xef\xbb\xbfGrüße", "Grüße"},
		{"\xff\xfeG\x00r\x00\xfc\x00", "Grü"}, {"\xfe\xff\x00G\x00r\x00\xfc", "Grü"}, {"", ""},
	} {
		if got, err := DecodeText([]byte(c.in)); got != c.want || err != nil {
			t.Errorf("DecodeText(%q) = %q, %v; expected %q", c.in, got, err, c.want)
		}
	}
}

func FuzzDecodeText(f *testing.F) {
	for _, s := range []string{"Grüße", "\xef\xbb\xbfa", "\xff\xfeG\x00", "\xfe\xff\x00G", "\xff\xfe\x00\xd8", "caf\xe9"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := DecodeText(b)
		if err != nil && !errors.Is(err, ErrNotText) && !errors.Is(err, ErrTextTooLong) {
			t.Errorf("an error of no kind: %v", err)
		}
		if strings.ToValidUTF8(text, "?") != text {
			t.Errorf("%q is not UTF-8", text)
		}
	})
}

func ExampleParseCollection() {
	entries, err := ParseCollection("# group, topic, language, sentence\n7\tweather\tde\tEs regnet.\n")
	fmt.Println(entries[0].Group, entries[0].Topic, entries[0].Lang, entries[0].Text, err)
	// Output: 7 weather de Es regnet. <nil>
}

func TestCollectionsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ name, tsv, want string }{
		{"empty", "", "no sentence"},
		{"comments only", "# a\n\n", "no sentence"},
		{"HTML", "<!doctype html>\n<html>\n", "line 1: got 1 fields"},
		{"three fields", "1\ta\ten\n", "line 1: got 3 fields"},
		{"group no number", "x\ta\ten\tHello\n", `group "x"`},
		{"group zero", "0\ta\ten\tHello\n", `group "0"`},
		{"no topic", "1\t\ten\tHello\n", "topic is empty"},
		{"language", "1\ta\tit\tCiao\n", `language "it"`},
		{"empty sentence", "1\ta\ten\t \n", "0 bytes"},
		{"long sentence", "1\ta\ten\t" + strings.Repeat("x", 2001) + "\n", "2001 bytes"},
		{"twice", "1\ta\ten\tHello\n2\ta\ten\tHello \n", "line 2: the same sentence as line 1"},
		{"not UTF-8", "1\ta\ten\t\xff\n", "not UTF-8"},
		{"too many", strings.Repeat("#\n", 5000) + "1\ta\ten\tHello\n", "more than 5000 lines"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ParseCollection(c.tsv); !errors.Is(err, ErrCollection) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, expected kind ErrCollection with %q", err, c.want)
			}
		})
	}
}

func FuzzParseCollection(f *testing.F) {
	f.Add(sample)
	f.Add("# x\n1\ta\ten\t\xff\n")
	f.Fuzz(func(t *testing.T, tsv string) {
		entries, err := ParseCollection(tsv)
		if (err == nil) != (len(entries) > 0) || err != nil && !errors.Is(err, ErrCollection) {
			t.Errorf("%d entries, error %v", len(entries), err)
		}
	})
}

// Every sample sentence has a version in each of the three languages.
func TestTheSampleSentences(t *testing.T) {
	b, err := os.ReadFile("../../web/demo/collection.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 60_000 {
		t.Errorf("%d bytes, the page's budget for the collection is 60,000", len(b))
	}
	entries, err := ParseCollection(string(b))
	if err != nil {
		t.Fatal(err)
	}
	langs, topics := map[int]string{}, map[string]int{}
	for _, e := range entries {
		langs[e.Group] += e.Lang
		topics[e.Topic]++
	}
	for g, l := range langs {
		if l != "endefr" {
			t.Errorf("group %d has languages %q, expected en, de, fr", g, l)
		}
	}
	if len(langs) != 80 || len(topics) != 10 {
		t.Errorf("%d groups and %d topics; COLLECTION.md says 80 and 10", len(langs), len(topics))
	}
}
