package main

import (
	"fmt"
	"io"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/wasm/promise"
)

// assets is a model folder among the static assets: a pipeline.Files.
type assets struct{ id string }

// ReadFile is that of pipeline.Files.
func (a assets) ReadFile(name string, limit int64) ([]byte, error) {
	v, err := promise.Await(glue.Call("small", a.id, name, float64(limit)))
	switch {
	case err != nil:
		return nil, fmt.Errorf("edge: %s/%s: %w", a.id, name, err)
	case v.IsNull():
		return nil, fmt.Errorf("edge: %s/%s: %w", a.id, name, pipeline.ErrNoFile)
	case v.Type() == js.TypeNumber:
		return nil, fmt.Errorf("edge: %s/%s: %w: it has more than %d bytes", a.id, name, pipeline.ErrTooLarge, limit)
	}
	return bytesOf(v), nil
}

// Weights is that of pipeline.Files: web/edge/build.mjs makes one file of weights.
func (a assets) Weights() ([]string, error) { return []string{pipeline.WeightsFile}, nil }

// Open is that of pipeline.Files.
func (a assets) Open(_ *kernels.Device, name string) (pipeline.Stream, error) {
	v, err := promise.Await(glue.Call("open", a.id, name))
	if err != nil {
		return nil, fmt.Errorf("edge: %s/%s: %w", a.id, name, err)
	}
	if v.IsNull() {
		return nil, fmt.Errorf("edge: %s/%s: %w", a.id, name, pipeline.ErrNoFile)
	}
	return &stream{v, name, int64(v.Get("size").Float())}, nil
}

// stream is a pipeline.Stream over a WeightsFile of web/edge/assets.mjs.
type stream struct {
	v    js.Value
	name string
	size int64
}

func (s *stream) Name() string    { return s.name }
func (s *stream) Size() int64     { return s.size }
func (s *stream) SetSize(n int64) { s.size = n }
func (s *stream) Park() error     { return nil } // there is one file

// Read copies bytes into Go's memory: the header's, and few others.
func (s *stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	part, err := promise.Await(s.v.Call("read", len(p)))
	if err != nil {
		return 0, fmt.Errorf("edge: %s: %w", s.name, err)
	}
	n := js.CopyBytesToGo(p, part)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Fill has n bytes written to the kernels' memory.
func (s *stream) Fill(at uint32, n int) error {
	got, err := promise.Await(s.v.Call("fill", float64(at), n))
	if err != nil {
		return fmt.Errorf("edge: %s: %w", s.name, err)
	}
	if got.Int() != n {
		return fmt.Errorf("edge: %s: %d of %d bytes: %w", s.name, got.Int(), n, io.ErrUnexpectedEOF)
	}
	return nil
}

// Close ends reading.
func (s *stream) Close(bool) error {
	_, err := promise.Await(s.v.Call("close"))
	return err
}
