package ui

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeTranslator writes a sentence in capitals, word by word. A word "wait" waits for the end of the context, "fail" fails.
type fakeTranslator struct {
	mu     sync.Mutex
	asked  []string
	failed bool // "fail" fails no more
	copied string
	noCopy error
	card   string
}

func (f *fakeTranslator) Translate(ctx context.Context, text, from, to string, piece func(string)) (Generated, error) {
	f.mu.Lock()
	f.asked = append(f.asked, from+to+" "+text)
	f.mu.Unlock()
	var all string
	for i, w := range strings.Fields(text) {
		if i > 0 {
			w = " " + w
		}
		switch strings.Trim(w, " .") {
		case "wait":
			<-ctx.Done()
			piece(" late")
			return Generated{}, &EngineError{"aborted", "the call was aborted"}
		case "panic":
			panic("a fault")
		case "fail":
			f.mu.Lock()
			defer f.mu.Unlock()
			if !f.failed {
				f.failed = true
				return Generated{}, &EngineError{"engine_crashed", "the <worker> failed"}
			}
		}
		piece(strings.ToUpper(w))
		all += strings.ToUpper(w)
	}
	return Generated{Text: all, Tokens: len(strings.Fields(text)), Took: 10 * time.Millisecond}, nil
}

func (f *fakeTranslator) Copy(text string) error {
	f.copied = text
	return f.noCopy
}

func (f *fakeTranslator) Card(context.Context) (string, error) { return f.card, nil }

func (f *fakeTranslator) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// newTranslation is a view whose model is here, if it is to be.
func newTranslation(t *testing.T, here bool) (*Translation, *fakeTranslator, *heard) {
	t.Helper()
	f, h := &fakeTranslator{}, &heard{}
	x := NewTranslation(newDemand(&fakeLoader{size: 12_700_000}, h), f, Options{Announce: h.say})
	x.rest = time.Millisecond
	if here {
		x.Model.Load()
		within(t, "the model", x.Model.Ready)
	}
	return x, f, h
}

func translated(x *Translation, want string) func() bool {
	return func() bool { v := x.View(); return !v.Working && v.Output == want }
}

func TestATextIsTranslatedSentenceBySentence(t *testing.T) {
	x, f, h := newTranslation(t, true)
	x.SetText("Eins eins. Zwei zwei!\n\n- drei\n- 4\n\nEins eins.")
	within(t, "the translation", translated(x, "EINS EINS. ZWEI ZWEI!\n\n- DREI\n- 4\n\nEINS EINS."))
	if got, want := f.calls(), []string{"deen Eins eins.", "deen Zwei zwei!", "deen drei"}; !slices.Equal(got, want) {
		t.Errorf("asked for %q, expected %q", got, want)
	}
	if v := x.View(); v.Status != "4 sentences, 5 tokens in 30 ms" || !v.Any || v.Waiting {
		t.Errorf("%+v", v)
	}
	within(t, "the announcement", func() bool { return h.last() == x.View().Output })
	// What changes is translated, and nothing else.
	x.SetText("Eins eins. Zwei acht!\n\n- drei")
	within(t, "the change", translated(x, "EINS EINS. ZWEI ACHT!\n\n- DREI"))
	if got := f.calls()[3:]; !slices.Equal(got, []string{"deen Zwei acht!"}) {
		t.Errorf("asked again for %q", got)
	}
	x.SetText(strings.Repeat("Das ist lang. ", 40))
	within(t, "the long one", func() bool { return h.last() == "40 sentences are translated." })
	x.SetText("")
	if v := x.View(); v.Output != "" || v.Any || v.Status != "" {
		t.Errorf("of no text: %+v", v)
	}
}

func TestATextWaitsForItsModel(t *testing.T) {
	x, f, _ := newTranslation(t, false)
	x.Open(ParseAddress("#/translate"))
	within(t, "the size", func() bool { return x.Model.View().Verb == "Load the translator, 12.7 MB" })
	x.SetText("eins")
	time.Sleep(20 * time.Millisecond)
	if v := x.View(); len(f.calls()) > 0 || v.Working || v.Output != "" || !strings.Contains(v.Status, "as soon as the translator is here") {
		t.Fatalf("before the model: %q, %+v", f.calls(), v)
	}
	x.Model.Load()
	within(t, "the translation", translated(x, "EINS"))
}

// Who goes on typing does not stop the work on a sentence that stays, and stops that on one that goes.
func TestTypingCancelsOnlyWhatIsNotWantedAnyMore(t *testing.T) {
	x, f, _ := newTranslation(t, true)
	x.SetText("Eins wait. Zwei")
	within(t, "the first words", func() bool { return x.View().Output == "EINS …" })
	x.SetText("Eins wait. Zwei drei")
	time.Sleep(20 * time.Millisecond)
	if v := x.View(); !v.Working || !strings.HasPrefix(v.Output, "EINS") || len(f.calls()) != 1 {
		t.Fatalf("a sentence that stays was given up: %q, %+v", f.calls(), v)
	}
	x.SetText("Vier. Zwei drei")
	within(t, "the rest", translated(x, "VIER. ZWEI DREI"))
}

