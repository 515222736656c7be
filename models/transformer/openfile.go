//go:build !js

package transformer

import (
	"io"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// OpenFile opens a safetensors file as a Stream into the memory of dev. Package pipeline
// opens model folders; this is for files that are none, such as golden vectors.
func OpenFile(dev *kernels.Device, path string) (Stream, io.Closer, error) {
	f, err := safetensors.OpenRegular(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return NewStream(dev, filepath.Base(path), info.Size(), f), f, nil
}
