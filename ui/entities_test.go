package ui

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
)

// fakeTagger marks words in capitals: PER, or what stands behind a colon in names. A word "wait" waits for the end of the context, "fail"
// fails once.
type fakeTagger struct {
	mu     sync.Mutex
	asked  []string
	ended  int // contexts that ended while it waited
	failed bool
	card   string
}

var capitals = regexp.MustCompile(`\p{Lu}[\p{L}\p{M}]+[.,]?`)

func (f *fakeTagger) Find(ctx context.Context, texts []string) (all [][]Entity, err error) {
	f.mu.Lock()
	f.asked = append(f.asked, texts...)
	f.mu.Unlock()
	for _, text := range texts {
		found, err := f.find(ctx, text)
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	return all, nil
}

func (f *fakeTagger) find(ctx context.Context, text string) ([]Entity, error) {
	switch {
	case strings.Contains(text, "wait"):
		<-ctx.Done()
		f.mu.Lock()
		f.ended++
		f.mu.Unlock()
		return []Entity{{"PER", 0, 4, 1}}, nil // in spite of all, it has an answer
	case strings.Contains(text, "panic"):
		panic("a fault")
	case strings.Contains(text, "fail"):
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.failed {
			f.failed = true
			return nil, &EngineError{"engine_crashed", "the <worker> failed"}
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

func (f *fakeTagger) Card(context.Context) (string, error) { return f.card, nil }

func (f *fakeTagger) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// newEntities is a view whose model is here, if it is to be.
func newEntities(t *testing.T, here bool) (*Entities, *fakeTagger, *heard) {
	t.Helper()
	f, h := &fakeTagger{}, &heard{}
	x := NewEntities(NewOnDemand("tagger", "tagger-magneto-en", "the tagger", &fakeLoader{size: 7_800_000}, Options{Announce: h.say}), f, Options{Announce: h.say})
	x.rest = time.Millisecond
	if here {
		x.Model.Load()
		within(t, "the model", x.Model.Ready)
	}
	return x, f, h
}

// shown writes a view's marks into its text: "[PER Ada] lives".
func shown(v EntitiesView) string {
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

func marks(x *Entities, want string) func() bool {
	return func() bool { v := x.View(); return !v.Working && shown(v) == want }
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
			x, _, _ := newEntities(t, true)
			x.SetText(c[0])
			within(t, c[1], marks(x, c[1]))
			v := x.View()
			var text strings.Builder
			for _, r := range v.Marked {
				text.WriteString(r.Text)
			}
			if text.String() != v.Text {
				t.Errorf("the runs are %q, the text is %q", text.String(), v.Text)
			}
		})
	}
}

func TestWhatWasFoundIsListedCountedAndSaid(t *testing.T) {
	x, _, h := newEntities(t, true)
	x.SetText("Ada in Rom und Berlin bei Siemens, das ist gut")
	within(t, "the marks", marks(x, "[PER Ada] in [LOC Rom] und [LOC Berlin] bei [ORG Siemens], das ist gut"))
	within(t, "the announcement", func() bool { return h.last() == "Found: 1 person, 2 places, 1 organisation." })
	v := x.View()
	if !regexp.MustCompile(`^4 entities in 1 sentence, read in `).MatchString(v.Status) || v.Lang != "de" {
		t.Errorf("%q, %q", v.Status, v.Lang)
	}
	page := render(t, &EntitiesPane{Entities: x})
	contains(t, page, "persons 1", "places 2", "organisations 1", `<td lang="de">Siemens</td>`, "organisation", "almost sure, 97\u00A0%", `aria-busy="false"`, "./models/tagger-magneto-en/MODEL_CARD.md")
	x.SetText(strings.Repeat("Ada und ", MaxFound+2))
	within(t, "many", func() bool {
		v := x.View()
		return len(v.Found) == MaxFound && v.More == "2 others are marked in the text."
	})
	x.SetText("so ist es")
	within(t, "nothing", func() bool { return h.last() == "Nothing found." })
	x.SetText("Ada")
	x.Clear()
	if v := x.View(); v.Text != "" || v.Status != "" || len(v.Marked) > 0 || len(v.Found) > 0 || v.Working {
		t.Errorf("after Clear: %+v", v)
	}
}

func TestMarksStayWithTheirWordsWhileOneTypes(t *testing.T) {
	x, f, _ := newEntities(t, true)
	x.SetText("Ada und Jörg in Rom")
	within(t, "the marks", marks(x, "[PER Ada] und [PER Jörg] in [LOC Rom]"))
	x.rest = time.Hour
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
		if v := x.View(); shown(v) != c[1] || !v.Working {
			t.Errorf("%q, expected %q; working: %t", shown(v), c[1], v.Working)
		}
	}
	if n := len(f.calls()); n != 1 {
		t.Errorf("asked %d times, expected 1: the typing did not rest", n)
	}
}

func TestTheNewestTextWins(t *testing.T) {
	x, f, _ := newEntities(t, true)
	x.SetText("Ada wait")
	within(t, "the work", func() bool { return len(f.calls()) == 1 })
	x.SetText("Rom und Ada")
	within(t, "the newest", marks(x, "[LOC Rom] und [PER Ada]"))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended != 1 || len(f.asked) != 2 {
		t.Errorf("%d runs were ended, asked for %q", f.ended, f.asked)
	}
}

func TestATextIsReadWhenTheTaggerIsHere(t *testing.T) {
	x, f, _ := newEntities(t, false)
	x.Open(ParseAddress("#/entities"))
	within(t, "the size", func() bool { return x.Model.View().Verb == "Load the tagger, 7.8 MB" })
	x.Try("Ada und Rom")
	if v := x.View(); len(f.calls()) > 0 || v.Working || shown(v) != "Ada und Rom" || v.Status != "It is read as soon as the tagger is here." {
		t.Fatalf("before the model: %q, %+v", f.calls(), v)
	}
	x.Model.Load()
	within(t, "the marks", marks(x, "[PER Ada] und [LOC Rom]"))
}

func TestAReadingThatFailsIsSaidAndTriedAgain(t *testing.T) {
	for _, word := range []string{"fail", "panic"} {
		x, _, h := newEntities(t, true)
		x.SetText("Ada " + word)
		within(t, "a failure", func() bool { v := x.View(); return v.Failure != nil && !v.Working })
		contains(t, render(t, &EntitiesPane{Entities: x}), "The text could not be read", ">Try again<")
		within(t, "the announcement", func() bool { return strings.HasPrefix(h.last(), "The text could not be read. ") })
		if word == "fail" {
			contains(t, render(t, &EntitiesPane{Entities: x}), "the &lt;worker&gt; failed", "engine_crashed")
			x.Go()
			within(t, "the second time", marks(x, "[PER Ada] fail"))
		} else {
			x.SetText("Ada") // or the text is changed
			within(t, "the other text", marks(x, "[PER Ada]"))
		}
		if x.View().Failure != nil {
			t.Error("the failure stays")
		}
	}
}

// Whatever a model says, what is marked is a part of the text, in order.
func TestMarksOfABrokenAnswerAreLeftOut(t *testing.T) {
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
		if got := shown(EntitiesView{Marked: runs(text, marksOf(text, c.found))}); got != c.want {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
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

func TestHowSureIsSaidInWords(t *testing.T) {
	for score, want := range map[float64]string{1: "almost sure, 99\u00A0%", 0.95: "almost sure, 95\u00A0%", 0.81: "fairly sure, 81\u00A0%", 0.6: "not sure, 60\u00A0%", 0.2: "a guess, 20\u00A0%", -1: "a guess, 0\u00A0%"} {
		if got := sure(score); got != want {
			t.Errorf("%g: %q, expected %q", score, got, want)
		}
	}
}

func TestALabelThatNobodyKnowsIsItsOwnWord(t *testing.T) {
	all := tallies([]mark{{label: "MISC"}, {label: "LOC"}, {label: "MISC"}})
	if n := len(all); n != 4 || all[3] != (Tally{"MISC", "MISC", "MISC", 2}) || all[1].N != 1 {
		t.Errorf("%+v", all)
	}
}

// What the view says of its model is what the card of the model that ships says.
func TestTheScoresOfATaggerAreThoseOfItsCard(t *testing.T) {
	cards, err := filepath.Glob("../weights/tagger-*/MODEL_CARD.md")
	if err != nil || len(cards) == 0 {
		t.Fatalf("no tagger ships: %v", err)
	}
	for _, path := range cards {
		card, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if s := tagScores(string(card)); !regexp.MustCompile(`^F1 \d+\.\d on [^,]*English[^,]*, \d+\.\d on [^,]*German[^,]*\. $`).MatchString(s) {
			t.Errorf("out of %s: %q", path, s)
		}
	}
	x, f, _ := newEntities(t, false)
	f.card = "| German | 3 |\n\n| | F1 | precision |\n|---|---|---|\n| X English, dev | 1.5 | 2 |\n| X English, test | **2.5** | 2 |\n| Y German | 3.5 |1|\n"
	x.Open(Address{})
	within(t, "the scores", func() bool { return x.View().Scores != "" })
	contains(t, render(t, &EntitiesPane{Entities: x}), "F1 2.5 on X English, 3.5 on Y German. </span>Its")
	for _, card := range []string{"", "| F1 |", "| English | 3 |", "| F1 |\n| English | <b> |\n| German |"} {
		if s := tagScores(card); s != "" {
			t.Errorf("out of %q: %q", card, s)
		}
	}
}
