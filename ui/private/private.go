package private

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// The ids of the boxes.
const (
	Box        = "private-text"
	AddressBox = "private-address"
)

// Site is the address of the site's own evaluator, if it has one.
const Site = "./encrypted"

// maxText is how many bytes of a text are taken. The model reads 32 tokens.
const maxText = 2000

// Private is the state of the view. All methods may be called from any goroutine.
type Private struct {
	Model *host.Model

	host       host.Host
	client     Client
	evaluators Evaluators
	runs       *host.Latest[order]

	mu            sync.Mutex
	text, address string
	stage         string // what runs, "" if nothing does
	result        *result
	failure       *host.Failure
}

type order struct{ text, address string }

// result is a run, which may not have come to its end.
type result struct {
	order
	where    string // who computes
	server   bool   // not a worker of this page
	keys     int    // bytes that were sent, 0 if the evaluator had them
	keysTook time.Duration
	begun    Begun
	received []byte // the beginning of the first message
	rounds   []round
	step     Step // of the end
	clear    string
	took     time.Duration
}

type round struct {
	up, down       int
	server, client time.Duration
}

// New returns the view with a sentence in the box.
func New(h host.Host, m *host.Model, c Client, e Evaluators) *Private {
	p := &Private{Model: m, host: h, client: c, evaluators: e, text: Examples[0]}
	p.runs = host.NewLatest(p.run)
	return p
}

// Examples are sentences to try.
var Examples = []string{"Where is the station?", "The little dog wanted to play with the red ball.", "He bowed gravely, and the old lady took his arm."}

// Open asks for the size of the model.
func (p *Private) Open(route.Address) {
	p.Model.Ask()
	p.Model.FocusWhenReady(Box)
}

// SetText and SetAddress take what is typed.
func (p *Private) SetText(text string)       { p.set(&p.text, text) }
func (p *Private) SetAddress(address string) { p.set(&p.address, address) }

func (p *Private) set(field *string, text string) {
	p.mu.Lock()
	*field, p.failure = text, nil
	p.mu.Unlock()
	p.host.Redraw()
}

// Press begins a run, or stops the one in progress.
func (p *Private) Press() {
	p.mu.Lock()
	running := p.stage != ""
	o := order{strings.Join(strings.Fields(p.text), " "), strings.TrimRight(strings.TrimSpace(p.address), "/")}
	p.failure = nil
	switch {
	case running:
	case o.text == "":
		p.failure = &host.Failure{Title: "Nothing was sent", Code: "invalid_argument", Text: "The sentence is empty. Type one, such as: " + Examples[0]}
	case len(o.text) > maxText:
		p.failure = &host.Failure{Title: "Nothing was sent", Code: "invalid_argument", Text: fmt.Sprintf("The text has %d bytes, expected at most %d; the model reads one sentence.", len(o.text), maxText)}
	}
	failure := p.failure
	p.mu.Unlock()
	p.host.Redraw()
	switch {
	case running:
		p.runs.Cancel()
		p.host.Say("Stopped. The evaluator drops the run after a while; no decrypted value was sent.")
	case failure != nil:
		p.host.Say(failure.Sentence())
	default:
		p.Model.WhenReady(func() { p.runs.Submit(o) })
		p.Model.Load()
	}
}

// Try puts an example into the box.
func (p *Private) Try(text string) { p.SetText(text) }

func (p *Private) run(ctx context.Context, o order) {
	r := &result{order: o}
	p.change(func() { p.result, p.failure, p.stage = r, nil, "Looking for an evaluator" })
	begin := time.Now()
	err := host.Try(func() error { return p.classify(ctx, r) })
	said := ""
	p.change(func() {
		p.stage = ""
		switch {
		case err == nil:
			r.took = time.Since(begin)
			said = r.verdict()
		case ctx.Err() != nil || host.Canceled(err):
			p.result = nil
		default:
			p.failure = failureOf(err)
			said = p.failure.Sentence()
		}
	})
	if said != "" {
		p.host.Say(said)
	}
}

func (p *Private) change(f func()) {
	p.mu.Lock()
	f()
	p.mu.Unlock()
	p.host.Redraw()
}

