//go:build !js

package safetensors

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"io"
	"math"
	"os"
)

// File is an open file whose header has been checked. Its methods may be called from
// several goroutines.
type File struct {
	*Header
	f *os.File
}

// Open opens a safetensors file and checks its header against its length.
func Open(path string) (*File, error) {
	f, err := OpenRegular(path)
	if err != nil {
		return nil, in("open", err)
	}
	info, err := f.Stat()
	var h *Header
	if err == nil {
		h, err = ReadHeader(f, info.Size())
	}
	if err != nil {
		f.Close()
		return nil, in(path, err)
	}
	return &File{Header: h, f: f}, nil
}

// OpenRegular opens a file for reading unless it is a device, a pipe or a folder: one of these
// in the place of a file of a model would be read without end, or never. The error of these
// is [ErrNotSafetensors].
func OpenRegular(path string) (*os.File, error) {
	info, err := os.Stat(path) // opening a pipe waits for a writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, in(path, refuse(ErrNotSafetensors, "not a regular file"))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = in(path, refuse(ErrNotSafetensors, "not a regular file"))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }

// Section reads one tensor's bytes without holding them: *io.SectionReader also seeks
// and reads at an offset.
func (f *File) Section(name string) (*io.SectionReader, Tensor, error) {
	t, ok := f.Lookup(name)
	if !ok {
		return nil, t, in(f.f.Name(), refuse(ErrNotFound, "no tensor %q among %d", lean.Clip(name), len(f.Tensors)))
	}
	return io.NewSectionReader(f.f, f.DataStart+t.Begin, t.NumBytes()), t, nil
}

// ReadTensor reads one tensor's bytes, little-endian and row-major.
func (f *File) ReadTensor(name string) ([]byte, error) {
	s, t, err := f.Section(name)
	if err != nil {
		return nil, err
	}
	return readBytes(s, t)
}

// Float32s reads an F32, F16 or BF16 tensor; another type is [ErrType].
func (f *File) Float32s(name string) ([]float32, error) {
	s, t, err := f.Section(name)
	if err != nil {
		return nil, err
	}
	return readFloats(s, t)
}

func readBytes(s *io.SectionReader, t Tensor) ([]byte, error) {
	if t.NumBytes() > math.MaxInt {
		return nil, refuse(ErrShape, "tensor %q: %d bytes do not fit this machine's memory", lean.Clip(t.Name), t.NumBytes())
	}
	b := make([]byte, t.NumBytes())
	if _, err := io.ReadFull(s, b); err != nil {
		return nil, in("tensor "+t.Name, err)
	}
	return b, nil
}

// readFloats converts in pieces, so that no second copy of the tensor is held.
func readFloats(s *io.SectionReader, t Tensor) ([]float32, error) {
	if !t.DType.IsFloat() {
		return nil, refuse(ErrType, "tensor %q is %s, expected F32, F16 or BF16", lean.Clip(t.Name), t.DType)
	}
	if t.NumElements() > math.MaxInt/4 {
		return nil, refuse(ErrShape, "tensor %q: %d elements do not fit this machine's memory", lean.Clip(t.Name), t.NumElements())
	}
	out := make([]float32, t.NumElements())
	buf := make([]byte, min(t.NumBytes(), 1<<16))
	for done := 0; done < len(out); {
		b := buf[:min(len(buf), (len(out)-done)*t.DType.Size())]
		if _, err := io.ReadFull(s, b); err != nil {
			return nil, in("tensor "+t.Name, err)
		}
		done += DecodeFloats(out[done:], b, t.DType)
	}
	return out, nil
}