func TestATranslationIsStoppedAndGoesOn(t *testing.T) {
	x, f, h := newTranslation(t, true)
	x.SetText("Eins. Zwei wait. Drei.")
	within(t, "the first sentence", func() bool {
		return x.View().Output == "EINS. ZWEI …"
	})
	contains(t, render(t, &TranslatePane{Translation: x}), ">Stop<", `aria-busy="true"`, "1 of 3 sentences")
	x.Press()
	v := x.View()
	if v.Working || !v.Waiting || v.Output != "EINS. ZWEI … …" || h.last() != "Stopped." {
		t.Errorf("after Stop: %+v, heard %q", v, h.last())
	}
	contains(t, render(t, &TranslatePane{Translation: x}), ">Go on<", ">Copy<", `aria-busy="false"`)
	time.Sleep(10 * time.Millisecond)
	if got := x.View().Output; got != "EINS. ZWEI … …" {
		t.Errorf("a piece came after Stop: %q", got)
	}
	x.Press()
	within(t, "the second time", func() bool { return len(f.calls()) == 3 })
	x.SetText("Eins. Drei.")
	within(t, "the rest", translated(x, "EINS. DREI."))
}

func TestAFailureIsSaidAndTriedAgain(t *testing.T) {
	for _, word := range []string{"fail", "panic"} {
		x, _, h := newTranslation(t, true)
		x.SetText("Eins. Zwei " + word + ". Drei.")
		within(t, "a failure", func() bool { v := x.View(); return v.Failure != nil && !v.Working })
		v := x.View()
		if !v.Waiting || v.Output != "EINS. … DREI." { // one does not hold up the others
			t.Errorf("%s: %+v", word, v)
		}
		page := render(t, &TranslatePane{Translation: x})
		contains(t, page, "A sentence could not be translated", ">Try again<")
		within(t, "the announcement", func() bool { return strings.HasPrefix(h.last(), "A sentence could not be translated. ") })
		if word == "fail" {
			contains(t, page, "the &lt;worker&gt; failed", "engine_crashed")
			x.Press()
			within(t, "the rest", translated(x, "EINS. ZWEI FAIL. DREI."))
		} else {
			x.SetText("Eins. Drei.") // or the text is changed
			within(t, "the rest", translated(x, "EINS. DREI."))
		}
		if x.View().Failure != nil {
			t.Error("the failure stays")
		}
	}
}

func TestSwappingMakesTheTranslationTheText(t *testing.T) {
	x, f, h := newTranslation(t, true)
	x.SetText("eins")
	within(t, "the translation", translated(x, "EINS"))
	x.Swap()
	if v := x.View(); v.From != "en" || v.To != "de" || v.Source != "EINS" || !h.heard("From English to German.") {
		t.Errorf("%+v, heard %q", v, h.last())
	}
	within(t, "the translation back", func() bool { return slices.Contains(f.calls(), "ende EINS") })
	x.Open(ParseAddress("#/translate?from=en")) // as it is
	x.SetText("wait")
	within(t, "the work", func() bool { return x.View().Any })
	x.Open(ParseAddress("#/translate?from=de"))
	if v := x.View(); v.From != "de" || v.Source != "wait" {
		t.Errorf("half a translation became the text: %+v", v)
	}
	x.Try("zwei")
	within(t, "an example", translated(x, "ZWEI"))
	contains(t, render(t, &TranslatePane{Translation: x}), "Wo ist der Bahnhof?", `lang="de"`, "now from German to English")
}

func TestATextInTheOtherLanguageIsNoticed(t *testing.T) {
	x, _, _ := newTranslation(t, false)
	x.SetText("Where is the station?")
	if v := x.View(); v.Hint != "This looks like English; swap the languages to translate from it." {
		t.Errorf("%q", v.Hint)
	}
	x.SetText("Wo ist der Bahnhof?")
	if v := x.View(); v.Hint != "" {
		t.Errorf("%q", v.Hint)
	}
}

func TestATranslationIsCopied(t *testing.T) {
	x, f, h := newTranslation(t, true)
	x.SetText("<b>eins</b>")
	within(t, "the translation", translated(x, "<B>EINS</B>"))
	x.CopyResult()
	if f.copied != "<B>EINS</B>" || h.last() != "Copied." {
		t.Errorf("copied %q, heard %q", f.copied, h.last())
	}
	contains(t, render(t, &TranslatePane{Translation: x}), ">Copied<")
	f.noCopy = errors.New("it needs https")
	x.CopyResult()
	if h.last() != "The translation could not be copied: it needs https" || x.View().Copied {
		t.Errorf("heard %q", h.last())
	}
}

// What the view says of its model is what the card of the model that ships says.
func TestTheScoresAreThoseOfTheCard(t *testing.T) {
	card, err := os.ReadFile("../weights/translator-magneto-en-de/MODEL_CARD.md")
	if err != nil {
		t.Fatal(err)
	}
	if s := scores(string(card)); !regexp.MustCompile(`^BLEU \d+\.\d from German and \d+\.\d from English`).MatchString(s) {
		t.Errorf("out of the card of the model: %q", s)
	}
	x, f, _ := newTranslation(t, false)
	f.card = "| x | BLEU |\n| Tatoeba de→en | 20.4 | 39.2 |\n| Tatoeba en→de |16.4|\n"
	x.Open(Address{})
	within(t, "the scores", func() bool { return x.View().Scores != "" })
	contains(t, render(t, &TranslatePane{Translation: x}), "BLEU 20.4 from German and 16.4 from English, on", "./models/translator-magneto-en-de/MODEL_CARD.md")
	for _, card := range []string{"", "| Tatoeba de→en | 20.4 |", "| Tatoeba de→en | <b> | Tatoeba en→de | 1 |"} {
		if s := scores(card); s != "" {
			t.Errorf("out of %q: %q", card, s)
		}
	}
}
