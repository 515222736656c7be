package main

import (
	"errors"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/wasm/promise"
)

// The worker sets GOGC (web/src/worker/instantiate.ts): package runtime/debug would bring fmt
// and os into this program.
func main() {
	backend, err := simd.New(nil)
	if err != nil {
		println(err.Error())
		return // without __lodestone, which the worker reports
	}
	e := &engine{dev: kernels.NewDevice(backend)}
	e.processor, e.empty = e.dev, e.dev.Mark()
	object := js.Global().Get("Object").New()
	object.Set("call", js.FuncOf(e.call))
	js.Global().Set("__lodestone", object)
	select {}
}

// operations are what a request may ask for. Each returns a value for
// js.ValueOf.
var operations = map[string]func(e *engine, request js.Value, j *job) (any, error){
	"device":             (*engine).device,
	"load":               (*engine).load,
	"shards":             (*engine).shards,
	"feature-extraction": (*engine).features,
	"encode":             (*engine).encode,
	"decode":             (*engine).decode,
	"chat-files":         (*engine).chatFiles,
	"forward":            (*engine).forward,
	"rate":               (*engine).rate,
	"generate":           (*engine).generate,
	"logits":             (*engine).logits,
	"set-knowledge":      (*engine).setKnowledge,
	"read":               (*engine).read,
	"compose":            (*engine).compose,
	"head":               (*engine).headLogits,
	"task":               (*engine).task,
	"crop":               (*engine).crop,
	"memory":             (*engine).memory,
	"describe":           (*engine).describeModel,
	"watch":              (*engine).watch,
	"inspect":            (*engine).inspect,
	"depth":              (*engine).depth,
}

// call is call(op, request, job, resolve, reject, brief) of web/src/worker/job.ts. The
// worker makes the next call after this one has settled: a Device serves one at a
// time. A brief one has settled when call returns: a short text takes half a millisecond,
// and waking the scheduler of a program that rested takes a tenth.
func (e *engine) call(_ js.Value, args []js.Value) any {
	if len(args) != 6 {
		return nil // not from our worker
	}
	op, request, resolve, reject := args[0].String(), args[1], args[3], args[4]
	j := newJob(args[2], args[5].Truthy())
	serve := func() {
		v, err := e.perform(op, request, j)
		if err != nil {
			reject.Invoke(errorValue(err))
			return
		}
		resolve.Invoke(v)
	}
	if j.brief {
		serve()
	} else {
		go serve()
	}
	return nil
}

// perform runs one operation. A panic becomes an error, and the memory that the
// operation had is given back.
func (e *engine) perform(op string, request js.Value, j *job) (v any, err error) {
	run := operations[op]
	if run == nil {
		return nil, lean.Errorf("engine: %w: operation %q", pipeline.ErrRequest, op)
	}
	if op != "load" && op != "device" {
		mark := e.dev.Mark()
		defer e.dev.Release(mark)
	}
	defer func() {
		if p := recover(); p != nil {
			e.dev.Err() // forget what the operation left behind
			v, err = nil, recovered(op, p)
		}
	}()
	return run(e, request, j)
}

// recovered is the error of a panic.
func recovered(op string, p any) error {
	switch p := p.(type) {
	case js.Error:
		return &promise.Rejection{Value: p.Value}
	case error:
		return lean.Errorf("engine: %s: %w", op, p)
	case string:
		return lean.Errorf("engine: %s: %s", op, p)
	}
	return lean.Errorf("engine: %s: a panic whose value has no text", op)
}

// errorValue is err as the worker expects it: what JavaScript threw, or
// {code, message, details}.
func errorValue(err error) any {
	var thrown *promise.Rejection
	if errors.As(err, &thrown) {
		return thrown.Value
	}
	code, text := pipeline.Code(err)
	return map[string]any{"code": code, "message": text, "details": map[string]any{}}
}
