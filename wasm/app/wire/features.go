package wire

import "fmt"

// Embed are the options of a call that embeds texts. The engine normalises the vectors; the page does not do it again.
func Embed() map[string]any { return map[string]any{"pooling": "prompt", "normalize": true} }

// Dim is the number of columns of a result that must have as many rows as there are texts.
func Dim(dims []int, texts int) (int, error) {
	if len(dims) != 2 || dims[0] != texts || dims[1] < 1 {
		return 0, fmt.Errorf("%w of feature-extraction: got a tensor %v, expected [%d, width]", ErrResult, dims, texts)
	}
	return dims[1], nil
}
