package entities

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// fakeTagger tags words that begin with a capital: LOC and ORG for some, PER for others. A call takes 10 ms. The word "wait" waits for
// the end of the context, "fail" fails once, "panic" panics.
type fakeTagger struct {
	mu     sync.Mutex
	asked  []string
	ended  int // contexts that ended during "wait"
	failed bool
}

var capitals = regexp.MustCompile(`\p{Lu}[\p{L}\p{M}]+[.,]?`)

func (f *fakeTagger) Tag(ctx context.Context, texts []string) (all [][]Entity, err error) {
	f.mu.Lock()
	f.asked = append(f.asked, texts...)
	f.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	for _, text := range texts {
		found, err := f.tag(ctx, text)
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, nil
}

func (f *fakeTagger) tag(ctx context.Context, text string) ([]Entity, error) {
	switch {
	case strings.Contains(text, "wait"):
		<-ctx.Done()
		f.mu.Lock()
		f.ended++
		f.mu.Unlock()
		return []Entity{{"PER", 0, 4, 1}}, nil // it answers although it was cancelled
	case strings.Contains(text, "panic"):
		panic("a fault")
	case strings.Contains(text, "fail"):
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.failed {
			f.failed = true
			return nil, &host.EngineError{Code: "engine_crashed", Message: "the worker failed"}
		}
	}
	var found []Entity
	for _, at := range capitals.FindAllStringIndex(text, -1) {
		units := func(n int) int { return len(utf16.Encode([]rune(text[:n]))) }
		label := map[string]string{"Rom": "LOC", "Berlin": "LOC", "Siemens": "ORG"}[strings.Trim(text[at[0]:at[1]], ".,")]
		if label == "" {
			label = "PER"
		}
		found = append(found, Entity{label, units(at[0]), units(at[1]), 0.97})
	}
	return found, nil
}

func (f *fakeTagger) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// run runs a test with a view whose model is loaded, if it is to be.
func run(t *testing.T, loaded bool, f func(t *testing.T, x *Entities, e *fakeTagger, h *hosttest.Host)) {
	t.Helper()
	hosttest.Run(t, func(t *testing.T) {
		h, e := &hosttest.Host{}, &fakeTagger{}
		x := New(h, host.NewModel(h, &hosttest.Loader{Bytes: 7_800_000}, "tagger", "tagger-magneto-en", "the tagger"), e)
		if loaded {
			x.Model.Load()
			hosttest.Rest()
		}
		f(t, x, e, h)
	})
}

// typed types a text and lets the keyboard rest.
func typed(x *Entities, text string) View {
	x.SetText(text)
	time.Sleep(time.Second)
	hosttest.Rest()
	return x.View()
}

// shown writes the marks of a view into its text: "[PER Ada] lives".
func shown(v View) string {
	var b strings.Builder
	for _, r := range v.Marked {
		if r.Label == "" {
			b.WriteString(r.Text)
		} else {
			fmt.Fprintf(&b, "[%s %s]", r.Label, r.Text)
		}
	}
	return b.String()
}

func TestNamesAreMarkedWhereTheyStand(t *testing.T) {
	for name, c := range map[string][2]string{
		"umlauts":           {"ja, Jörg grüßt Äneas", "ja, [PER Jörg] grüßt [PER Äneas]"},
		"emoji":             {"👩‍🚀🇩🇪 Ada 🙂, Rom", "👩‍🚀🇩🇪 [PER Ada] 🙂, [LOC Rom]"},
		"combining marks":   {"e\u0301 Andre\u0301 Rom.", "e\u0301 [PER Andre\u0301] [LOC Rom]."},
		"Windows line ends": {"so\r\nAda,\r\n\r\nRom", "so\n[PER Ada],\n\n[LOC Rom]"},
		"no names":          {"so ist es", "so ist es"},
		"broken letters":    {"so\xffAda", "so\uFFFD[PER Ada]"},
		"a stray \\r":       {"so\rAda", "so\r[PER Ada]"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, true, func(t *testing.T, x *Entities, e *fakeTagger, h *hosttest.Host) {
				v := typed(x, c[0])
				if got := shown(v); got != c[1] || v.Working {
					t.Errorf("%q, expected %q", got, c[1])
				}
				var text strings.Builder
				for _, r := range v.Marked {
					text.WriteString(r.Text)
				}
				if text.String() != v.Text {
					t.Errorf("the runs are %q, the text is %q", text.String(), v.Text)
				}
			})
		})
	}
}

