package translate

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

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// fakeTranslator writes a sentence in capitals, word by word. A word "wait" waits for the end of the context, "fail" fails once,
// "panic" panics.
type fakeTranslator struct {
	mu     sync.Mutex
	asked  []string
	failed bool // "fail" does not fail again
}

func (f *fakeTranslator) Translate(ctx context.Context, text, from, to string, piece func(string)) (host.Generated, error) {
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
			return host.Generated{}, &host.EngineError{Code: "aborted", Message: "the call was aborted"}
		case "panic":
			panic("a fault")
		case "fail":
			f.mu.Lock()
			defer f.mu.Unlock()
			if !f.failed {
				f.failed = true
				return host.Generated{}, &host.EngineError{Code: "engine_crashed", Message: "the worker failed"}
			}
		}
		piece(strings.ToUpper(w))
		all += strings.ToUpper(w)
	}
	return host.Generated{Text: all, Tokens: len(strings.Fields(text)), Took: 10 * time.Millisecond}, nil
}

func (f *fakeTranslator) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// run runs a test with a view whose model is loaded, if it is to be.
func run(t *testing.T, loaded bool, f func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host)) {
	t.Helper()
	hosttest.Run(t, func(t *testing.T) {
		h, e := &hosttest.Host{}, &fakeTranslator{}
		x := New(h, host.NewModel(h, &hosttest.Loader{Bytes: 12_700_000}, "translator", "translator-magneto-en-de", "the translator"), e)
		if loaded {
			x.Model.Load()
			hosttest.Rest()
		}
		f(t, x, e, h)
	})
}

// typed types a text and lets the keyboard rest.
func typed(x *Translation, text string) View {
	x.SetText(text)
	time.Sleep(time.Second)
	hosttest.Rest()
	return x.View()
}

func TestATextIsTranslatedSentenceBySentence(t *testing.T) {
	run(t, true, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
		v := typed(x, "Eins eins. Zwei zwei!\n\n- drei\n- 4\n\nEins eins.")
		if v.Output != "EINS EINS. ZWEI ZWEI!\n\n- DREI\n- 4\n\nEINS EINS." {
			t.Errorf("%q", v.Output)
		}
		if got, want := e.calls(), []string{"deen Eins eins.", "deen Zwei zwei!", "deen drei"}; !slices.Equal(got, want) {
			t.Errorf("asked for %q, expected %q", got, want)
		}
		if v.Status != "4 sentences, 5 tokens in 30 ms" || !v.Any || v.Waiting || v.Working || h.LastSaid() != v.Output {
			t.Errorf("%+v, said %q", v, h.LastSaid())
		}
		// Only what changes is translated.
		if v := typed(x, "Eins eins. Zwei acht!\n\n- drei"); v.Output != "EINS EINS. ZWEI ACHT!\n\n- DREI" {
			t.Errorf("%q", v.Output)
		}
		if got := e.calls()[3:]; !slices.Equal(got, []string{"deen Zwei acht!"}) {
			t.Errorf("asked again for %q", got)
		}
		typed(x, strings.Repeat("Das ist lang. ", 40))
		if h.LastSaid() != "40 sentences are translated." {
			t.Errorf("said %q", h.LastSaid())
		}
		if v := typed(x, ""); v.Output != "" || v.Any || v.Status != "" {
			t.Errorf("without a text: %+v", v)
		}
	})
}

func TestATextWaitsUntilTheTypingRests(t *testing.T) {
	run(t, true, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
		for _, text := range []string{"a", "ab", "abc"} {
			x.SetText(text)
			time.Sleep(typingRests - time.Millisecond)
		}
		if v := x.View(); len(e.calls()) > 0 || !v.Working {
			t.Errorf("while typing: %q, %+v", e.calls(), v)
		}
		time.Sleep(time.Millisecond)
		hosttest.Rest()
		if got := e.calls(); !slices.Equal(got, []string{"deen abc"}) {
			t.Errorf("asked for %q", got)
		}
	})
}

func TestATextWaitsForItsModel(t *testing.T) {
	run(t, false, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
		x.Open(route.Parse("#/translate"))
		hosttest.Rest()
		if verb := x.Model.View().Verb; verb != "Load the translator, 12.7 MB" {
			t.Errorf("the model's button says %q", verb)
		}
		v := typed(x, "eins")
		if len(e.calls()) > 0 || v.Working || v.Output != "" || v.Status != "The text is translated as soon as the translator is ready." {
			t.Fatalf("before the model: %q, %+v", e.calls(), v)
		}
		x.Model.Load()
		hosttest.Rest()
		if v := x.View(); v.Output != "EINS" {
			t.Errorf("with the model: %+v", v)
		}
	})
}

// Typing does not stop the work on a sentence that stays, and stops the work on one that goes.
func TestTypingCancelsOnlyWhatIsNotWantedAnyMore(t *testing.T) {
	run(t, true, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
		if v := typed(x, "Eins wait. Zwei"); v.Output != "EINS …" {
			t.Fatalf("%+v", v)
		}
		if v := typed(x, "Eins wait. Zwei drei"); !v.Working || v.Output != "EINS …" || len(e.calls()) != 1 {
			t.Fatalf("a sentence that stays was cancelled: %q, %+v", e.calls(), v)
		}
		if v := typed(x, "Vier. Zwei drei"); v.Output != "VIER. ZWEI DREI" || v.Working {
			t.Errorf("%+v", v)
		}
	})
}

