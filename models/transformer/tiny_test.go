package transformer

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// tinyConfig is a torchscale configuration; extra members follow it.
func tinyConfig(extra string) string {
	if extra != "" {
		extra = "," + extra
	}
	return `{"model_type":"torchscale","vocab_size":29,"encoder_embed_dim":18,"encoder_layers":2,"encoder_attention_heads":3,
		"encoder_ffn_embed_dim":22,"max_source_positions":16,"activation_fn":"gelu"` + extra + `}`
}

// checkpoint is tensors of float32 by name.
type checkpoint struct {
	names  []string
	shapes map[string][]int
	values map[string][]float32
	dtypes map[string]safetensors.DType
}

// tiny makes a random checkpoint for a configuration, under torchscale's names.
func tiny(c *Config) *checkpoint {
	k := &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}}
	r := rand.New(rand.NewPCG(1, 2))
	add := func(name string, shape ...int) {
		n := 1
		for _, s := range shape {
			n *= s
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64()) * 0.3
			if strings.HasSuffix(name, "norm.weight") || strings.HasSuffix(name, "_ln.weight") {
				v[i]++
			}
		}
		k.names = append(k.names, name)
		k.shapes[name], k.values[name], k.dtypes[name] = shape, v, safetensors.F32
	}
	norm := func(name string, n int) { add(name+".weight", n); add(name+".bias", n) }
	linear := func(name string, out, in int) { add(name+".weight", out, in); add(name+".bias", out) }
	d, f := c.HiddenSize, c.IntermediateSize
	add("embed_tokens.weight", c.VocabSize, d)
	if c.LearnedPositions {
		add("embed_positions.weight", c.MaxPositions+c.PositionOffset, d)
	}
	if c.RelBuckets > 0 {
		add("relative_position.relative_attention_bias.weight", c.RelBuckets, c.NumHeads)
	}
	for i := range c.NumLayers {
		at := fmt.Sprintf("layers.%d.", i)
		for _, p := range []string{"q", "k", "v", "out"} {
			linear(at+"self_attn."+p+"_proj", d, d)
		}
		norm(at+"self_attn_layer_norm", d)
		norm(at+"final_layer_norm", d)
		linear(at+"ffn.fc1", f, d)
		linear(at+"ffn.fc2", d, f)
		if c.Norm == SubLN {
			norm(at+"self_attn.inner_attn_ln", d)
			norm(at+"ffn.ffn_layernorm", f)
		}
	}
	if c.FinalNorm {
		norm("layer_norm", d)
	}
	return k
}

// encode is the checkpoint as a safetensors file.
func (k *checkpoint) encode(t *testing.T) []byte {
	t.Helper()
	var entries []safetensors.Entry
	for _, name := range k.names {
		entries = append(entries, safetensors.Entry{Name: name, DType: k.dtypes[name], Shape: k.shapes[name],
			Data: safetensors.Floats(k.values[name], k.dtypes[name])})
	}
	var b bytes.Buffer
	if err := safetensors.Write(&b, nil, entries); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// memStream is a Stream of bytes in Go.
type memStream struct {
	*bytes.Reader
	dev  *kernels.Device
	size int64
}

func stream(dev *kernels.Device, b []byte) Stream {
	return &memStream{bytes.NewReader(b), dev, int64(len(b))}
}

func (m *memStream) Name() string { return "model.safetensors" }
func (m *memStream) Size() int64  { return m.size }
func (m *memStream) Fill(at uint32, n int) error {
	p := make([]byte, n)
	if _, err := io.ReadFull(m.Reader, p); err != nil {
		return err
	}
	m.dev.Write(at, p)
	return nil
}

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// load makes a random model of a configuration on the reference backend.
func load(t *testing.T, extra string) *Model {
	t.Helper()
	c := parse(t, tinyConfig(extra))
	dev := kernels.NewDevice(kernels.NewReference(0))
	m, err := Load(dev, c, []Stream{stream(dev, tiny(c).encode(t))}, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// states runs a batch and returns its hidden states.
func states(t *testing.T, m *Model, b Batch) []float32 {
	t.Helper()
	mark := m.dev.Mark()
	defer m.dev.Release(mark)
	x, err := m.Forward(b)
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float32, x.Rows*x.Cols)
	m.dev.Get(y, x)
	return y
}
