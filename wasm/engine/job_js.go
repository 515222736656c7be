package main

import (
	"syscall/js"
	"time"
)

// turnEvery is the longest time that the worker's event loop stands still, as long
// as a layer takes less.
const turnEvery = 20 * time.Millisecond

// job is one request while it runs; see Job in web/src/job.ts.
type job struct {
	v    js.Value
	last time.Time // when the event loop had its last turn
}

func newJob(v js.Value) *job { return &job{v: v, last: time.Now()} }

// pause lets the event loop turn if it has not for a while. It returns errAborted
// if a message came that says so.
func (j *job) pause() error {
	if time.Since(j.last) < turnEvery {
		return nil
	}
	if _, err := await(j.v.Call("turn")); err != nil {
		return err
	}
	j.last = time.Now()
	if j.v.Get("aborted").Truthy() {
		return errAborted
	}
	return nil
}

// await waits for a promise. Other goroutines and the event loop go on meanwhile.
func await(promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	fulfilled := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{value: first(args)}
		return nil
	})
	defer fulfilled.Release()
	rejected := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- outcome{err: &jsError{first(args)}}
		return nil
	})
	defer rejected.Release()
	promise.Call("then", fulfilled, rejected)
	o := <-settled
	return o.value, o.err
}

func first(args []js.Value) js.Value {
	if len(args) == 0 {
		return js.Undefined()
	}
	return args[0]
}
