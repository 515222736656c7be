package private

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// text is a message that is its own content.
type text string

func (m text) Len() int          { return len(m) }
func (m text) Head(n int) []byte { return []byte(m)[:min(n, len(m))] }

// sides are both sides of a run of three rounds. The evaluator knows no keys at first.
type sides struct {
	*hosttest.Loader
	mu      sync.Mutex
	log     []string
	away    map[string]bool // addresses that do not answer
	knows   bool            // the keys
	refuses map[string]int  // the status of a request, by method, path and how often it was made: "POST /v1/messages 2"
	counts  map[string]int
	gate    chan struct{} // of each message
	clear   string
}

func (s *sides) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, what)
}

func (s *sides) Open(context.Context, string) (string, error) { return "f00d", nil }

func (s *sides) Keys(context.Context) (Message, error) { return text("keys"), nil }

func (s *sides) Begin(_ context.Context, of string) (Begun, error) {
	s.note("begin " + of)
	return Begun{Message: text(strings.Repeat("h", header) + "\x00\xff1"), Tokens: 32, Truncated: strings.Contains(of, "long")}, nil
}

func (s *sides) Next(_ context.Context, answer Message) (Step, error) {
	if n := string(answer.Head(1)); n < "3" {
		return Step{Message: text(string(rune(n[0]) + 1))}, nil
	}
	return Step{Label: "story", Logits: []float64{1, 2}}, nil
}

func (s *sides) Clear(context.Context, string) (string, error) { return s.clear, nil }

func (s *sides) At(address string) Evaluator { return server{s, address} }

func (s *sides) Here(context.Context) (Evaluator, error) { return server{s, "here"}, nil }

type server struct {
	*sides
	address string
}

func (s server) Send(ctx context.Context, method, path string, body Message) (int, Message, error) {
	s.note(s.address + " " + method + " " + path)
	if s.away[s.address] {
		return 0, nil, errors.New("no connection")
	}
	if method == "POST" && s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return 0, nil, &host.EngineError{Code: "network", Message: "aborted by the browser"}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	what := method + " " + path
	s.counts[what]++
	if status := s.refuses[what+" "+string(rune('0'+s.counts[what]))]; status != 0 {
		if status == 412 {
			s.knows = false
		}
		return status, text("no such run: begin again"), nil
	}
	switch {
	case path == "/v1/model":
		return 200, text("{}"), nil
	case method == "GET":
		if s.knows {
			return 204, text(""), nil
		}
		return 404, text(""), nil
	case method == "PUT":
		s.knows = true
		return 204, text(""), nil
	}
	m := string(body.Head(1 << 10))
	return 200, text(m[len(m)-1:] + "-answer"), nil
}

func run(t *testing.T, s *sides, test func(t *testing.T, p *Private, h *hosttest.Host)) {
	t.Helper()
	hosttest.Run(t, func(t *testing.T) {
		s.Loader, s.counts = &hosttest.Loader{Bytes: 4_900_000}, map[string]int{}
		if s.clear == "" {
			s.clear = "story"
		}
		h := &hosttest.Host{}
		p := New(h, host.NewModel(h, s, "thex", "thex-kinds-en", "the classifier"), s, s)
		p.Open(route.Address{})
		hosttest.Rest()
		test(t, p, h)
	})
}

func press(p *Private) View {
	p.Press()
	hosttest.Rest()
	return p.View()
}

func TestASentenceIsClassifiedByTheEvaluatorOfTheSite(t *testing.T) {
	s := &sides{}
	run(t, s, func(t *testing.T, p *Private, h *hosttest.Host) {
		v := press(p)
		r := v.Result
		if v.Failure != nil || r == nil || v.Stage != "" || len(r.Rounds) != 3 {
			t.Fatalf("%+v, %+v", v, r)
		}
		if r.Verdict != "Under encryption: story. In clear: story. The labels are equal." || h.LastSaid() != r.Verdict {
			t.Errorf("%q, said %q", r.Verdict, h.LastSaid())
		}
		if !strings.HasPrefix(r.Where, "A server computes: ./encrypted.") || !strings.HasPrefix(r.Keys, "Evaluation keys: 4 B") {
			t.Errorf("%q %q", r.Where, r.Keys)
		}
		if r.Received != "00 ff 31" || !strings.Contains(r.Noise, "1.58 of 8 bits") { // log2 of 3
			t.Errorf("%q %q", r.Received, r.Noise)
		}
		if r.Rounds[0].What != "Layer 1: states → attention scores" || r.Rounds[2].What != "ReLU of the feed-forward → label" || r.Rounds[0].Up != "107 B" || r.Rounds[1].Down != "8 B" {
			t.Errorf("%+v", r.Rounds)
		}
		if v = press(p); !strings.Contains(v.Result.Keys, "already") || s.counts["PUT /v1/keys"] != 1 {
			t.Errorf("keys: %q, sent %d times", v.Result.Keys, s.counts["PUT /v1/keys"])
		}
	})
}

