package main

import "unsafe"

// What the worker does for this program without objects in between, which a call by
// syscall/js makes on either side; see engineImports in web/src/worker/job.ts.

// now is performance.now(), in milliseconds. Package time would bring 0.07 MB of
// calendars and time zones, and the runtime's metrics, into this program.
//
//go:wasmimport engine now
func now() float64

// keepToken keeps a token, and n bytes of text that it completes, until the next message to
// the page, which sendTokens sends. They are for the job that is being served.
//
//go:wasmimport engine token
func keepToken(sequence, id int32, text unsafe.Pointer, n int32)

//go:wasmimport engine flush
func sendTokens()
