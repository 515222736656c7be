package golden

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/metalm"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// runMetaLM computes a semi-causal model's logits for tokens [1,T] whose spans [n,2] go
// through the encoder and the simple connector; each span's features by every connector;
// the loss mask; and the first rows of the table of positions.
func runMetaLM(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	f, err := readFields(config)
	if err != nil {
		return nil, err
	}
	shape, weights, err := shapes(weights)
	if err != nil {
		return nil, err
	}
	dec, enc, err := metaConfig(f, shape)
	if err != nil {
		return nil, err
	}
	connectors := map[string]*metalm.Connector{"simple": {Kind: metalm.Simple}, "complex": {Kind: metalm.Complex},
		"xconnector": {Kind: metalm.Resample, Heads: dec.NumHeads, Latents: f.int("xconnector_latents")}}
	prefixes := map[string]string{"simple": "connector.simple.", "complex": "connector.complex.", "xconnector": "connector.x."}
	o := transformer.LoadOptions{DType: dtype, Head: true}
	for name, c := range connectors {
		c.From, c.To = enc.HiddenSize, dec.HiddenSize
		if err := c.Check(); err != nil {
			return nil, err
		}
		o.Extra = append(o.Extra, c.Extra(prefixes[name])...)
	}
	decoder, err := transformer.Load(dev, dec, []transformer.Stream{weights}, o)
	if err != nil {
		return nil, err
	}
	in, spans, n, err := v.pieces()
	if err != nil {
		return nil, err
	}
	out := collect(dev)
	for name, c := range connectors {
		m, err := metalm.New(decoder, c)
		if err != nil {
			return nil, err
		}
		features, err := m.Read(in)
		if err != nil {
			return nil, err
		}
		for i, x := range features {
			out.add("span"+strconv.Itoa(i)+"_"+name, x)
		}
		if name != "simple" {
			continue
		}
		x, err := m.Forward(in, transformer.Batch{})
		if err != nil {
			return nil, err
		}
		y, err := decoder.Logits(x)
		if err != nil {
			return nil, err
		}
		out.add("logits", y)
	}
	for _, counts := range metalm.LossMask(n, spans) {
		x := float32(0)
		if counts {
			x = 1
		}
		out.got["loss_mask"] = append(out.got["loss_mask"], x)
	}
	for name, t := range v.Outputs {
		if rows, ok := strings.CutPrefix(name, "sinusoid_first"); ok && len(t.Shape) == 2 && rows == strconv.Itoa(t.Shape[0]) {
			table := make([]float32, len(t.Data))
			for i := range t.Shape[0] {
				transformer.Sinusoid(table[i*t.Shape[1]:(i+1)*t.Shape[1]], int32(dec.PositionOffset+i))
			}
			out.got[name] = table
		}
	}
	return out, dev.Err()
}

// metaConfig reads the configurations of decoder and encoder. Sizes that config.json
// leaves out are those of the tensors.
func metaConfig(f *fields, shape func(string, int) int) (dec, enc *transformer.Config, err error) {
	if p := f.strings["dec.positions"]; !strings.HasPrefix(p, "fairseq sinusoidal from 2") || !f.bools["dec.tied_output"] {
		return nil, nil, fmt.Errorf("golden: %w: a decoder with positions %q, tied output %t", ErrKind, p, f.bools["dec.tied_output"])
	}
	if a := f.strings["enc.activation_fn"]; a != "gelu" || f.bools["enc.subln"] || f.bools["enc.encoder_normalize_before"] || f.bools["enc.layernorm_embedding"] || f.bools["enc.multiway"] {
		return nil, nil, fmt.Errorf("golden: %w: an encoder that is not DeepNorm with gelu (%q)", ErrKind, a)
	}
	enc = &transformer.Config{
		Family: "torchscale", VocabSize: shape("enc.embed_tokens.weight", 0), HiddenSize: f.int("enc.encoder_embed_dim"),
		NumLayers: f.int("enc.encoder_layers"), NumHeads: f.int("enc.encoder_attention_heads"), IntermediateSize: shape("enc.layers.0.ffn.fc1.weight", 0),
		LearnedPositions: f.bools["enc.positions"], PositionOffset: 2, MaxPositions: max(0, shape("enc.embed_positions.weight", 0)-2),
		Norm: transformer.DeepNorm, Alpha: float32(f.numbers["enc.alpha"]), Eps: float32(f.numbers["enc.layernorm_eps"]), Activation: kernels.GELU,
		EmbedScale: 1, RelBuckets: f.int("enc.rel_pos_buckets"), RelMaxDistance: f.int("enc.max_rel_pos"),
	}
	dec = &transformer.Config{
		Family: "torchscale decoder", Causal: true, Encoder: enc, VocabSize: shape("dec.embed_tokens.weight", 0), HiddenSize: f.int("dec.d"),
		NumLayers: f.int("dec.layers"), NumHeads: f.int("dec.heads"), IntermediateSize: shape("dec.layers.0.ffn.fc1.weight", 0),
		Sinusoidal: true, PositionOffset: 2, Norm: transformer.DeepNorm, Alpha: float32(f.numbers["dec.alpha"]), Eps: float32(f.numbers["dec.eps"]),
		Activation: kernels.GELU, EmbedScale: sqrt(f.int("dec.d")), HasHead: true, TiedHead: true,
	}
	return dec, enc, nil
}

// pieces cuts tokens [1,T] at spans [n,2].
func (v *Vectors) pieces() (in metalm.Input, spans [][2]int, n int, err error) {
	tokens, err := v.input("tokens", 2)
	if err != nil {
		return nil, nil, 0, err
	}
	places, err := v.input("spans", 2)
	if err != nil {
		return nil, nil, 0, err
	}
	if places.Shape[1] != 2 && len(places.Data) > 0 || tokens.Shape[0] != 1 {
		return nil, nil, 0, fmt.Errorf("golden: %w: spans are %v, tokens %v; expected [n 2] and [1 T]", ErrVectors, places.Shape, tokens.Shape)
	}
	ids := tokens.Ints()
	at := 0
	for i := range len(places.Data) / 2 {
		from, to := int(places.Data[2*i]), int(places.Data[2*i+1])
		if from < at || to <= from || to > len(ids) {
			return nil, nil, 0, fmt.Errorf("golden: %w: spans %v of %v tokens", ErrVectors, places.Data, tokens.Shape)
		}
		in = append(in, metalm.Piece{IDs: ids[at:from]}, metalm.Piece{IDs: ids[from:to], Span: true})
		spans = append(spans, [2]int{from, to})
		at = to
	}
	return append(in, metalm.Piece{IDs: ids[at:]}), spans, len(ids), nil
}
