package depth

import (
	"bytes"
	"io"
	"math"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// tensor is a tensor of a stack; out is 0 for a vector of a LayerNorm.
type tensor struct {
	name    string
	out, in int
}

// size is the number of elements.
func (t tensor) size() int { return max(1, t.out) * t.in }

// tensors are those of a stack under torchscale's names, in the order of the file.
func (s Scheme) tensors() []tensor {
	all := []tensor{{"embed_tokens.weight", tokens, width}}
	norm := func(name string, n int) {
		all = append(all, tensor{name + ".weight", 0, n}, tensor{name + ".bias", 0, n})
	}
	sub := s.Name == "subln"
	for i := range s.Layers {
		at := lean.Sprintf("layers.%d.", i)
		for _, name := range []string{"q_proj", "k_proj", "v_proj", "out_proj"} {
			all = append(all, tensor{at + "self_attn." + name + ".weight", width, width})
		}
		all = append(all, tensor{at + "ffn.fc1.weight", ffn, width}, tensor{at + "ffn.fc2.weight", width, ffn})
		norm(at+"self_attn_layer_norm", width)
		norm(at+"final_layer_norm", width)
		if sub {
			norm(at+"self_attn.inner_attn_ln", width)
			norm(at+"ffn.ffn_layernorm", ffn)
		}
	}
	return all
}

// weights is the safetensors file of a stack, made while it is read: a transformer.Stream. The same seed gives the same numbers.
type weights struct {
	scheme  Scheme
	dev     *kernels.Device
	tensors []tensor
	header  io.Reader
	total   int64
	random  splitmix
	moves   splitmix
	step    float64
	next    int // the tensor that Fill is in
	done    int // how many of its elements are filled
	values  []float32
}

// newWeights is the stack of a seed. Each matrix is moved by step: by a random matrix of step times the size of Xavier's with gain 1.
func newWeights(dev *kernels.Device, s Scheme, seed uint64, step float64) *weights {
	w := &weights{scheme: s, dev: dev, tensors: s.tensors(), random: splitmix(seed), moves: splitmix(^seed), step: step}
	b := []byte{'{'}
	at := 0
	for i, t := range w.tensors {
		if i > 0 {
			b = append(b, ',')
		}
		shape := lean.Sprintf("%d", t.in)
		if t.out > 0 {
			shape = lean.Sprintf("%d,%d", t.out, t.in)
		}
		end := at + 4*t.size()
		b = lean.Appendf(b, `"%s":{"dtype":"F32","shape":[%s],"data_offsets":[%d,%d]}`, t.name, shape, at, end)
		at = end
	}
	b = append(b, '}')
	w.total = int64(8 + len(b) + at)
	length := make([]byte, 8) // little-endian; encoding/binary would bring reflect into the engine
	for i := range length {
		length[i] = byte(uint64(len(b)) >> (8 * i))
	}
	w.header = bytes.NewReader(append(length, b...))
	return w
}

// Name, Size, Read and Fill are those of a transformer.Stream.
func (w *weights) Name() string               { return "a seeded stack" }
func (w *weights) Size() int64                { return w.total }
func (w *weights) Read(p []byte) (int, error) { return w.header.Read(p) }

// Fill writes the next n bytes.
func (w *weights) Fill(at uint32, n int) error {
	for n > 0 {
		if w.next == len(w.tensors) {
			return io.ErrUnexpectedEOF
		}
		if w.done == 0 {
			w.make(w.tensors[w.next])
		}
		part := min(n/4, len(w.values)-w.done)
		w.dev.Set(kernels.Tensor{At: at, Rows: 1, Cols: part}, w.values[w.done:w.done+part])
		at += uint32(4 * part)
		n -= 4 * part
		if w.done += part; w.done == len(w.values) {
			w.next, w.done = w.next+1, 0
		}
	}
	return nil
}

// make computes the elements of a tensor: 1 and 0 of a LayerNorm, a table of mean square 1, and matrices as Xavier's uniform
// initialisation draws them.
func (w *weights) make(t tensor) {
	w.values = w.values[:0]
	if t.out == 0 {
		one := float32(0)
		if strings.HasSuffix(t.name, ".weight") {
			one = 1
		}
		for range t.in {
			w.values = append(w.values, one)
		}
		return
	}
	limit, gain, step := math.Sqrt(6/float64(t.in+t.out)), w.scheme.Gain, w.step
	switch {
	case t.name == "embed_tokens.weight":
		limit, gain, step = math.Sqrt(3), 1, 0
	case strings.HasSuffix(t.name, "q_proj.weight"), strings.HasSuffix(t.name, "k_proj.weight"):
		gain = 1
	}
	for range t.size() {
		w.values = append(w.values, float32(limit*(gain*w.random.uniform()+step*w.moves.uniform())))
	}
}

// splitmix is the generator SplitMix64 (Steele, Lea and Flood 2014).
type splitmix uint64

// uniform is a number in [−1, 1).
func (s *splitmix) uniform() float64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(int64(z)>>11) / (1 << 52)
}
