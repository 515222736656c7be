package pipeline

import (
	"io"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Memory is the device memory that the weights of a folder take, and for each of some
// batches, given as the lengths of their sequences, what a forward pass takes above them
// (see transformer.Model.ActivationBytes). It reads headers and takes no memory: dev is
// only asked for the sizes of its backend. A matrix that "q8" would leave f32 for what is
// in it counts as int8. Verifying the folder takes 192 bytes a file of weights besides.
func (f *Folder) Memory(dev *kernels.Device, head Head, o Options, batches ...[]int) (weights uint64, activations []uint64, err error) {
	_, err = dev.Measure(func() error {
		unread := *f
		unread.files = headers{f.files}
		unread.Manifest = nil // nothing is hashed
		m, err := unread.Load(dev, head, o)
		if err != nil {
			return err
		}
		weights = m.Stack.WeightBytes()
		for _, lengths := range batches {
			n, err := m.Stack.ActivationBytes(lengths...)
			if err != nil {
				return err
			}
			activations = append(activations, n)
		}
		return nil
	})
	return weights, activations, err
}

// headers are files of weights of which the headers alone are read.
type headers struct{ Files }

func (f headers) Open(dev *kernels.Device, name string) (Stream, error) {
	s, err := f.Files.Open(dev, name)
	if err != nil {
		return nil, err
	}
	return &headerStream{Stream: s}, nil
}

type headerStream struct {
	Stream
	skipped bool
}

// Fill skips n bytes.
func (s *headerStream) Fill(uint32, int) error {
	s.skipped = true
	return nil
}

// Read reads the header. Behind it the file counts as read to its end.
func (s *headerStream) Read(p []byte) (int, error) {
	if s.skipped {
		return 0, io.EOF
	}
	return s.Stream.Read(p)
}
