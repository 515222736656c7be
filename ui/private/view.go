package private

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// View is a copy of the state at one moment, for the component.
type View struct {
	Text, Address string
	Loaded        bool
	Stage         string // what runs, "" if nothing does
	Failure       *host.Failure
	Result        *ResultView
}

// ResultView is a run, which may not have come to its end.
type ResultView struct {
	Where    string // who computes, and what that means
	Keys     string
	Received string // bytes in hexadecimal, "" before the first message
	Noise    string // how much the bytes look like noise
	Rounds   []RoundView
	Total    string
	Verdict  string // both labels, "" before the end
}

// RoundView is an exchange.
type RoundView struct{ Number, What, Up, Down, Server, Client string }

// The bytes that are shown, and those that are measured, of the first message. Its header is left out.
const (
	header  = 104
	shown   = 192
	sampled = 1 << 16
)

// View returns what to show now.
func (p *Private) View() View {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := View{Text: p.text, Address: p.address, Loaded: p.Model.Ready(), Stage: p.stage, Failure: p.failure}
	if p.result != nil && p.result.where != "" {
		v.Result = p.result.view()
	}
	return v
}

func (r *result) view() *ResultView {
	v := &ResultView{Verdict: r.verdict(), Keys: "The evaluator has the keys of this page already."}
	if r.server {
		v.Where = "A server computes: " + r.where + ". It receives the bytes below and nothing else of your sentence."
	} else {
		v.Where = "This site has no evaluator, so a second worker of this page stands in for it. It runs the server's own code and has no key, but your sentence does not leave your machine in the first place. It takes several times as long as a server, and most of a gigabyte of memory."
	}
	if r.keys > 0 {
		v.Keys = fmt.Sprintf("Evaluation keys: %s, sent once in %s. They are public.", format.Bytes(int64(r.keys)), format.Duration(r.keysTook))
	}
	if len(r.received) > header {
		v.Received, v.Noise = dump(r.received[header:]), noise(r.received[header:])
	}
	var up, down int
	var server, client time.Duration
	for i, x := range r.rounds {
		v.Rounds = append(v.Rounds, RoundView{strconv.Itoa(i + 1), what(i, r.step.Message == nil && i == len(r.rounds)-1), format.Bytes(int64(x.up)), format.Bytes(int64(x.down)), format.Duration(x.server), format.Duration(x.client)})
		up, down, server, client = up+x.up, down+x.down, server+x.server, client+x.client
	}
	v.Total = fmt.Sprintf("%s, %s sent and %s received; the evaluator took %s, the client %s.", format.Count(len(r.rounds), "round", "rounds"),
		format.Bytes(int64(up)), format.Bytes(int64(down)), format.Duration(server), format.Duration(client))
	return v
}

// what happens in a round. A layer takes four.
func what(i int, last bool) string {
	if last {
		return "ReLU of the feed-forward → label"
	}
	s := [...]string{"states → attention scores", "numerators → their sum, and the values' sum", "ReLU → reciprocal's second layer", "ReLU → attention, feed-forward"}[i%4]
	if i%4 == 0 && i > 0 {
		s = "ReLU of the feed-forward → attention scores"
	}
	return fmt.Sprintf("Layer %d: %s", i/4+1, s)
}

// verdict is the end of a run in a sentence.
func (r *result) verdict() string {
	if r.clear == "" || r.step.Label == "" {
		return ""
	}
	s := fmt.Sprintf("Under encryption: %s. In clear: %s. ", r.step.Label, r.clear)
	if r.step.Label == r.clear {
		s += "The labels are equal."
	} else {
		s += "The labels differ: the scores of two classes lie within the noise."
	}
	if r.begun.Truncated {
		s += fmt.Sprintf(" Only the first %d tokens were read.", r.begun.Tokens)
	}
	return s
}

// dump is the beginning of b in hexadecimal, 16 bytes a line.
func dump(b []byte) string {
	var s strings.Builder
	for i, x := range b[:min(shown, len(b))] {
		switch {
		case i == 0:
		case i%16 == 0:
			s.WriteByte('\n')
		default:
			s.WriteByte(' ')
		}
		fmt.Fprintf(&s, "%02x", x)
	}
	return s.String()
}

// noise measures the entropy of single bytes. Text in English has about 4 bits, random bytes 8.
func noise(b []byte) string {
	var count [256]float64
	for _, x := range b {
		count[x]++
	}
	bits := 0.0
	for _, c := range count {
		if c > 0 {
			bits -= c / float64(len(b)) * math.Log2(c/float64(len(b)))
		}
	}
	return fmt.Sprintf("The first %d of the bytes that the evaluator receives. Entropy: %.2f of 8 bits a byte, measured over %s; English text has about 4.", min(shown, len(b)), bits, format.Bytes(int64(len(b))))
}
