package golden

import (
	"bytes"
	"io"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Bytes is a weights file that is in Go's memory whole, as a Stream into that of dev.
func Bytes(dev *kernels.Device, file []byte) transformer.Stream {
	return &inMemory{bytes.NewReader(file), dev}
}

type inMemory struct {
	*bytes.Reader
	dev *kernels.Device
}

func (s *inMemory) Name() string { return "weights.safetensors" }

func (s *inMemory) Fill(at uint32, n int) error {
	if n > s.Len() {
		return io.ErrUnexpectedEOF
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(s.Reader, b); err != nil {
		return err
	}
	s.dev.Write(at, b)
	return nil
}