func TestWhatWasFoundIsListedCountedAndSaid(t *testing.T) {
	run(t, true, func(t *testing.T, x *Entities, e *fakeTagger, h *hosttest.Host) {
		v := typed(x, "Ada in Rom und Berlin bei Siemens, das ist gut")
		if got := shown(v); got != "[PER Ada] in [LOC Rom] und [LOC Berlin] bei [ORG Siemens], das ist gut" {
			t.Errorf("%q", got)
		}
		if h.LastSaid() != "Found: 1 person, 2 places, 1 organisation." {
			t.Errorf("said %q", h.LastSaid())
		}
		if v.Status != "4 entities in 1 sentence, tagged in 10 ms" || v.Lang != "de" {
			t.Errorf("%q, %q", v.Status, v.Lang)
		}
		if want := (Row{"Siemens", "ORG", "organisation", "almost sure, 97\u00A0%"}); v.Found[3] != want {
			t.Errorf("%+v, expected %+v", v.Found[3], want)
		}
		if want := []Tally{{"PER", "person", "persons", 1}, {"LOC", "place", "places", 2}, {"ORG", "organisation", "organisations", 1}}; !slices.Equal(v.Tallies, want) {
			t.Errorf("%+v, expected %+v", v.Tallies, want)
		}
		if v := typed(x, strings.Repeat("Ada und ", MaxFound+2)); len(v.Found) != MaxFound || v.More != "2 others are marked in the text." {
			t.Errorf("%d listed, %q", len(v.Found), v.More)
		}
		if typed(x, "so ist es"); h.LastSaid() != "Nothing found." {
			t.Errorf("said %q", h.LastSaid())
		}
		x.SetText("Ada")
		x.Clear()
		if v := x.View(); v.Text != "" || v.Status != "" || len(v.Marked) > 0 || len(v.Found) > 0 || v.Working || h.Focused() != "entities-text" {
			t.Errorf("after Clear: %+v, the focus is at %q", v, h.Focused())
		}
	})
}

func TestMarksStayWithTheirWordsDuringTyping(t *testing.T) {
	run(t, true, func(t *testing.T, x *Entities, e *fakeTagger, h *hosttest.Host) {
		typed(x, "Ada und Jörg in Rom")
		for _, c := range [][2]string{
			{"Ada und Jörg in Rom oder", "[PER Ada] und [PER Jörg] in [LOC Rom] oder"},
			{"äh Ada und Jörg in Rom oder", "äh [PER Ada] und [PER Jörg] in [LOC Rom] oder"},
			{"äh Ada und Jürg in Rom oder", "äh [PER Ada] und Jürg in [LOC Rom] oder"},
			{"äh Ada in Rom oder", "äh [PER Ada] in [LOC Rom] oder"},
			{"äh Adda in Rom oder", "äh Adda in [LOC Rom] oder"},
			{"Rom oder", "[LOC Rom] oder"},
			{"so", "so"},
		} {
			x.SetText(c[0])
			time.Sleep(typingRests - time.Millisecond)
			if v := x.View(); shown(v) != c[1] || !v.Working {
				t.Errorf("%q, expected %q; working: %t", shown(v), c[1], v.Working)
			}
		}
		if n := len(e.calls()); n != 1 {
			t.Errorf("asked %d times, expected 1: the typing did not rest", n)
		}
	})
}

