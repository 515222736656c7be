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
	raw    map[string][]byte // the bytes of tensors that are no floats
}

// tiny makes a random checkpoint for a configuration, under its family's names: for
// an encoder–decoder with the prefixes of both.
func tiny(c *Config) *checkpoint {
	k := &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}}
	r := rand.New(rand.NewPCG(1, 2))
	if c.Encoder == nil {
		k.stack(c, "", r)
		return k
	}
	k.stack(c, "decoder.", r)
	k.stack(c.Encoder, "encoder.", r)
	return k
}

// random adds a tensor; norms lie around 1.
func (k *checkpoint) random(r *rand.Rand, name string, shape ...int) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64()) * 0.3
		if strings.Contains(name, "norm") && strings.HasSuffix(name, "weight") || strings.HasSuffix(name, "_ln.weight") {
			v[i]++
		}
	}
	k.names = append(k.names, name)
	k.shapes[name], k.values[name], k.dtypes[name] = shape, v, safetensors.F32
}

func (k *checkpoint) stack(c *Config, prefix string, r *rand.Rand) {
	m, d, f := keyMaps[c.Family], c.HiddenSize, c.IntermediateSize
	add := func(name string, shape ...int) { k.random(r, prefix+name, shape...) }
	norm := func(name string, n int) {
		add(name+".weight", n)
		if !c.RMSNorm {
			add(name+".bias", n)
		}
	}
	affine := func(name string, out, in int, bias bool) {
		add(name+".weight", out, in)
		if bias {
			add(name+".bias", out)
		}
	}
	linear := func(name string, out, in int) { affine(name, out, in, true) }
	feed := func(fc1, fc2, inner string) {
		linear(fc1, f, d)
		linear(fc2, d, f)
		if c.Norm == SubLN {
			norm(inner, f)
		}
	}
	add(m.tokens+".weight", c.VocabSize, d)
	for b := range c.branches() {
		switch {
		case c.Vision != nil && b == 0:
			add(branchName(m.positions, b)+".weight", c.Vision.Tokens()+c.PositionOffset, d)
			add(m.wholeView, 1, 1, d)
			add(m.patches+".weight", d, c.Vision.Channels, c.Vision.PatchSize, c.Vision.PatchSize)
			add(m.patches+".bias", d)
		case c.LearnedPositions:
			add(branchName(m.positions, b)+".weight", c.MaxPositions+c.PositionOffset, d)
		}
	}
	if c.TypeVocabSize > 0 {
		add(m.types+".weight", c.TypeVocabSize, d)
	}
	if c.EmbedNorm {
		norm(m.embedNorm, d)
	}
	if c.RelBuckets > 0 {
		add(m.relative+".weight", c.RelBuckets, c.NumHeads)
		if c.CrossAttention {
			add(m.crossRelative+".weight", c.RelBuckets, c.NumHeads)
		}
	}
	for i := range c.NumLayers {
		at := fmt.Sprintf("%s%d.", m.layer, i)
		for b := range c.branches() {
			name := func(s string) string { return branchName(at+s, b) }
			affine(name(m.q), c.queries(), d, !c.NoQKVBias)
			affine(name(m.k), c.keyValues(), d, !c.NoQKVBias)
			affine(name(m.v), c.keyValues(), d, !c.NoQKVBias)
			affine(name(m.out), d, c.queries(), !c.NoOutBias)
			norm(name(m.attnNorm), d)
			norm(name(m.ffnNorm), d)
			if !c.isMoE(i) {
				affine(name(m.fc1), f, d, !c.NoFFNBias)
				affine(name(m.fc2), d, f, !c.NoFFNBias)
			}
			if c.Gated {
				affine(name(m.gate), f, d, !c.NoFFNBias)
			}
			if c.Norm == SubLN {
				norm(name(m.innerNorm), c.queries())
			}
			if c.Norm == SubLN && !c.isMoE(i) {
				norm(name(m.innerFFN), f)
			}
		}
		if c.CrossAttention {
			for _, p := range []string{m.crossQ, m.crossK, m.crossV, m.crossOut} {
				linear(at+p, d, d)
			}
			norm(at+m.crossNorm, d)
		}
		if c.isMoE(i) {
			for j := range c.MoE.Experts {
				e := fmt.Sprintf("%s%s%d.", at, m.experts, j)
				feed(e+m.expertFC1, e+m.expertFC2, e+m.expertInner)
			}
			if c.MoE.Router == RouterUnit {
				add(at+m.routerReduction, c.MoE.RoutingDim, d)
				add(at+m.routerUnitName, c.MoE.Experts, c.MoE.RoutingDim)
			} else {
				add(at+m.router, c.MoE.Experts, d)
			}
		}
		if c.hasKnowledge(i) {
			linear(at+m.knowledgeKeys, d, d)
			linear(at+m.knowledgeValues, d, d)
		}
	}
	for b := range c.branches() {
		if c.FinalNorm {
			norm(branchName(m.finalNorm, b), d)
		}
	}
	if c.Causal && !(c.TiedHead && m.copiesHead) {
		add(m.head+".weight", c.VocabSize, d)
	}
}

// encode is the checkpoint as a safetensors file.
func (k *checkpoint) encode(t testing.TB) []byte {
	t.Helper()
	var entries []safetensors.Entry
	for _, name := range k.names {
		data := safetensors.Floats(k.values[name], k.dtypes[name])
		if k.dtypes[name] == safetensors.I8 {
			whole := make([]byte, len(k.values[name]))
			for i, v := range k.values[name] {
				whole[i] = byte(int8(v))
			}
			data = safetensors.Bytes(whole)
		}
		if raw, ok := k.raw[name]; ok {
			data = safetensors.Bytes(raw)
		}
		entries = append(entries, safetensors.Entry{Name: name, DType: k.dtypes[name], Shape: k.shapes[name], Data: data})
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

// build makes a random model of a whole configuration on a backend.
func build(t *testing.T, b kernels.Backend, c *Config, o LoadOptions) *Model {
	t.Helper()
	dev := kernels.NewDevice(b)
	m, err := Load(dev, c, []Stream{stream(dev, tiny(c).encode(t))}, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
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

type safetensorsDType = safetensors.DType

// mixture adds a single mixture of experts with a cosine router.
func (k *checkpoint) mixture(c *Config) {
	r := rand.New(rand.NewPCG(3, 4))
	d, f := c.HiddenSize, c.IntermediateSize
	for j := range c.MoE.Experts {
		e := fmt.Sprintf("experts.%d.", j)
		k.random(r, e+"fc1.weight", f, d)
		k.random(r, e+"fc1.bias", f)
		k.random(r, e+"fc2.weight", d, f)
		k.random(r, e+"fc2.bias", d)
	}
	k.random(r, "gate.wg.weight", c.MoE.Experts, c.MoE.RoutingDim)
	k.random(r, "gate.wg_reduction.weight", c.MoE.RoutingDim, d)
	k.random(r, "gate.gating_t", 1)
}
