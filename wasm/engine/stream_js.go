package main

import (
	"io"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// stream is a weights file that JavaScript fetches: transformer.Stream over a
// WeightsFile of web/src/load.ts.
type stream struct {
	v    js.Value
	name string
	size int64
	job  *job
}

func (s *stream) Name() string { return s.name }
func (s *stream) Size() int64  { return s.size }

// Read copies bytes into Go's memory: the header's, and few others.
func (s *stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	part := s.v.Call("read", len(p))
	if part.InstanceOf(promiseClass) {
		var err error
		if part, err = await(part); err != nil {
			return 0, err
		}
	}
	n := js.CopyBytesToGo(p, part)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Fill has n bytes written to the kernels' memory. Bytes that are at hand are
// written during the call; for others it waits.
func (s *stream) Fill(at uint32, n int) error {
	if err := s.job.pause(); err != nil {
		return err
	}
	got := s.v.Call("fill", int(at), n)
	if got.Type() != js.TypeNumber {
		var err error
		if got, err = await(got); err != nil {
			return err
		}
	}
	if got.Int() != n {
		return lean.Errorf("%d of %d bytes: %w", got.Int(), n, io.ErrUnexpectedEOF)
	}
	return nil
}

// Park lets the connection go until more is read.
func (s *stream) Park() error {
	_, err := await(s.v.Call("park"))
	return err
}

// finish tells the page that the file has come whole.
func (s *stream) finish() error {
	_, err := await(s.v.Call("finish"))
	return err
}

var promiseClass = js.Global().Get("Promise")