func TestOnlyNewSentencesAreTagged(t *testing.T) {
	run(t, true, func(t *testing.T, x *Entities, e *fakeTagger, h *hosttest.Host) {
		typed(x, "Ada lebt. Jörg lebt. Ada lebt.")
		v := typed(x, "Ada lebt. Rom lebt.")
		if want := []string{"Ada lebt.", "Jörg lebt.", "Rom lebt."}; !slices.Equal(e.calls(), want) || shown(v) != "[PER Ada] lebt. [LOC Rom] lebt." {
			t.Errorf("asked for %q, expected %q; %q", e.calls(), want, shown(v))
		}
	})
}

func TestTheNewestTextWins(t *testing.T) {
	run(t, true, func(t *testing.T, x *Entities, e *fakeTagger, h *hosttest.Host) {
		typed(x, "Ada wait")
		if v := typed(x, "Rom und Ada"); shown(v) != "[LOC Rom] und [PER Ada]" || v.Working {
			t.Errorf("%q", shown(v))
		}
		if e.ended != 1 || len(e.calls()) != 2 {
			t.Errorf("%d calls were cancelled, asked for %q", e.ended, e.calls())
		}
	})
}

func TestATextIsTaggedWhenTheModelIsReady(t *testing.T) {
	run(t, false, func(t *testing.T, x *Entities, e *fakeTagger, h *hosttest.Host) {
		x.Open(route.Parse("#/entities"))
		hosttest.Rest()
		if verb := x.Model.View().Verb; verb != "Load the tagger, 7.8 MB" {
			t.Errorf("the model's button says %q", verb)
		}
		x.Try("Ada und Rom")
		if v := x.View(); len(e.calls()) > 0 || v.Working || shown(v) != "Ada und Rom" || v.Status != "Names are marked as soon as the tagger is ready." {
			t.Fatalf("before the model: %q, %+v", e.calls(), v)
		}
		x.Model.Load()
		time.Sleep(time.Second)
		if v := x.View(); shown(v) != "[PER Ada] und [LOC Rom]" {
			t.Errorf("%q", shown(v))
		}
	})
}

func TestATaggingThatFailsIsSaidAndRetried(t *testing.T) {
	for _, word := range []string{"fail", "panic"} {
		run(t, true, func(t *testing.T, x *Entities, e *fakeTagger, h *hosttest.Host) {
			v := typed(x, "Ada "+word)
			if v.Failure == nil || v.Working || v.Failure.Title != "The text could not be tagged" || h.LastSaid() != v.Failure.Sentence() {
				t.Fatalf("%s: %+v, said %q", word, v, h.LastSaid())
			}
			want := "[PER Ada] fail"
			if word == "fail" {
				x.Go()
				time.Sleep(time.Second)
			} else {
				want = "[PER Ada]"
				typed(x, "Ada") // another text
			}
			if v := x.View(); shown(v) != want || v.Failure != nil {
				t.Errorf("%s: then %q, %+v", word, shown(v), v.Failure)
			}
		})
	}
}

// Whatever a model answers, the marks are parts of the text, in order.
func TestMarksOfABrokenAnswerAreSkipped(t *testing.T) {
	const text = "Ada 🙂 Rom."
	for name, c := range map[string]struct {
		found []Entity
		want  string
	}{
		"all in order":       {[]Entity{{"PER", 0, 3, 1}, {"LOC", 7, 10, 1}}, "[PER Ada] 🙂 [LOC Rom]."},
		"overlapping":        {[]Entity{{"PER", 0, 3, 1}, {"LOC", 2, 10, 1}}, "[PER Ada] 🙂 Rom."},
		"out of order":       {[]Entity{{"LOC", 7, 10, 1}, {"PER", 0, 3, 1}}, "Ada 🙂 [LOC Rom]."},
		"outside":            {[]Entity{{"PER", -1, 3, 1}, {"LOC", 7, 12, 1}}, text},
		"empty and backward": {[]Entity{{"PER", 3, 3, 1}, {"LOC", 7, 4, 1}}, text},
		"half an emoji":      {[]Entity{{"PER", 5, 10, 1}, {"LOC", 7, 10, 1}}, "Ada 🙂 [LOC Rom]."},
		"only punctuation":   {[]Entity{{"PER", 10, 11, 1}}, text},
		"its point":          {[]Entity{{"LOC", 6, 11, 1}}, "Ada 🙂 [LOC Rom]."},
	} {
		if got := shown(View{Marked: runs(text, marksOf(text, c.found))}); got != c.want {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
}

func FuzzMarks(f *testing.F) {
	f.Add("Ada 🙂 Rom.", 0, 3, 7, 10)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		at := 0
		for _, m := range marksOf(text, []Entity{{"PER", a, b, 1}, {"LOC", c, d, 1}}) {
			if m.start < at || m.end <= m.start || m.end > len(text) {
				t.Fatalf("a mark from %d to %d after %d in %d bytes", m.start, m.end, at, len(text))
			}
			at = m.end
		}
	})
}

