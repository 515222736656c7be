package notes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// fake reads the first five notes; with notes the last answer is best, without them the first.
type fake struct {
	mu      sync.Mutex
	learned [][]string
	asked   []string
	notes   []string
	err     error
	gate    chan struct{}
}

func (f *fake) Learn(_ context.Context, notes []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.learned, f.notes = append(f.learned, notes), notes
	return f.err
}

func (f *fake) Answer(ctx context.Context, question string, answers []string, with bool) ([]Choice, error) {
	if f.gate != nil {
		select {
		case <-f.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, question)
	var out []Choice
	for i := range answers {
		c := Choice{Index: i, Score: 1 / float64(len(answers))}
		if with {
			for k := range min(5, len(f.notes)) {
				c.Notes, c.NoteScores = append(c.Notes, k), append(c.NoteScores, 0.5-0.1*float64(k))
			}
		}
		out = append(out, c)
	}
	if with {
		slices.Reverse(out)
	}
	return out, f.err
}

func run(t *testing.T, f *fake, test func(t *testing.T, n *Notes, h *hosttest.Host)) {
	t.Helper()
	hosttest.Run(t, func(t *testing.T) {
		h := &hosttest.Host{}
		m := host.NewModel(h, &hosttest.Loader{Bytes: 2_700_000}, "kformer", "kformer-notes-en", "the reader")
		n := New(h, m, f)
		n.Open(route.Address{})
		n.SetQuestion("Where does Mirvela live?")
		hosttest.Rest()
		test(t, n, h)
	})
}

func ask(n *Notes) View {
	n.Ask()
	hosttest.Rest()
	return n.View()
}

func TestAQuestionIsAnsweredWithAndWithoutNotes(t *testing.T) {
	f := &fake{}
	run(t, f, func(t *testing.T, n *Notes, h *hosttest.Host) {
		if v := n.View(); v.Count != "8 notes" || v.Loaded || n.Model.View().Verb != "Load the reader, 2.7 MB" {
			t.Fatalf("%+v", v)
		}
		v := ask(n)
		r := v.Result
		if r == nil || !v.Loaded || r.With != "singer" || r.Without != "Lisbon" || len(r.Answers) != 8 || len(r.Notes) != 5 {
			t.Fatalf("%+v, %+v", v, r)
		}
		if r.Notes[0] != (NoteView{"1", "Mirvela lives in Lisbon.", "0.500", "bar bar-20"}) || r.Verdict != "The notes changed the answer." || r.Chose == "" {
			t.Errorf("%+v", r)
		}
		if h.LastSaid() != "With notes: singer, 12 %. Without: Lisbon, 12 %." {
			t.Errorf("said %q", h.LastSaid())
		}
	})
}

func TestNotesAreSwappedWhileTheModelStaysLoaded(t *testing.T) {
	f := &fake{}
	run(t, f, func(t *testing.T, n *Notes, _ *hosttest.Host) {
		ask(n)
		ask(n)
		if len(f.learned) != 1 {
			t.Errorf("the same notes were given %d times", len(f.learned))
		}
		n.Swap(Sets()[1])
		hosttest.Rest()
		if len(f.learned) != 2 || f.learned[1][0] != "Mirvela lives in Boston." || n.View().Result.Notes[0].Text != "Mirvela lives in Boston." {
			t.Errorf("%q", f.learned)
		}
	})
}

func TestNotesAtTheirEdges(t *testing.T) {
	for _, c := range []struct {
		name, notes, answers string
		learned              int
		verdict              string
	}{
		{"none", " \n\t\n", "a, b", 0, "There are no notes, so both answers are the same guess."},
		{"one that is very long", "Mirvela " + strings.Repeat("word ", 50_000), "a, b", 1, "The notes changed the answer."},
		{"10,000", many(10_000), "", 10_000, "The notes changed the answer."},
		{"too many", strings.Repeat("Mirvela is.\n", MaxNotes+3), "a, b", MaxNotes, "The notes changed the answer."},
		{"special tokens", "<s> Mirvela </s> <mask> <pad>\n</s>", "a, b", 2, "The notes changed the answer."},
		{"none that helps", "Dravenul likes chess.\nOsbalfa likes tea.", "", 2, "No note that was read shares a word with the question. The answer is a guess."},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			run(t, f, func(t *testing.T, n *Notes, _ *hosttest.Host) {
				n.SetText(c.notes)
				n.SetAnswers(c.answers)
				v := ask(n)
				if v.Failure != nil || v.Result == nil || len(f.learned) != 1 || len(f.learned[0]) != c.learned || v.Result.Verdict != c.verdict {
					t.Fatalf("%+v, %+v", v.Failure, v.Result)
				}
				for _, note := range v.Result.Notes {
					if len(note.Text) > shown+3 {
						t.Errorf("a note of %d bytes is shown", len(note.Text))
					}
				}
				if c.learned == MaxNotes && !strings.Contains(v.Result.Of, "3 notes were left out") {
					t.Error(v.Result.Of)
				}
			})
		})
	}
}

