package main

import (
	"io"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/wasm/promise"
)

// pageFiles are the files of a load: small ones whole, weights as streams that the worker
// fetches.
type pageFiles struct {
	request js.Value
	job     *job
	gpu     *kernels.Device // where weights go instead of the kernels' memory, or nil
}

// smallFiles says under which field of the request a small file comes.
var smallFiles = map[string]string{
	"manifest.json":              "manifest",
	pipeline.ConfigFile:          "config",
	pipeline.TokenizerFile:       "tokenizer",
	pipeline.GenerationFile:      "generation",
	pipeline.TokenizerConfigFile: "tokenizerConfig",
	pipeline.ChatTemplateFile:    "chatTemplate",
}

// ReadFile is that of pipeline.Files. The worker has checked the limit.
func (f pageFiles) ReadFile(name string, _ int64) ([]byte, error) {
	text := bytesOf(f.request.Get(smallFiles[name]))
	if text == nil {
		return nil, lean.Errorf("engine: %w: %s", pipeline.ErrNoFile, name)
	}
	return text, nil
}

// Weights is that of pipeline.Files.
func (f pageFiles) Weights() ([]string, error) {
	files := f.request.Get("files")
	names := make([]string, files.Length())
	for i := range names {
		names[i] = files.Index(i).Get("name").String()
	}
	return names, nil
}

// Open is that of pipeline.Files: the stream is open already.
func (f pageFiles) Open(_ *kernels.Device, name string) (pipeline.Stream, error) {
	files := f.request.Get("files")
	for i := range files.Length() {
		if v := files.Index(i); v.Get("name").String() == name {
			return &stream{to: f.gpu, v: v, name: name, size: int64(v.Get("size").Float()), sizes: f.request.Get("sizes"), job: f.job}, nil
		}
	}
	return nil, lean.Errorf("engine: %w: %s", pipeline.ErrNoFile, name)
}

// stream is a weights file that JavaScript fetches: a pipeline.Stream over a WeightsFile
// of the worker.
type stream struct {
	to    *kernels.Device // a GPU, or nil
	v     js.Value
	name  string
	size  int64
	sizes js.Value // reports a size that the server did not state
	job   *job
}

func (s *stream) Name() string { return s.name }
func (s *stream) Size() int64  { return s.size }

// SetSize is told what manifest.json says, and tells the page.
func (s *stream) SetSize(n int64) {
	s.size = n
	s.sizes.Invoke(float64(n), s.name)
}

// Read copies bytes into Go's memory: the header's, and few others.
func (s *stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	part, err := promise.Await(s.v.Call("read", len(p)))
	if err != nil {
		return 0, err
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
	if err := s.job.Err(); err != nil {
		return err
	}
	if s.to != nil {
		return s.send(at, n)
	}
	got := s.v.Call("fill", int(at), n)
	if got.Type() != js.TypeNumber {
		var err error
		if got, err = promise.Await(got); err != nil {
			return err
		}
	}
	if got.Int() != n {
		return lean.Errorf("%d of %d bytes: %w", got.Int(), n, io.ErrUnexpectedEOF)
	}
	return nil
}

// send has n bytes written to a GPU, through a small part of Go's memory.
func (s *stream) send(at uint32, n int) error {
	part := make([]byte, min(n, 1<<18))
	for n > 0 {
		got, err := s.Read(part[:min(n, len(part))])
		if err == io.EOF {
			return lean.Errorf("%d bytes too few: %w", n, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return err
		}
		s.to.Write(at, part[:got])
		at += uint32(got)
		n -= got
	}
	return nil
}

// Park releases the connection until more is read.
func (s *stream) Park() error {
	_, err := promise.Await(s.v.Call("park"))
	return err
}

// Close tells the page that the file has come whole; it ends the others itself.
func (s *stream) Close(complete bool) error {
	if !complete {
		return nil
	}
	_, err := promise.Await(s.v.Call("finish"))
	return err
}
