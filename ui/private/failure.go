package private

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// Command starts an evaluator on the reader's machine, which answers this page.
func (p *Private) Command() string {
	origin := "ORIGIN"
	if u, err := url.Parse(p.host.Link("")); err == nil && u.Host != "" {
		origin = u.Scheme + "://" + u.Host
	}
	return "lode serve --encrypted thex-kinds-en --origin " + origin
}

// unreachable: there is no answer from an evaluator.
type unreachable struct {
	where string
	cause error
}

func (e *unreachable) Error() string {
	return fmt.Sprintf("the evaluator at %s cannot be reached: %v", e.where, e.cause)
}

func (e *unreachable) Unwrap() error { return e.cause }

// refusal is an answer of the evaluator that has a status and a sentence.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return e.text }

func refused(status int, answer Message) error {
	text := strings.TrimSpace(format.Cut(string(answer.Head(1000)), 500))
	if text == "" {
		text = "it gave no reason"
	}
	return &refusal{status, text}
}

func failureOf(err error) *host.Failure {
	var u *unreachable
	var r *refusal
	switch {
	case errors.As(err, &u):
		return &host.Failure{Title: "The evaluator cannot be reached", Code: "network",
			Text: fmt.Sprintf("%s: %v. Nothing was lost but this run. Check that it runs and allows this page, or leave the address empty: then a worker of this page stands in for it.", u.where, u.cause)}
	case errors.As(err, &r):
		return &host.Failure{Title: "The evaluator refused", Code: fmt.Sprintf("status %d", r.status), Text: r.text + ". Try again: that begins a new run."}
	}
	return host.FailureOf("The sentence could not be classified", err)
}
