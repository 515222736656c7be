package evaluator

import (
	"fmt"
	"io"
	"math"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
	"github.com/tuneinsight/lattigo/v6/schemes/ckks"
)

// Model is the server's part of a model. Several goroutines may use it.
type Model struct {
	plan    *thex.Plan
	weights *thex.Weights
	encoded *encoded
}

// NewModel makes a model. Its weights are encoded when they are first needed, which takes
// seconds in the first run and, for thex-kinds-en, 0.5 GB.
func NewModel(p *thex.Plan, w *thex.Weights) *Model {
	return &Model{p, w, &encoded{encoder: ckks.NewEncoder(wire.Parameters()), of: map[string]encoding{}}}
}

// Plan is the plan of the model's runs.
func (m *Model) Plan() *thex.Plan { return m.plan }

// Keys are the evaluation keys of a client. They are public, and what they were made of
// cannot be found in them. Several goroutines may use them.
type Keys struct {
	fingerprint wire.Fingerprint
	set         rlwe.EvaluationKeySet
}

// Fingerprint names the keys.
func (k *Keys) Fingerprint() wire.Fingerprint { return k.fingerprint }

// ReadKeys reads a message with evaluation keys. It reads no more than such a message has,
// keeps about seven times as much as it is long, and refuses keys that are not exactly
// those of the plan.
func (m *Model) ReadKeys(r io.Reader) (*Keys, error) {
	h, err := wire.ReadHeader(r)
	if err != nil {
		return nil, err
	}
	return m.ReadKeysAfter(h, r)
}

// ReadKeysAfter is [Model.ReadKeys] behind the header.
func (m *Model) ReadKeysAfter(h wire.Header, r io.Reader) (*Keys, error) {
	if err := h.Check(wire.Keys, m.plan); err != nil {
		return nil, err
	}
	set, err := wire.ReadKeys(r, m.plan, h.Keys)
	if err != nil {
		return nil, err
	}
	return &Keys{h.Keys, set}, nil
}

// Run is the server's side of a sentence. One goroutine at a time may use it.
type Run struct {
	model   *Model
	keys    *Keys
	id      wire.RunID
	machine *machine
	run     *thex.Run[cipher]
}

// Begin begins the run that a header names, under the keys that it names.
func (m *Model) Begin(h wire.Header, k *Keys) (*Run, error) {
	if err := h.Check(wire.Up, m.plan); err != nil {
		return nil, err
	}
	if h.Keys != k.fingerprint {
		return nil, fmt.Errorf("evaluator: %w: the message names the keys %x…, these are %x…", wire.ErrKeys, h.Keys[:6], k.fingerprint[:6])
	}
	if h.Exchange != 0 {
		return nil, fmt.Errorf("evaluator: %w: run %x is not known here, and exchange %d is not its first; begin again", wire.ErrRun, h.Run[:4], h.Exchange)
	}
	params := wire.Parameters()
	c := &machine{params: params, eval: ckks.NewEvaluator(params, k.set), weights: m.encoded}
	return &Run{m, k, h.Run, c, thex.NewRun[cipher](c, m.plan, m.weights)}, nil
}

// Begun tells whether a message was answered.
func (r *Run) Begun() bool { return r.run.Next() > 0 }

// Done tells whether the last message was answered.
func (r *Run) Done() bool { return r.run.Next() == len(r.model.plan.Exchanges) }

// Answer takes the parts of the client's next message, behind their header, and returns
// the whole answer. After an error of the message (a kind of package wire), the run still
// waits for the same one.
func (r *Run) Answer(h wire.Header, parts io.Reader) ([]byte, error) {
	p := r.model.plan
	if err := h.Check(wire.Up, p); err != nil {
		return nil, err
	}
	next := r.run.Next()
	switch {
	case h.Run != r.id:
		return nil, fmt.Errorf("evaluator: %w: a message of run %x, this is %x", wire.ErrRun, h.Run[:4], r.id[:4])
	case h.Keys != r.keys.fingerprint:
		return nil, fmt.Errorf("evaluator: %w: the message names the keys %x…, the run began with %x…", wire.ErrKeys, h.Keys[:6], r.keys.fingerprint[:6])
	case int(h.Exchange) != next:
		return nil, fmt.Errorf("evaluator: %w: exchange %d, expected %d; a message is answered once", wire.ErrExchange, h.Exchange, next)
	}
	ciphertexts, err := wire.ReadUp(parts, p, next)
	if err != nil {
		return nil, err
	}
	up := make([]cipher, len(ciphertexts))
	for i, c := range ciphertexts {
		up[i] = cipher{c, math.Exp2(thex.LogScale)}
	}
	down, err := r.run.Step(up)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, wire.MessageBytes(wire.Down, p, next))
	b = wire.NewHeader(wire.Down, p, r.keys.fingerprint, r.id, next).Append(b)
	for _, c := range down {
		b = wire.AppendDown(b, c.Ciphertext)
	}
	return b, nil
}