func TestWhatIsNoWordAtTheEndsOfANameIsNotMarked(t *testing.T) {
	for text, want := range map[string]string{
		"(Berlin),": "Berlin", "„Siemens“.": "Siemens", "Berlin’s": "Berlin", "Merkel's.": "Merkel", "U.S.": "U.S.", "the U.S.,": "the U.S.",
		"U.S.A Inc.": "U.S.A Inc", "CERN...": "CERN", "St. Gallen": "St. Gallen", "Berners-Lee": "Berners-Lee", "...": "", "”": "",
		"🙂": "", "❤️": "", "🙂Ada!": "Ada", "Andre\u0301,": "Andre\u0301", "U2": "U2",
	} {
		m := mark{end: len(text)}.trim(text)
		if got := text[m.start:m.end]; got != want {
			t.Errorf("of %q %q is marked, expected %q", text, got, want)
		}
	}
}

func TestScoresAreWorded(t *testing.T) {
	for score, want := range map[float64]string{1: "almost sure, 99\u00A0%", 0.95: "almost sure, 95\u00A0%", 0.81: "fairly sure, 81\u00A0%", 0.6: "not sure, 60\u00A0%", 0.2: "a guess, 20\u00A0%", -1: "a guess, 0\u00A0%"} {
		if got := sure(score); got != want {
			t.Errorf("%g: %q, expected %q", score, got, want)
		}
	}
}

func TestAnUnknownLabelIsItsOwnWord(t *testing.T) {
	all := tallies([]mark{{label: "MISC"}, {label: "LOC"}, {label: "MISC"}})
	if n := len(all); n != 4 || all[3] != (Tally{"MISC", "MISC", "MISC", 2}) || all[1].N != 1 {
		t.Errorf("%+v", all)
	}
}

// The view quotes the card of the model that ships.
func TestTheScoresAreThoseOfTheCard(t *testing.T) {
	cards, err := filepath.Glob("../../weights/tagger-*/MODEL_CARD.md")
	if err != nil || len(cards) == 0 {
		t.Fatalf("no tagger ships: %v", err)
	}
	for _, path := range cards {
		card, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if s := scores(string(card)); !regexp.MustCompile(`^F1 \d+\.\d on [^,]*English[^,]*, \d+\.\d on [^,]*German[^,]*\. $`).MatchString(s) {
			t.Errorf("from %s: %q", path, s)
		}
	}
	const card = "| German | 3 |\n\n| | F1 | precision |\n|---|---|---|\n| X English, dev | 1.5 | 2 |\n| X English, test | **2.5** | 2 |\n| Y German | 3.5 |1|\n"
	if s := scores(card); s != "F1 2.5 on X English, 3.5 on Y German. " {
		t.Errorf("%q", s)
	}
	for _, card := range []string{"", "| F1 |", "| English | 3 |", "| F1 |\n| English | <b> |\n| German |"} {
		if s := scores(card); s != "" {
			t.Errorf("from %q: %q", card, s)
		}
	}
}

func FuzzScores(f *testing.F) {
	f.Add("| F1 |\n| X English | 2.5 | 2 |\n")
	f.Fuzz(func(t *testing.T, card string) {
		if s := scores(card); s != "" && !strings.HasPrefix(s, "F1 ") {
			t.Errorf("%q", s)
		}
	})
}
