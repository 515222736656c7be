package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
)

// gcPercent makes the collector run after little garbage: the heap is small, never
// shrinks, and lies beside weights that a phone has to hold as well.
const gcPercent = 50

func main() {
	debug.SetGCPercent(gcPercent)
	backend, err := simd.New(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	e := &engine{dev: kernels.NewDevice(backend)}
	e.empty = e.dev.Mark()
	object := js.Global().Get("Object").New()
	object.Set("call", js.FuncOf(e.call))
	js.Global().Set("__lodestone", object)
	select {}
}

// operations are what a request may ask for. Each returns a value for
// js.ValueOf.
var operations = map[string]func(e *engine, request js.Value, j *job) (any, error){
	"load":     (*engine).load,
	"shards":   (*engine).shards,
	"features": (*engine).features,
	"encode":   (*engine).encode,
	"decode":   (*engine).decode,
	"forward":  (*engine).forward,
	"memory":   (*engine).memory,
}

// call is call(op, request, job, resolve, reject) of web/src/instantiate.ts. The
// worker makes the next call after this one has settled: a Device serves one at a
// time.
func (e *engine) call(_ js.Value, args []js.Value) any {
	if len(args) != 5 {
		return nil // not from our worker
	}
	op, request, resolve, reject := args[0].String(), args[1], args[3], args[4]
	j := newJob(args[2])
	go func() {
		v, err := e.perform(op, request, j)
		if err != nil {
			reject.Invoke(errorValue(err))
			return
		}
		resolve.Invoke(v)
	}()
	return nil
}

// perform runs one operation. A panic becomes an error, and the memory that the
// operation had is given back.
func (e *engine) perform(op string, request js.Value, j *job) (v any, err error) {
	run := operations[op]
	if run == nil {
		return nil, fmt.Errorf("engine: %w: operation %q", errArgument, op)
	}
	if op != "load" {
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
		return &jsError{p.Value}
	case error:
		return fmt.Errorf("engine: %s: %w", op, p)
	}
	return fmt.Errorf("engine: %s: %v", op, p)
}

// jsError is an error that JavaScript threw; it goes back as it came.
type jsError struct{ value js.Value }

func (e *jsError) Error() string {
	if e.value.Type() == js.TypeObject {
		return e.value.Get("message").String()
	}
	return e.value.String()
}

// errorValue is err as the worker expects it: what JavaScript threw, or
// {code, message, details}.
func errorValue(err error) any {
	var thrown *jsError
	if errors.As(err, &thrown) {
		return thrown.value
	}
	m := describe(err)
	return map[string]any{"code": m.code, "message": m.text, "details": map[string]any{}}
}
