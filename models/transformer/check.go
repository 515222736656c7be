package transformer

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Upper bounds of hyper-parameters: far above every published model of this kind,
// far below what would wrap.
const (
	maxVocab   = 1 << 22
	maxHidden  = 1 << 16
	maxLayers  = 1 << 12
	maxRows    = 1 << 20
	maxExperts = 1 << 12
)

// check tests what holds for every family.
func (c *Config) check() error {
	fail := func(format string, args ...any) error {
		return lean.Errorf("transformer: %w: "+format, append([]any{ErrConfig}, args...)...)
	}
	for _, n := range []struct {
		name       string
		value, max int
	}{
		{"the vocabulary", c.VocabSize, maxVocab}, {"the width", c.HiddenSize, maxHidden}, {"the number of layers", c.NumLayers, maxLayers},
		{"the number of heads", c.NumHeads, maxHidden}, {"the width of the feed-forward", c.IntermediateSize, 4 * maxHidden},
	} {
		if n.value < 1 || n.value > n.max {
			return fail("%s is %d, expected 1 to %d", n.name, n.value, n.max)
		}
	}
	if err := c.checkHeads(fail); err != nil {
		return err
	}
	if !(c.Eps > 0 && c.Eps < 1) {
		return fail("the epsilon of LayerNorm is %v", c.Eps)
	}
	if a := float64(c.Alpha); math.IsNaN(a) || math.IsInf(a, 0) || a <= 0 {
		return fail("alpha is %v", c.Alpha)
	}
	if k := c.KnowledgeLayers; k[0] < 0 || k[1] < k[0] || k[1] > c.NumLayers || c.KnowledgeTop < 0 {
		return fail("knowledge in layers %d to %d of %d, %d items", k[0], k[1], c.NumLayers, c.KnowledgeTop)
	}
	if c.Vision != nil && c.MoE != nil {
		return fail("experts in a multiway model")
	}
	if v := c.Vision; v != nil && (v.PatchSize < 1 || v.ImageSize < v.PatchSize || v.ImageSize > 1<<13 || v.ImageSize%v.PatchSize != 0 || v.Channels < 1 || v.Channels > 1<<8) {
		return fail("images of %d×%d×%d in patches of %d", v.Channels, v.ImageSize, v.ImageSize, v.PatchSize)
	}
	if c.Approx != nil && (c.Approx.Hidden < 1 || c.Approx.Hidden > maxHidden || c.Norm != PostLN || c.Causal || c.RelBuckets > 0) {
		return fail("the approximations of THE-X are for BERT, with a network of 1 to %d columns, not %d", maxHidden, c.Approx.Hidden)
	}
	if m := c.MoE; m != nil {
		if err := m.check(); err != nil {
			return err
		}
	}
	if c.CrossAttention && (c.Encoder == nil || c.Encoder.HiddenSize != c.HiddenSize) {
		return fail("cross-attention of a decoder of width %d needs an encoder of that width", c.HiddenSize)
	}
	if c.Encoder != nil {
		if c.Encoder.Causal || c.Encoder.Encoder != nil {
			return fail("the encoder is a decoder")
		}
		return c.Encoder.check()
	}
	return nil
}

// checkHeads tests what attention asks for.
func (c *Config) checkHeads(fail func(format string, args ...any) error) error {
	switch kv := c.keyValueHeads(); {
	case c.HeadDim == 0 && c.HiddenSize%c.NumHeads != 0:
		return fail("%d attention heads do not divide a width of %d", c.NumHeads, c.HiddenSize)
	case c.HeadDim < 0 || c.HeadDim > maxHidden || uint64(c.NumHeads)*uint64(c.headDim()) > 4*maxHidden:
		return fail("%d attention heads of %d columns, expected at most %d in all", c.NumHeads, c.headDim(), 4*maxHidden)
	case kv < 1 || c.NumHeads%kv != 0:
		return fail("%d heads of keys and values do not divide %d of queries", kv, c.NumHeads)
	case (c.XPos || c.Rope != nil) && c.headDim()%2 != 0:
		return fail("positions turn pairs, a head has %d columns", c.headDim())
	case c.XPos && c.Rope != nil:
		return fail("xpos and rope at once")
	case (c.CrossAttention || c.Vision != nil || c.Approx != nil) && (kv != c.NumHeads || c.queries() != c.HiddenSize):
		return fail("%d heads of %d columns, %d for keys and values: attention to an encoder, and to images, has heads that make up the width of %d", c.NumHeads, c.headDim(), kv, c.HiddenSize)
	}
	if r := c.Rope; r != nil && (r.Dim < 2 || r.Dim%2 != 0 || r.Dim > c.headDim() || !(r.Theta > 0 && r.Theta <= math.MaxFloat64) || !(r.Factor >= 1 && r.Factor <= 1e9) ||
		r.Original != 0 && (r.Original < 0 || !(r.LowFreq > 0 && r.HighFreq > r.LowFreq && r.HighFreq <= 1e9))) {
		return fail("rope of %d of %d columns with theta %v, factor %v, frequencies %v to %v of %d positions", r.Dim, c.headDim(), r.Theta, r.Factor, r.LowFreq, r.HighFreq, r.Original)
	}
	if (c.Gated || c.RMSNorm) && (c.MoE != nil || c.Vision != nil || c.Approx != nil || c.KnowledgeTop > 0) {
		return fail("a gated feed-forward or RMSNorm beside experts, images, knowledge or approximations")
	}
	return nil
}

func (m *MoEConfig) check() error {
	if m.Freq < 1 || m.Experts < 1 || m.Experts > maxExperts || m.TopK < 1 || m.TopK > 2 || m.Router >= routerLimit ||
		m.Router != RouterLinear && (m.RoutingDim < 1 || m.RoutingDim > maxHidden) || m.Capacity.Tokens < 0 || math.IsNaN(m.Capacity.Fraction) {
		return lean.Errorf("transformer: %w: %d experts in every layer of %d, top %d, compared in %d dimensions", ErrConfig, m.Experts, m.Freq, m.TopK, m.RoutingDim)
	}
	return nil
}
