package translate

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// View is a copy of the state at one moment, for the component.
type View struct {
	From, To string // codes of the languages
	Source   string
	Output   string
	Any      bool   // there is a translation, or a part of one
	Working  bool   // or about to work
	Waiting  bool   // sentences have no translation, and none is in progress
	Status   string // how many sentences are translated, or how long it took
	Hint     string // that the text seems to be in the other language
	Failure  *host.Failure
	CopyVerb string
}

// View returns what to show now.
func (t *Translation) View() View {
	t.mu.Lock()
	defer t.mu.Unlock()
	out, pending, all := t.output()
	v := View{From: t.from, To: t.to, Source: t.source, Any: all > 0 && pending < all || t.running != nil, Failure: t.failure, CopyVerb: t.copied.Verb("Copy")}
	ready := t.Model.Ready()
	v.Working = ready && !t.stopped && (t.running != nil || pending > 0 && t.failure == nil)
	v.Waiting = ready && pending > 0 && !v.Working
	if ready || v.Any {
		v.Output = out
	}
	switch {
	case all == 0:
	case !ready:
		v.Status = "The text is translated as soon as the translator is ready."
	case pending > 0:
		v.Status = fmt.Sprintf("%d of %s", all-pending, format.Count(all, "sentence", "sentences"))
	default:
		v.Status = format.Count(all, "sentence", "sentences")
		if t.tokens > 0 && t.took > 0 {
			v.Status += fmt.Sprintf(", %s in %s", format.Count(t.tokens, "token", "tokens"), format.Duration(t.took))
		}
	}
	if guess := sentence.Language(t.source); guess == t.to {
		v.Hint = "This looks like " + sentence.Name(guess) + ". Swap the languages to translate from it."
	}
	return v
}

// output is the translation so far, how many sentences have none, and how many there are. The caller holds t.mu.
func (t *Translation) output() (text string, pending, all int) {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.Lead)
		for i, s := range p.Sentences {
			if i > 0 {
				b.WriteByte(' ')
			}
			if wordless(s) {
				b.WriteString(s)
				continue
			}
			all++
			j := t.job(s)
			out, ok := t.done[j]
			if !ok {
				pending++
				out = t.partial(j)
			}
			b.WriteString(out)
		}
	}
	return b.String(), pending, all
}

// partial is what there is of a sentence without a translation. The caller holds t.mu.
func (t *Translation) partial(j job) string {
	switch r, h := t.running, t.halted; {
	case r != nil && r.job == j && r.text != "":
		return strings.TrimSpace(r.text)
	case h != nil && h.job == j && h.text != "":
		return strings.TrimSpace(h.text) + " …"
	}
	return "…"
}

// outcome is what screen readers are told in the end: the translation, or that it is complete, or what went wrong. The caller holds t.mu.
func (t *Translation) outcome() string {
	if t.failure != nil {
		return t.failure.Sentence()
	}
	out, _, n := t.output()
	if utf8.RuneCountInString(out) > 200 {
		return format.Count(n, "sentence is", "sentences are") + " translated."
	}
	return out
}

// scores are the BLEU of both directions in a model card's rows for Tatoeba, in words; "" without both.
func scores(card string) string {
	bleu := func(row string) string {
		_, rest, _ := strings.Cut(card, "| Tatoeba "+row+" |")
		score, _, _ := strings.Cut(rest, "|")
		if _, err := strconv.ParseFloat(strings.TrimSpace(score), 64); err != nil {
			return ""
		}
		return strings.TrimSpace(score)
	}
	de, en := bleu("de→en"), bleu("en→de")
	if de == "" || en == "" {
		return ""
	}
	return "BLEU " + de + " from German and " + en + " from English, on Tatoeba’s everyday sentences. "
}