func (p *Private) at(stage string) { p.change(func() { p.stage = stage }) }

// classify is a whole run.
func (p *Private) classify(ctx context.Context, r *result) error {
	e, description, err := p.connect(ctx, r)
	if err != nil {
		return err
	}
	p.at("Making keys")
	fingerprint, err := p.client.Open(ctx, description)
	if err != nil {
		return err
	}
	// An evaluator that was restarted, or has dropped the keys, is sent them again, once.
	for attempt := 0; ; attempt++ {
		if err = p.sendKeys(ctx, e, fingerprint, r, attempt > 0); err == nil {
			err = p.rounds(ctx, e, r)
		}
		if refused, ok := err.(*refusal); !ok || refused.status != 412 || len(r.rounds) > 0 || attempt > 0 {
			break
		}
	}
	if err != nil {
		return err
	}
	p.at("Classifying in clear")
	label, err := p.client.Clear(ctx, r.text)
	p.change(func() { r.clear = label })
	return err
}

// connect finds an evaluator and asks what it computes: the server at the address, that of this site, or the worker.
func (p *Private) connect(ctx context.Context, r *result) (Evaluator, string, error) {
	address := r.address
	if address == "" {
		address = Site
	}
	e := p.evaluators.At(address)
	description, err := describe(ctx, e, address)
	if err == nil {
		p.change(func() { r.where, r.server = address, true })
		return e, description, nil
	}
	if r.address != "" || host.Canceled(err) || ctx.Err() != nil {
		return nil, "", err
	}
	p.at("Loading the evaluator into a second worker")
	if e, err = p.evaluators.Here(ctx); err != nil {
		return nil, "", err
	}
	p.change(func() { r.where = "a second worker of this page" })
	description, err = describe(ctx, e, r.where)
	return e, description, err
}

func describe(ctx context.Context, e Evaluator, where string) (string, error) {
	status, answer, err := e.Send(ctx, "GET", "/v1/model", nil)
	if err != nil {
		return "", &unreachable{where, err}
	}
	if status != 200 {
		return "", &unreachable{where, fmt.Errorf("it answered with status %d", status)}
	}
	return string(answer.Head(1 << 16)), nil
}

// sendKeys sends the evaluation keys, unless the evaluator has them.
func (p *Private) sendKeys(ctx context.Context, e Evaluator, fingerprint string, r *result, again bool) error {
	if !again {
		status, _, err := e.Send(ctx, "GET", "/v1/keys/"+fingerprint, nil)
		if err != nil {
			return &unreachable{r.where, err}
		}
		if status == 204 {
			return nil
		}
	}
	m, err := p.client.Keys(ctx)
	if err != nil {
		return err
	}
	p.at("Sending the evaluation keys")
	begin := time.Now()
	status, answer, err := e.Send(ctx, "PUT", "/v1/keys", m)
	if err != nil {
		return &unreachable{r.where, err}
	}
	if status != 204 {
		return refused(status, answer)
	}
	p.change(func() { r.keys, r.keysTook = m.Len(), time.Since(begin) })
	return nil
}

// rounds are the exchanges of a sentence.
func (p *Private) rounds(ctx context.Context, e Evaluator, r *result) error {
	begin := time.Now()
	begun, err := p.client.Begin(ctx, r.text)
	if err != nil {
		return err
	}
	p.change(func() { r.begun, r.received = begun, begun.Message.Head(sampled) })
	for m := begun.Message; m != nil; {
		x := round{up: m.Len(), client: time.Since(begin)}
		p.at(fmt.Sprintf("Round %d", len(r.rounds)+1))
		begin = time.Now()
		status, answer, err := e.Send(ctx, "POST", "/v1/messages", m)
		switch {
		case err != nil:
			return &unreachable{r.where, err}
		case status != 200:
			return refused(status, answer)
		}
		x.down, x.server = answer.Len(), time.Since(begin)
		begin = time.Now()
		step, err := p.client.Next(ctx, answer)
		if err != nil {
			return err
		}
		p.change(func() { r.rounds, r.step = append(r.rounds, x), step })
		m = step.Message
	}
	return nil
}
