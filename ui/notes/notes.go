package notes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// Choice is an answer with its probability, and the notes that were read for it, the best first.
type Choice struct {
	Index      int // among the answers that were given
	Score      float64
	Notes      []int
	NoteScores []float64
}

// Answerer is the model. Its notes can be replaced at any time.
type Answerer interface {
	Learn(ctx context.Context, notes []string) error
	Answer(ctx context.Context, question string, answers []string, withNotes bool) ([]Choice, error)
}

// The most notes and answers that are read, and the most code points of a note that are shown.
const (
	MaxNotes   = 20_000
	MaxAnswers = 20
	shown      = 220
)

// The ids of the boxes.
const (
	Box         = "notes"
	QuestionBox = "notes-question"
	AnswersBox  = "notes-answers"
)

// Notes is the state of the view. All methods may be called from any goroutine.
type Notes struct {
	Model *host.Model

	host   host.Host
	engine Answerer
	asks   *host.Latest[request]

	mu      sync.Mutex
	text    string
	asked   string
	answers string
	learned []string // what the model has; nil if nothing is known about that
	running bool
	result  *result
	failure *host.Failure
}

type request struct {
	notes             []string
	question          string
	answers           []string
	more              int // notes beyond MaxNotes
	withoutTheAnswers bool
}

type result struct {
	request
	with, without []Choice
}

// New returns the view with its first example in the boxes.
func New(h host.Host, m *host.Model, e Answerer) *Notes {
	n := &Notes{Model: m, host: h, engine: e}
	n.asks = host.NewLatest(n.run)
	first := Sets()[0]
	n.text, n.asked = first.Text, first.Question
	return n
}

// Open asks for the model's size.
func (n *Notes) Open(route.Address) {
	n.Model.Ask()
	n.Model.FocusWhenReady(QuestionBox)
}

// SetText, SetQuestion and SetAnswers take what is typed.
func (n *Notes) SetText(text string)     { n.set(&n.text, text) }
func (n *Notes) SetQuestion(text string) { n.set(&n.asked, text) }
func (n *Notes) SetAnswers(text string)  { n.set(&n.answers, text) }

func (n *Notes) set(field *string, text string) {
	n.mu.Lock()
	*field, n.failure = text, nil
	n.mu.Unlock()
	n.host.Redraw()
}

// Swap replaces the notes, and asks again if the model is loaded: it stays as it is.
func (n *Notes) Swap(s Set) {
	n.mu.Lock()
	n.text, n.failure, n.answers = s.Text, nil, ""
	if s.Question != "" {
		n.asked = s.Question
	}
	n.mu.Unlock()
	n.host.Redraw()
	if n.Model.Ready() {
		n.Ask()
	}
}

// Ask answers the question with the notes and without. It loads the model first.
func (n *Notes) Ask() {
	n.mu.Lock()
	r, problem := n.request()
	n.failure = problem
	n.mu.Unlock()
	if problem != nil {
		n.host.Redraw()
		n.host.Say(problem.Sentence())
		return
	}
	n.Model.WhenReady(func() { n.asks.Submit(r) })
	n.Model.Load()
	n.host.Redraw()
}

// Stop ends a run.
func (n *Notes) Stop() {
	n.asks.Cancel()
	n.Model.Drop()
	n.host.Say("Stopped.")
}

// request reads the boxes. The caller holds n.mu.
func (n *Notes) request() (request, *host.Failure) {
	r := request{question: strings.Join(strings.Fields(n.asked), " "), notes: Lines(n.text)}
	if len(r.notes) > MaxNotes {
		r.notes, r.more = r.notes[:MaxNotes], len(r.notes)-MaxNotes
	}
	fail := func(text string) (request, *host.Failure) {
		return r, &host.Failure{Title: "The question was not asked", Code: "invalid_argument", Text: text}
	}
	if r.question == "" {
		return fail("It is empty. Type a question, such as: Where does Mirvela live?")
	}
	r.answers = Answers(n.answers)
	if len(r.answers) == 0 {
		r.answers, r.withoutTheAnswers = fromNotes(r.notes), true
	}
	if len(r.answers) < 2 {
		return fail(fmt.Sprintf("There %s to choose from, and the model chooses among answers. Type two or more, or write notes whose last words differ.",
			map[bool]string{true: "is one answer", false: "are no answers"}[len(r.answers) == 1]))
	}
	return r, nil
}

// run is one question.
func (n *Notes) run(ctx context.Context, r request) {
	n.mu.Lock()
	n.running, n.failure = true, nil
	same := n.learned != nil && slices.Equal(n.learned, r.notes)
	n.mu.Unlock()
	n.host.Redraw()
	out := &result{request: r}
	err := host.Try(func() (err error) {
		if !same {
			n.know(nil)
			if err = n.engine.Learn(ctx, r.notes); err != nil {
				return err
			}
			n.know(append([]string{}, r.notes...))
		}
		if out.with, err = n.engine.Answer(ctx, r.question, r.answers, true); err != nil {
			return err
		}
		out.without, err = n.engine.Answer(ctx, r.question, r.answers, false)
		return err
	})
	n.mu.Lock()
	n.running = false
	said := ""
	switch {
	case err == nil:
		n.result = out
		said = n.sentence()
	case !host.Canceled(err):
		n.failure = host.FailureOf("The question could not be answered", err)
		n.learned = nil // a worker that failed has lost them
		said = n.failure.Sentence()
	}
	n.mu.Unlock()
	n.host.Redraw()
	if said != "" {
		n.host.Say(said)
	}
}

func (n *Notes) know(notes []string) {
	n.mu.Lock()
	n.learned = notes
	n.mu.Unlock()
}

// sentence is the result for screen readers. The caller holds n.mu.
func (n *Notes) sentence() string {
	r := n.result
	return fmt.Sprintf("With notes: %s, %s. Without: %s, %s.", r.answers[r.with[0].Index], format.Percent(float32(r.with[0].Score)),
		r.answers[r.without[0].Index], format.Percent(float32(r.without[0].Score)))
}