func TestAQuestionThatCannotBeAskedIsRefusedInWords(t *testing.T) {
	for _, c := range []struct{ question, notes, answers, want string }{
		{" ", "A b.\nC d.", "", "It is empty"},
		{"Where?", "", "", "There are no answers to choose from"},
		{"Where?", "Mirvela lives in Lisbon.", "", "There is one answer to choose from"},
		{"Where?", "", "Lisbon, lisbon", "There is one answer to choose from"},
	} {
		run(t, &fake{}, func(t *testing.T, n *Notes, h *hosttest.Host) {
			n.SetQuestion(c.question)
			n.SetText(c.notes)
			n.SetAnswers(c.answers)
			if v := ask(n); v.Failure == nil || !strings.Contains(v.Failure.Text, c.want) || v.Loaded || h.LastSaid() != v.Failure.Sentence() {
				t.Errorf("%+v: %+v", c, v.Failure)
			}
		})
	}
}

func TestAFailureOfTheModelIsShownAndTheNotesAreGivenAgain(t *testing.T) {
	f := &fake{err: &host.EngineError{Code: "engine_crashed", Message: "gone"}}
	run(t, f, func(t *testing.T, n *Notes, _ *hosttest.Host) {
		if v := ask(n); v.Failure == nil || v.Failure.Code != "engine_crashed" || v.Running {
			t.Fatalf("%+v", v)
		}
		f.err = nil
		if v := ask(n); v.Failure != nil || v.Result == nil || len(f.learned) != 2 {
			t.Errorf("%+v", v)
		}
		f.err = errors.New("no")
		if v := ask(n); v.Failure == nil {
			t.Errorf("%+v", v)
		}
	})
}

func TestAQuestionIsStopped(t *testing.T) {
	f := &fake{}
	run(t, f, func(t *testing.T, n *Notes, h *hosttest.Host) {
		f.gate = make(chan struct{})
		if v := ask(n); !v.Running {
			t.Fatalf("%+v", v)
		}
		n.Stop()
		hosttest.Rest()
		if v := n.View(); v.Running || v.Failure != nil || h.LastSaid() != "Stopped." {
			t.Errorf("%+v", v)
		}
	})
}

func TestAnswersAreTheLastWordsOfTheNotesOrThoseThatWereTyped(t *testing.T) {
	if got := fmt.Sprint(fromNotes([]string{"He likes tea.", "She likes “snow”!", "It likes Tea", "7 is 7."})); got != "[tea snow 7]" {
		t.Error(got)
	}
	if got := fmt.Sprint(Answers(" tea,  snow white\n\n;tea")); got != "[tea snow white]" {
		t.Error(got)
	}
	if n := len(Answers(strings.Join(Lines(many(200)), ","))); n != MaxAnswers {
		t.Errorf("%d answers, expected %d", n, MaxAnswers)
	}
	if n := len(Lines(many(10_000))); n != 10_000 {
		t.Errorf("%d notes", n)
	}
}
