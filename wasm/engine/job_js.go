package main

import "syscall/js"

// turnEvery is the longest time in milliseconds that the worker's event loop stands
// still, as long as a layer takes less.
const turnEvery = 20

// job is one request while it runs; see Job in web/src/job.ts.
type job struct {
	v     js.Value
	last  float64 // now, when the event loop had its last turn
	brief bool    // it runs to its end without a turn: it must not wait for a promise
}

func newJob(v js.Value, brief bool) *job {
	j := &job{v: v, brief: brief}
	if !brief {
		j.last = now()
	}
	return j
}

// pause lets the event loop turn if it has not for a while. It returns errAborted
// if a message came that says so.
func (j *job) pause() error {
	if j.brief || now()-j.last < turnEvery {
		return nil
	}
	if _, err := await(j.v.Call("turn")); err != nil {
		return err
	}
	j.last = now()
	if j.v.Get("aborted").Truthy() {
		return errAborted
	}
	return nil
}

var performance = js.Global().Get("performance")

// now is performance.now(), in milliseconds. Package time would bring 0.07 MB of
// calendars and time zones, and the runtime's metrics, into this program.
func now() float64 { return performance.Call("now").Float() }

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
