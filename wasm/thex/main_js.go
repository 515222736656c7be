package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/client"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
)

func main() {
	var s session
	object := js.Global().Get("Object").New()
	for name, f := range map[string]func(args []js.Value) (any, error){"open": s.open, "keys": s.message, "begin": s.begin, "next": s.answer} {
		object.Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any {
			y, err := guarded(func() (any, error) { return f(args) })
			if err != nil {
				return map[string]any{"error": err.Error()}
			}
			return y
		}))
	}
	js.Global().Set("program", object)
	select {}
}

// guarded returns a panic of f as an error.
func guarded(f func() (any, error)) (y any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the client of encrypted runs failed: %v; reload the page", r)
		}
	}()
	return f()
}

// session is the keys of this program, and its run.
type session struct {
	folder *thex.Folder
	keys   *client.Keys
	run    *client.Run
}

var errNotOpen = errors.New("no keys were made; call open first")

func (s *session) open(args []js.Value) (any, error) {
	var d struct {
		Version, Tokens int
		Hash            string
	}
	if err := json.Unmarshal([]byte(args[3].String()), &d); err != nil {
		return nil, fmt.Errorf("the server's description is not JSON: %w; check the address", err)
	}
	if d.Version != wire.Version {
		return nil, fmt.Errorf("%w: the server has version %d, expected %d; update the older side", wire.ErrVersion, d.Version, wire.Version)
	}
	f, err := thex.OpenBytes(thex.Bytes{Config: bytesOf(args[0]), Weights: bytesOf(args[1]), Tokenizer: bytesOf(args[2])}, d.Tokens)
	if err != nil {
		return nil, err
	}
	if want := wire.Hash(f.Plan); d.Hash != hex.EncodeToString(want[:]) {
		return nil, fmt.Errorf("%w: the server has the hash %.12q, expected %.12x; both sides must open the same model", wire.ErrParameters, d.Hash, want)
	}
	if s.keys == nil || wire.Hash(f.Plan) != wire.Hash(s.folder.Plan) {
		if s.keys, err = client.NewKeys(f.Plan); err != nil {
			return nil, err
		}
	}
	s.folder, s.run = f, nil
	fingerprint := s.keys.Fingerprint()
	labels := make([]any, len(f.Labels))
	for i, l := range f.Labels {
		labels[i] = l
	}
	return map[string]any{"fingerprint": hex.EncodeToString(fingerprint[:]), "labels": labels, "exchanges": len(f.Plan.Exchanges), "keyBytes": wire.MessageBytes(wire.Keys, f.Plan, 0)}, nil
}

func (s *session) message([]js.Value) (any, error) {
	if s.keys == nil {
		return nil, errNotOpen
	}
	var b bytes.Buffer
	b.Grow(wire.MessageBytes(wire.Keys, s.folder.Plan, 0))
	if err := s.keys.WriteMessage(&b); err != nil {
		return nil, err
	}
	return arrayOf(b.Bytes()), nil
}

func (s *session) begin(args []js.Value) (any, error) {
	if s.keys == nil {
		return nil, errNotOpen
	}
	ids, truncated, err := s.folder.IDs(args[0].String())
	if err != nil {
		return nil, err
	}
	run, message, err := s.keys.Begin(s.folder.Embeddings, ids)
	if err != nil {
		return nil, err
	}
	s.run = run
	return map[string]any{"message": arrayOf(message), "tokens": len(ids), "truncated": truncated}, nil
}

func (s *session) answer(args []js.Value) (any, error) {
	if s.run == nil {
		return nil, errors.New("no run was begun")
	}
	message, err := s.run.Next(bytesOf(args[0]))
	if err != nil {
		return nil, err
	}
	if message != nil {
		return map[string]any{"message": arrayOf(message)}, nil
	}
	logits, best := s.run.Logits(), 0
	values := make([]any, len(logits))
	for i, v := range logits {
		values[i] = v
		if v > logits[best] {
			best = i
		}
	}
	s.run = nil
	return map[string]any{"logits": values, "label": s.folder.Labels[best]}, nil
}

func bytesOf(v js.Value) []byte {
	p := make([]byte, v.Length())
	js.CopyBytesToGo(p, v)
	return p
}

func arrayOf(p []byte) js.Value {
	v := js.Global().Get("Uint8Array").New(len(p))
	js.CopyBytesToJS(v, p)
	return v
}
