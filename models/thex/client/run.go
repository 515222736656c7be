package client

import (
	"bytes"
	"crypto/rand"
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
)

// Run is the client's side of a sentence.
type Run struct {
	keys   *Keys
	client *thex.Client
	id     wire.RunID
	next   int
	logits []float64
}

// Begin begins a run with the token ids of a sentence, special tokens included, and
// returns its first message.
func (k *Keys) Begin(e *thex.Embeddings, ids []int32) (*Run, []byte, error) {
	c, err := thex.NewClient(k.plan, e, ids)
	if err != nil {
		return nil, nil, err
	}
	r := &Run{keys: k, client: c}
	if _, err := rand.Read(r.id[:]); err != nil {
		return nil, nil, err
	}
	m, err := r.message(0, [][]complex128{c.First()}, nil)
	return r, m, err
}

// ID is the random name of the run.
func (r *Run) ID() wire.RunID { return r.id }

// Logits are the model's outputs, nil before the last answer.
func (r *Run) Logits() []float64 { return r.logits }

// Next takes an answer and returns the message that follows, nil after the last. After
// an error the answer was not taken.
func (r *Run) Next(answer []byte) ([]byte, error) {
	p := r.keys.plan
	if r.logits != nil {
		return nil, fmt.Errorf("client: %w: the run has ended", wire.ErrExchange)
	}
	in := bytes.NewReader(answer)
	h, err := wire.ReadHeader(in)
	if err != nil {
		return nil, err
	}
	if err := h.Check(wire.Down, p); err != nil {
		return nil, err
	}
	switch {
	case h.Run != r.id:
		return nil, fmt.Errorf("client: %w: an answer to run %x, this is %x", wire.ErrRun, h.Run[:4], r.id[:4])
	case h.Keys != r.keys.fingerprint:
		return nil, fmt.Errorf("client: %w: an answer under the keys %x…, these are %x…", wire.ErrKeys, h.Keys[:6], r.keys.fingerprint[:6])
	case int(h.Exchange) != r.next:
		return nil, fmt.Errorf("client: %w: an answer to exchange %d, expected %d", wire.ErrExchange, h.Exchange, r.next)
	}
	down, err := wire.ReadDown(in, p, r.next)
	if err != nil {
		return nil, err
	}
	slots := make([][]complex128, len(down))
	refreshed := map[int]*rlwe.Ciphertext{}
	for i, c := range down {
		if part := p.Exchanges[r.next].Down[i]; part.Role == thex.Refresh {
			refreshed[part.Index] = c
		} else if slots[i], err = r.keys.decrypt(c); err != nil {
			return nil, fmt.Errorf("client: part %d: %w", i, err)
		}
	}
	if r.next == len(p.Exchanges)-1 {
		r.logits, err = r.client.Logits(slots[0])
		return nil, err
	}
	values, err := r.client.Answer(r.next, slots)
	if err != nil {
		return nil, err
	}
	m, err := r.message(r.next+1, values, refreshed)
	if err == nil {
		r.next++
	}
	return m, err
}

// message encrypts the parts of a message.
func (r *Run) message(exchange int, values [][]complex128, refreshed map[int]*rlwe.Ciphertext) ([]byte, error) {
	p := r.keys.plan
	b := make([]byte, 0, wire.MessageBytes(wire.Up, p, exchange))
	b = wire.NewHeader(wire.Up, p, r.keys.fingerprint, r.id, exchange).Append(b)
	for i, part := range p.Exchanges[exchange].Up {
		var f *wire.Fresh
		var err error
		if part.Role == thex.Refresh {
			f, err = r.keys.refresh(refreshed[part.Index], part.Level)
		} else {
			f, err = r.keys.encrypt(values[i], part.Level)
		}
		if err != nil {
			return nil, fmt.Errorf("client: part %d of message %d: %w", i, exchange, err)
		}
		b = wire.AppendUp(b, f)
	}
	return b, nil
}