func TestWithoutAServerAWorkerOfThePageStandsIn(t *testing.T) {
	run(t, &sides{away: map[string]bool{"./encrypted": true}}, func(t *testing.T, p *Private, _ *hosttest.Host) {
		if v := press(p); v.Result == nil || !strings.Contains(v.Result.Where, "stands in") || !strings.Contains(v.Result.Where, "does not leave your machine") || v.Result.Verdict == "" {
			t.Errorf("%+v", v)
		}
	})
}

func TestAnAddressThatDoesNotAnswerIsNeverReplacedByAWorker(t *testing.T) {
	s := &sides{away: map[string]bool{"http://127.0.0.1:9/encrypted": true}}
	run(t, s, func(t *testing.T, p *Private, _ *hosttest.Host) {
		p.SetAddress(" http://127.0.0.1:9/encrypted/ ")
		v := press(p)
		if v.Failure == nil || v.Failure.Title != "The evaluator cannot be reached" || v.Result != nil {
			t.Errorf("%+v", v)
		}
		for _, l := range s.log {
			if strings.HasPrefix(l, "here") || strings.HasPrefix(l, "begin") {
				t.Errorf("%q", l)
			}
		}
		p.SetAddress("")
		if v = press(p); v.Failure != nil || v.Result.Verdict == "" {
			t.Errorf("%+v", v)
		}
	})
}

func TestKeysThatWereDroppedAreSentAgainOnce(t *testing.T) {
	s := &sides{knows: true, refuses: map[string]int{"POST /v1/messages 1": 412}}
	run(t, s, func(t *testing.T, p *Private, _ *hosttest.Host) {
		if v := press(p); v.Failure != nil || v.Result.Verdict == "" || s.counts["PUT /v1/keys"] != 1 {
			t.Errorf("%+v, keys sent %d times", v, s.counts["PUT /v1/keys"])
		}
	})
	s = &sides{knows: true, refuses: map[string]int{"POST /v1/messages 1": 412, "POST /v1/messages 2": 412}}
	run(t, s, func(t *testing.T, p *Private, _ *hosttest.Host) {
		if v := press(p); v.Failure == nil || v.Failure.Code != "status 412" || s.counts["POST /v1/messages"] != 2 {
			t.Errorf("%+v, %d messages", v, s.counts["POST /v1/messages"])
		}
	})
}

func TestAServerThatWasRestartedBetweenRoundsEndsTheRun(t *testing.T) {
	s := &sides{refuses: map[string]int{"POST /v1/messages 2": 404}}
	run(t, s, func(t *testing.T, p *Private, h *hosttest.Host) {
		v := press(p)
		if v.Failure == nil || v.Failure.Code != "status 404" || !strings.Contains(v.Failure.Text, "begin again") || v.Stage != "" || v.Result.Verdict != "" || len(v.Result.Rounds) != 1 {
			t.Errorf("%+v", v)
		}
		if !h.Said(v.Failure.Sentence()) {
			t.Error("the failure was not announced")
		}
		if v = press(p); v.Failure != nil || v.Result.Verdict == "" {
			t.Errorf("the next run: %+v", v)
		}
	})
}

func TestARunIsStoppedInAnyRound(t *testing.T) {
	for rounds := range 3 {
		s := &sides{}
		run(t, s, func(t *testing.T, p *Private, h *hosttest.Host) {
			s.gate = make(chan struct{}) // of the test's bubble
			if v := press(p); v.Stage != "Round 1" {
				t.Fatalf("%+v", v)
			}
			for range rounds {
				s.gate <- struct{}{}
				hosttest.Rest()
			}
			if v := press(p); v.Stage != "" || v.Result != nil || v.Failure != nil || !strings.HasPrefix(h.LastSaid(), "Stopped.") {
				t.Errorf("after %d rounds: %+v, said %q", rounds, v, h.LastSaid())
			}
			close(s.gate)
			if v := press(p); v.Result == nil || v.Result.Verdict == "" {
				t.Errorf("the next run: %+v", v)
			}
		})
	}
}

func TestEmptyAndLongTexts(t *testing.T) {
	s := &sides{clear: "novel"}
	run(t, s, func(t *testing.T, p *Private, _ *hosttest.Host) {
		for input, says := range map[string]string{" \n ": "empty", strings.Repeat("a", maxText+1): "at most 2000"} {
			p.SetText(input)
			if v := press(p); v.Failure == nil || !strings.Contains(v.Failure.Text, says) || len(s.log) > 0 {
				t.Errorf("%.9q: %+v", input, v)
			}
		}
		p.Try("a  long\n text")
		v := press(p)
		if v.Failure != nil || !strings.Contains(v.Result.Verdict, "The labels differ") || !strings.HasSuffix(v.Result.Verdict, "Only the first 32 tokens were read.") {
			t.Errorf("%+v", v)
		}
	})
}

func TestTheCommandNamesThePage(t *testing.T) {
	run(t, &sides{}, func(t *testing.T, p *Private, _ *hosttest.Host) {
		if c := p.Command(); c != "lode serve --encrypted thex-kinds-en --origin https://example.org" {
			t.Error(c)
		}
	})
}
