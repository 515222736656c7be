package private

import "context"

// Message is a message of either side. It may be large; views read its beginning only.
type Message interface {
	Len() int
	Head(n int) []byte // at most the first n bytes
}

// Client makes keys, encrypts, decrypts and rectifies. Its secret key never leaves it.
type Client interface {
	// Open makes keys for the model that an evaluator describes, unless it has them, and returns their fingerprint.
	Open(ctx context.Context, description string) (fingerprint string, err error)
	// Keys is the message with the evaluation keys.
	Keys(ctx context.Context) (Message, error)
	// Begin encrypts a text. A run that was begun before is given up.
	Begin(ctx context.Context, text string) (Begun, error)
	// Next takes an answer. After the last, Message is nil and Label is set.
	Next(ctx context.Context, answer Message) (Step, error)
	// Clear classifies a text without encryption.
	Clear(ctx context.Context, text string) (label string, err error)
}

// Begun is the first message of a run.
type Begun struct {
	Message   Message
	Tokens    int
	Truncated bool // the end of the text is left out
}

// Step is what follows an answer.
type Step struct {
	Message Message
	Label   string
	Logits  []float64
}

// Evaluator answers the requests of package models/thex/server.
type Evaluator interface {
	// Send returns the status and the body of the answer. err is set if there is no answer at all.
	Send(ctx context.Context, method, path string, body Message) (status int, answer Message, err error)
}

// Evaluators finds an evaluator.
type Evaluators interface {
	// At is the server at an address, which may be relative to the page.
	At(address string) Evaluator
	// Here is the evaluator in a second worker of this page.
	Here(ctx context.Context) (Evaluator, error)
}
