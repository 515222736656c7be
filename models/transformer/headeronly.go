//go:build !js

package transformer

import (
	"io"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// headOnly is a file of which the header alone is read.
type headOnly struct{ *fileStream }

func (s headOnly) Fill(_ uint32, n int) error {
	_, err := s.f.Seek(int64(n), io.SeekCurrent)
	return err
}

// FolderMemory is the device memory that the weights of a folder take, and for each of
// some batches, given as the lengths of their sequences, what Forward takes above them
// (see Model.ActivationBytes). It reads headers and takes no memory: dev is only asked for
// the sizes of its backend. A matrix that "q8" would leave f32 for what is in it counts as
// int8.
func FolderMemory(dev *kernels.Device, dir string, c *Config, o LoadOptions, batches ...[]int) (weights uint64, activations []uint64, err error) {
	_, err = dev.Measure(func() error {
		names, err := shardNames(dir)
		if err != nil {
			return err
		}
		var files []Stream
		for _, name := range names {
			s, closer, err := OpenFile(dev, filepath.Join(dir, name))
			if err != nil {
				return err
			}
			defer closer.Close()
			files = append(files, headOnly{s.(*fileStream)})
		}
		m, err := Load(dev, c, files, o)
		if err != nil {
			return err
		}
		weights = m.WeightBytes()
		for _, lengths := range batches {
			n, err := m.ActivationBytes(lengths...)
			if err != nil {
				return err
			}
			activations = append(activations, n)
		}
		return nil
	})
	return weights, activations, err
}