func TestATranslationIsStoppedAndContinued(t *testing.T) {
	run(t, true, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
		if v := typed(x, "Eins. Zwei wait. Drei."); v.Output != "EINS. ZWEI …" || v.Status != "1 of 3 sentences" || !v.Working {
			t.Errorf("%+v", v)
		}
		x.Press()
		hosttest.Rest()
		v := x.View()
		if v.Working || !v.Waiting || v.Output != "EINS. ZWEI … …" || h.LastSaid() != "Stopped." {
			t.Errorf("after Stop: %+v, said %q", v, h.LastSaid()) // and without the piece that came late
		}
		x.Press()
		hosttest.Rest()
		if got := e.calls(); len(got) != 3 {
			t.Errorf("asked for %q, expected the second sentence again", got)
		}
		if v := typed(x, "Eins. Drei."); v.Output != "EINS. DREI." || v.Working {
			t.Errorf("%+v", v)
		}
	})
}

func TestAFailureIsSaidAndRetried(t *testing.T) {
	for _, word := range []string{"fail", "panic"} {
		run(t, true, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
			v := typed(x, "Eins. Zwei "+word+". Drei.")
			if v.Failure == nil || v.Working || !v.Waiting || v.Output != "EINS. … DREI." { // one sentence does not hold up the others
				t.Fatalf("%s: %+v", word, v)
			}
			if !strings.HasPrefix(h.LastSaid(), "A sentence could not be translated. ") {
				t.Errorf("%s: said %q", word, h.LastSaid())
			}
			if word == "fail" {
				if v.Failure.Code != "engine_crashed" {
					t.Errorf("%+v", v.Failure)
				}
				x.Press()
				hosttest.Rest()
				v = x.View()
			} else {
				v = typed(x, "Eins. Zwei fail. Drei.") // another text
				x.Press()
				hosttest.Rest()
				v = x.View()
			}
			if v.Output != "EINS. ZWEI FAIL. DREI." || v.Failure != nil {
				t.Errorf("%s: then %+v", word, v)
			}
		})
	}
}

func TestSwappingMakesTheTranslationTheText(t *testing.T) {
	run(t, true, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
		typed(x, "eins")
		x.Swap()
		hosttest.Rest()
		if v := x.View(); v.From != "en" || v.To != "de" || v.Source != "EINS" || !h.Said("From English to German.") {
			t.Errorf("%+v, said %q", v, h.LastSaid())
		}
		if got := e.calls(); got[len(got)-1] != "ende EINS" {
			t.Errorf("asked for %q", got)
		}
		x.Open(route.Parse("#/translate?from=en")) // as it is
		typed(x, "wait")
		x.Open(route.Parse("#/translate?from=de"))
		if v := x.View(); v.From != "de" || v.Source != "wait" {
			t.Errorf("half a translation became the text: %+v", v)
		}
		x.Try("zwei")
		hosttest.Rest()
		if v := x.View(); v.Output != "ZWEI" {
			t.Errorf("an example: %+v", v)
		}
	})
}

func TestATextInTheOtherLanguageIsNoticed(t *testing.T) {
	run(t, false, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
		if v := typed(x, "Where is the station?"); v.Hint != "This looks like English. Swap the languages to translate from it." {
			t.Errorf("%q", v.Hint)
		}
		if v := typed(x, "Wo ist der Bahnhof?"); v.Hint != "" {
			t.Errorf("%q", v.Hint)
		}
	})
}

func TestATranslationIsCopied(t *testing.T) {
	run(t, true, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
		typed(x, "<b>eins</b>")
		x.CopyResult()
		hosttest.Rest()
		if v := x.View(); h.Copied() != "<B>EINS</B>" || h.LastSaid() != "Copied." || v.CopyVerb != "Copied" {
			t.Errorf("copied %q, said %q, %q", h.Copied(), h.LastSaid(), v.CopyVerb)
		}
		if v := typed(x, "zwei"); v.CopyVerb != "Copy" {
			t.Errorf("another text counts as copied: %q", v.CopyVerb)
		}
		h.NoCopy = errors.New("it needs https")
		x.CopyResult()
		hosttest.Rest()
		if v := x.View(); h.LastSaid() != "The translation could not be copied: it needs https" || v.CopyVerb != "Copy" {
			t.Errorf("said %q, %q", h.LastSaid(), v.CopyVerb)
		}
	})
}

// The view quotes the card of the model that ships.
func TestTheScoresAreThoseOfTheCard(t *testing.T) {
	card, err := os.ReadFile("../../weights/translator-magneto-en-de/MODEL_CARD.md")
	if err != nil {
		t.Fatal(err)
	}
	if s := scores(string(card)); !regexp.MustCompile(`^BLEU \d+\.\d from German and \d+\.\d from English`).MatchString(s) {
		t.Errorf("from the card of the model: %q", s)
	}
	run(t, false, func(t *testing.T, x *Translation, e *fakeTranslator, h *hosttest.Host) {
		h.Texts = map[string]string{x.Model.Card(): "| x | BLEU |\n| Tatoeba de→en | 20.4 | 39.2 |\n| Tatoeba en→de |16.4|\n"}
		x.Open(route.Address{})
		hosttest.Rest()
		if s := x.Model.View().Scores; s != "BLEU 20.4 from German and 16.4 from English, on Tatoeba’s everyday sentences. " {
			t.Errorf("%q", s)
		}
	})
	for _, card := range []string{"", "| Tatoeba de→en | 20.4 |", "| Tatoeba de→en | <b> | Tatoeba en→de | 1 |"} {
		if s := scores(card); s != "" {
			t.Errorf("from %q: %q", card, s)
		}
	}
}

func FuzzScores(f *testing.F) {
	f.Add("| Tatoeba de→en | 20.4 | 39.2 |\n| Tatoeba en→de |16.4|\n")
	f.Fuzz(func(t *testing.T, card string) {
		if s := scores(card); s != "" && !strings.HasPrefix(s, "BLEU ") {
			t.Errorf("%q", s)
		}
	})
}
