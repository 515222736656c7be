package transformer

import (
	"io"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Stream is a safetensors file that arrives from its beginning to its end.
type Stream interface {
	// Name is what errors call the file.
	Name() string
	// Size is the number of bytes of the file, −1 if nobody knows.
	Size() int64
	// Read reads like an io.Reader. It serves the header, and the question whether
	// the file has ended.
	Read(p []byte) (int, error)
	// Fill reads exactly n bytes into device memory at offset at.
	Fill(at uint32, n int) error
}

// Parker is a Stream that holds something while it is open, such as a connection, and can
// release it until it is read on.
type Parker interface{ Park() error }

// NewStream is a Stream of size bytes (−1: unknown) that r gives, into the memory of dev.
func NewStream(dev *kernels.Device, name string, size int64, r io.Reader) Stream {
	return &readerStream{Reader: r, name: name, size: size, dev: dev}
}

// streamBuffer is how many bytes a readerStream copies at a time.
const streamBuffer = 1 << 18

type readerStream struct {
	io.Reader
	name string
	size int64
	dev  *kernels.Device
	buf  []byte
}

func (s *readerStream) Name() string { return s.name }
func (s *readerStream) Size() int64  { return s.size }

func (s *readerStream) Fill(at uint32, n int) error {
	if s.buf == nil {
		s.buf = make([]byte, streamBuffer)
	}
	for n > 0 {
		part := s.buf[:min(n, len(s.buf))]
		if _, err := io.ReadFull(s.Reader, part); err != nil {
			return err
		}
		s.dev.Write(at, part)
		at += uint32(len(part))
		n -= len(part)
	}
	return nil
}
