package main

import (
	"math"
	"syscall/js"
	"unsafe"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/wasm/promise"
)

// In milliseconds:
const (
	// turnEvery is the longest time that the worker's event loop stands still, as long as a
	// layer takes less.
	turnEvery = 20
	// lookEvery is about how often a job whose layers take about as long as each other looks at
	// the clock, whose answer is an object of its own in some browsers.
	lookEvery = 2
	// sendEvery is how far apart messages with tokens are at least, which cost more than tokens.
	sendEvery = 16
)

// job is one request while it runs; see Job in web/src/worker/job.ts.
type job struct {
	v     js.Value
	last  float64 // now, when the event loop had its last turn
	brief bool    // it runs to its end without a turn: it must not wait for a promise
	ended bool    // the page has asked a generation to end with what it has

	passed, skip int     // layers since the clock was looked at, and how many shall pass
	looked       float64 // now, then
	kept         bool    // tokens wait to be sent
	sent         float64 // now, when some were
}

func newJob(v js.Value, brief bool) *job {
	j := &job{v: v, brief: brief, sent: math.Inf(-1)}
	if !brief {
		j.last = now()
	}
	return j
}

// Err lets the event loop turn if it has not for a while, so that a message that aborts the
// job arrives; then it returns pipeline.ErrAborted. A job is a tasks.Context.
func (j *job) Err() error {
	if j.brief {
		return nil
	}
	return j.turn(now())
}

// errSteadily is Err for generation, whose layers follow each other fast, and sends tokens.
func (j *job) errSteadily() error {
	if j.passed++; j.passed < j.skip {
		return nil
	}
	t := now()
	// A clock may stand still for many layers: twice as many as before are the most.
	j.skip = 2 * j.passed
	if took := t - j.looked; took*2 > lookEvery {
		j.skip = max(1, int(float64(j.passed)*lookEvery/took))
	}
	j.passed, j.looked = 0, t
	if j.kept && t-j.sent >= sendEvery {
		sendTokens()
		j.kept, j.sent = false, t
	}
	return j.turn(t)
}

// token reports a token, and the text that it completes, to the page.
func (j *job) token(sequence int, id int32, text []byte) error {
	keepToken(int32(sequence), id, unsafe.Pointer(unsafe.SliceData(text)), int32(len(text)))
	j.kept = true
	return nil
}

// turn lets the event loop turn if at t it has not for a while.
func (j *job) turn(t float64) error {
	if t-j.last < turnEvery {
		return nil
	}
	if _, err := promise.Await(j.v.Call("turn")); err != nil {
		return err
	}
	j.last = now()
	if j.v.Get("aborted").Truthy() {
		return pipeline.ErrAborted
	}
	j.ended = j.v.Get("interrupted").Truthy()
	return nil
}

// interrupted tells whether a generation is to end with what it has.
func (j *job) interrupted() bool { return j.ended }
