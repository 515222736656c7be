//go:build js && wasm

package main

import (
	"context"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/private"
	"github.com/lodestone-wasm/lodestone/wasm/app/wire"
)

// The files of the model that both sides read, and their programs.
const (
	thexFolder       = "./models/thex-kinds-en/"
	thexProgram      = "thex"
	evaluatorProgram = "evaluator"
)

func file(name string) any { return map[string]any{"file": thexFolder + name} }

// encrypted is a private.Client: the module's pipeline in clear, and the client of encrypted runs in a worker.
type encrypted struct {
	pipeline
	client program
}

// Size is that of the model and the client's program.
func (e *encrypted) Size(ctx context.Context) (int64, error) {
	model, err := e.pipeline.Size(ctx)
	if err != nil || model < 0 {
		return model, err
	}
	n, err := fetchSize(ctx, "./"+thexProgram+".wasm.gz")
	if err != nil || n == 0 {
		return -1, err
	}
	return model + n, nil
}

// Load loads both.
func (e *encrypted) Load(ctx context.Context, progress func(host.Progress)) error {
	if err := e.pipeline.Load(ctx, progress); err != nil {
		return err
	}
	_, err := e.client.call(ctx, thexProgram, "load", file("config.json"), file("model.safetensors"), file("tokenizer.json"))
	return err
}

// Open makes keys, which takes seconds.
func (e *encrypted) Open(ctx context.Context, description string) (string, error) {
	v, err := e.client.call(ctx, thexProgram, "open", file("config.json"), file("model.safetensors"), file("tokenizer.json"), description)
	if err != nil {
		return "", err
	}
	return v.Get("fingerprint").String(), nil
}

// Keys is the message with the evaluation keys.
func (e *encrypted) Keys(ctx context.Context) (private.Message, error) {
	v, err := e.client.call(ctx, thexProgram, "keys")
	return message{v}, err
}

// Begin encrypts a text.
func (e *encrypted) Begin(ctx context.Context, text string) (private.Begun, error) {
	v, err := e.client.call(ctx, thexProgram, "begin", text)
	if err != nil {
		return private.Begun{}, err
	}
	return private.Begun{Message: message{v.Get("message")}, Tokens: v.Get("tokens").Int(), Truncated: v.Get("truncated").Bool()}, nil
}

// Next takes an answer.
func (e *encrypted) Next(ctx context.Context, answer private.Message) (s private.Step, err error) {
	v, err := e.client.call(ctx, thexProgram, "next", answer.(message).bytes)
	if err != nil {
		return s, err
	}
	if m := v.Get("message"); m.Truthy() {
		s.Message = message{m}
		return s, nil
	}
	s.Label = v.Get("label").String()
	for i := range v.Get("logits").Length() {
		s.Logits = append(s.Logits, v.Get("logits").Index(i).Float())
	}
	return s, nil
}

// Clear classifies a text by the module.
func (e *encrypted) Clear(ctx context.Context, text string) (string, error) {
	v, err := e.call(ctx, text, map[string]any{})
	if err != nil {
		return "", err
	}
	return v.Index(0).Get("label").String(), nil
}

// message is a Uint8Array.
type message struct{ bytes js.Value }

func (m message) Len() int { return m.bytes.Length() }

func (m message) Head(n int) []byte {
	b := make([]byte, min(n, m.Len()))
	js.CopyBytesToGo(b, m.bytes)
	return b
}

// evaluators finds evaluators.
type evaluators struct{}

// stand is the evaluator in a worker, which is started once.
var stand program

func (evaluators) At(address string) private.Evaluator { return remote{address} }

func (evaluators) Here(ctx context.Context) (private.Evaluator, error) {
	_, err := stand.call(ctx, evaluatorProgram, "open", file("config.json"), file("model.safetensors"))
	return local{}, err
}

// local is the evaluator in a worker.
type local struct{}

func (local) Send(ctx context.Context, method, path string, body private.Message) (int, private.Message, error) {
	v, err := stand.call(ctx, evaluatorProgram, "handle", method, path, bytesOfMessage(body))
	if err != nil {
		return 0, nil, err
	}
	return v.Get("status").Int(), message{v.Get("body")}, nil
}

func bytesOfMessage(m private.Message) js.Value {
	if m == nil {
		return uint8Array.New(0)
	}
	return m.(message).bytes
}

// remote is an evaluator at an address.
type remote struct{ address string }

func (r remote) Send(ctx context.Context, method, path string, body private.Message) (int, private.Message, error) {
	abort, release := signal(ctx)
	defer release()
	o := map[string]any{"method": method, "signal": abort, "cache": "no-store", "credentials": "omit"}
	if body != nil {
		o["body"] = bytesOfMessage(body)
	}
	response, err := await(js.Global().Call("fetch", r.address+path, o))
	if err != nil {
		return 0, nil, wire.Network(r.address, err)
	}
	buffer, err := await(response.Call("arrayBuffer"))
	if err != nil {
		return 0, nil, wire.Network(r.address, err)
	}
	return response.Get("status").Int(), message{uint8Array.New(buffer)}, nil
}
