//go:build !js

package safetensors_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// A stream's header says where each tensor will pass by; the reader then stands at the
// first data byte.
func ExampleReadHeader() {
	var file bytes.Buffer
	safetensors.Write(&file, map[string]string{"format": "pt"}, []safetensors.Entry{
		{Name: "w", DType: safetensors.F32, Shape: []int{2, 3}, Data: safetensors.Floats([]float32{1, 2, 3, 4, 5, 6}, safetensors.F32)},
		{Name: "b", DType: safetensors.F16, Shape: []int{2}, Data: safetensors.Floats([]float32{0.5, -1}, safetensors.F16)},
	})
	h, err := safetensors.ReadHeader(&file, int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range h.Tensors {
		fmt.Println(t.Name, t.DType, t.Shape, t.Begin, t.End)
	}

	_, err = safetensors.ReadHeader(bytes.NewReader([]byte("<!DOCTYPE html><title>404</title>")), -1)
	fmt.Println(errors.Is(err, safetensors.ErrHTML))
	// Output:
	// w F32 [2 3] 0 24
	// b F16 [2] 24 28
	// true
}

func ExampleOpenFolder() {
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	out, _ := os.Create(filepath.Join(dir, safetensors.SingleFile))
	safetensors.Write(out, nil, []safetensors.Entry{
		{Name: "scale", DType: safetensors.BF16, Shape: []int{2}, Data: safetensors.Floats([]float32{0.5, 2}, safetensors.BF16)},
	})
	out.Close()

	f, err := safetensors.OpenFolder(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	fmt.Println(f.Float32s("scale"))
	// Output: [0.5 2] <nil>
}
