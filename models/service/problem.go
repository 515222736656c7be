package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
)

// kind is what went wrong with a request.
type kind int

const (
	invalid     kind = iota // a field of the wrong type or value
	malformed               // not a JSON object
	missing                 // a required field is not there, or there is nothing in it
	overLimit               // more texts or tokens than a request may have
	badText                 // a text that has no tokens, such as half a surrogate pair
	noToken                 // no bearer token, or not one of ours
	notFound                // no such route or model
	notAllowed              // a method that the route does not have
	tooLarge                // the body
	mediaType               // not JSON
	overloaded              // the queue is full
	unavailable             // a model did not load, or the time ran out
	internal
)

// forms says what a kind looks like: its status and its type, in OpenAI's form and in
// that of Text Embeddings Inference.
var forms = [...]struct {
	status    int
	typ       string
	teiStatus int
	teiType   string
}{
	invalid:     {400, "invalid_request_error", 422, "Validation"},
	malformed:   {400, "invalid_request_error", 400, "Validation"},
	missing:     {400, "invalid_request_error", 400, "Empty"},
	overLimit:   {400, "invalid_request_error", 413, "Validation"},
	badText:     {422, "invalid_request_error", 422, "Tokenizer"},
	noToken:     {401, "authentication_error", 401, "Validation"},
	notFound:    {404, "not_found_error", 404, "Validation"},
	notAllowed:  {405, "invalid_request_error", 405, "Validation"},
	tooLarge:    {413, "invalid_request_error", 413, "Validation"},
	mediaType:   {415, "invalid_request_error", 415, "Validation"},
	overloaded:  {429, "rate_limit_error", 429, "Overloaded"},
	unavailable: {503, "server_error", 503, "Unhealthy"},
	internal:    {500, "server_error", 500, "Backend"},
}

// Problem is why a request was refused.
type Problem struct {
	kind    kind
	message string
	param   string // the field that it is about
	code    string
	retry   int   // seconds for Retry-After, 0: none
	cause   error // for the log; nil where it may hold a part of a text
}

func (p *Problem) Error() string { return p.message }

// problem makes a Problem about a field.
func problem(k kind, param, code, format string, args ...any) *Problem {
	return &Problem{kind: k, param: param, code: code, message: fmt.Sprintf(format, args...)}
}

// status is the status of the answer.
func (p *Problem) status(tei bool) int {
	if tei {
		return forms[p.kind].teiStatus
	}
	return forms[p.kind].status
}

// body is the answer.
func (p *Problem) body(tei bool) any {
	f := forms[p.kind]
	if tei {
		return map[string]string{"error": p.message, "error_type": f.teiType}
	}
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return map[string]any{"error": map[string]any{"message": p.message, "type": f.typ, "param": null(p.param), "code": null(p.code)}}
}

// problemOf makes a Problem of an error of the packages below, for the texts of the field
// param.
func problemOf(err error, param string) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p = problem(unavailable, "", "timeout", "the request took longer than this service allows; send fewer or shorter texts, or try again")
		p.retry = 1
		return p
	}
	switch code, text := pipeline.Code(err); code {
	case "invalid_text":
		// The error itself quotes what it found.
		return problem(badText, param, code, "%s has a text that the model's tokenizer cannot read: it has a character outside the vocabulary; leave that out", param)
	case "invalid_argument":
		return problem(invalid, param, code, "%s", text)
	case "out_of_memory":
		return problem(overLimit, param, code, "the request needs more memory than there is; send fewer or shorter texts")
	default:
		p = problem(internal, "", code, "the model could not compute this request")
		p.cause = err
		return p
	}
}

// retryAfter is the value of a problem's Retry-After, "" for none.
func (p *Problem) retryAfter(h http.Header) {
	if p.retry > 0 {
		h.Set("Retry-After", fmt.Sprint(p.retry))
	}
}
