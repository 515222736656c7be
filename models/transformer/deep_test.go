package transformer

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// post64 is a Post-LN or DeepNorm encoder of one sequence in float64, written from the
// formulas of the papers alone: x = LN(α·x + F(x)).
func post64(c *Config, k *checkpoint, ids []int32) []float64 {
	d, h := c.HiddenSize, c.HiddenSize/c.NumHeads
	v := func(name string) []float32 { return k.values[name] }
	linear := func(x []float64, name string, out int) []float64 {
		in := len(x) / len(ids)
		w, b := v(name+".weight"), v(name+".bias")
		y := make([]float64, len(ids)*out)
		for t := range ids {
			for o := range out {
				s := float64(b[o])
				for i := range in {
					s += x[t*in+i] * float64(w[o*in+i])
				}
				y[t*out+o] = s
			}
		}
		return y
	}
	norm := func(x []float64, name string) {
		w, b := v(name+".weight"), v(name+".bias")
		for t := range ids {
			row := x[t*d : (t+1)*d]
			mean, sq := 0.0, 0.0
			for _, a := range row {
				mean += a / float64(d)
			}
			for _, a := range row {
				sq += (a - mean) * (a - mean) / float64(d)
			}
			for i, a := range row {
				row[i] = (a-mean)/math.Sqrt(sq+float64(c.Eps))*float64(w[i]) + float64(b[i])
			}
		}
	}
	x := make([]float64, len(ids)*d)
	for t, id := range ids {
		for i := range d {
			x[t*d+i] = float64(v("embed_tokens.weight")[int(id)*d+i]) + float64(v("embed_positions.weight")[(t+c.PositionOffset)*d+i])
		}
	}
	for l := range c.NumLayers {
		at := fmt.Sprintf("layers.%d.", l)
		q, key, val := linear(x, at+"self_attn.q_proj", d), linear(x, at+"self_attn.k_proj", d), linear(x, at+"self_attn.v_proj", d)
		att := make([]float64, len(x))
		for head := range c.NumHeads {
			for i := range ids {
				p, sum := make([]float64, len(ids)), 0.0
				for j := range ids {
					s := 0.0
					for e := range h {
						s += q[i*d+head*h+e] * key[j*d+head*h+e]
					}
					p[j] = math.Exp(s / math.Sqrt(float64(h)))
					sum += p[j]
				}
				for j := range ids {
					for e := range h {
						att[i*d+head*h+e] += p[j] / sum * val[j*d+head*h+e]
					}
				}
			}
		}
		for i, o := range linear(att, at+"self_attn.out_proj", d) {
			x[i] = float64(c.Alpha)*x[i] + o
		}
		norm(x, at+"self_attn_layer_norm")
		f := linear(x, at+"ffn.fc1", c.IntermediateSize)
		for i, a := range f {
			f[i] = a * 0.5 * math.Erfc(-a/math.Sqrt2)
		}
		for i, o := range linear(f, at+"ffn.fc2", d) {
			x[i] = float64(c.Alpha)*x[i] + o
		}
		norm(x, at+"final_layer_norm")
	}
	return x
}

// DeepNet was trained with up to 1000 layers. Weights are as its initialisation makes
// them: what goes out of a sublayer is multiplied by β = (8N)^(−1/4).
func TestDeepStacksStayFiniteAndAgreeWithFloat64(t *testing.T) {
	backends := both(t)
	for _, layers := range []int{200, 1000} {
		t.Run(fmt.Sprint(layers), func(t *testing.T) {
			text := strings.Replace(tinyConfig(`"deepnorm":true`), `"encoder_layers":2`, fmt.Sprintf(`"encoder_layers":%d`, layers), 1)
			text = strings.Replace(strings.Replace(text, `dim":18`, `dim":6`, 1), `ffn_embed_dim":22`, `ffn_embed_dim":8`, 1)
			c := parse(t, text)
			if want := math.Sqrt(math.Sqrt(2 * float64(layers))); math.Abs(float64(c.Alpha)-want) > 1e-6 {
				t.Fatalf("α is %v, expected %v", c.Alpha, want)
			}
			k := tiny(c)
			beta := math.Pow(8*float64(layers), -0.25)
			for name, v := range k.values {
				for _, part := range []string{"v_proj.weight", "out_proj.weight", "fc1.weight", "fc2.weight"} {
					if strings.HasSuffix(name, part) {
						for i := range v {
							v[i] *= float32(beta)
						}
					}
				}
			}
			want := post64(c, k, first)
			for _, b := range backends {
				for _, fold := range []bool{false, true} {
					dev := kernels.NewDevice(b)
					m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Fold: fold})
					if err != nil {
						t.Fatal(err)
					}
					got := states(t, m, Batch{IDs: first, Lengths: []int{6}})
					worst := 0.0
					for i := range got {
						worst = max(worst, math.Abs(float64(got[i])-want[i]))
					}
					t.Logf("%d layers, %s, α folded %t: worst error %.2g", layers, b.Name(), fold, worst)
					if !(worst <= 2e-4) {
						t.Errorf("%s, α folded %t: worst error %g", b.Name(), fold, worst)
					}
				}
			}
		})
	}
}

// The constants of DeepNet's table 2, as torchscale prints them.
func TestAlphaOfEveryArchitecture(t *testing.T) {
	for _, c := range []struct {
		n, other int
		decoder  bool
		want     float64
	}{
		{1, 0, false, 1.189207}, {6, 0, true, 1.861210}, {2, 0, false, 1.414214}, // (2N)^¼
		{1, 1, false, 0.810000}, {1, 6, false, 0.905982}, {2, 12, false, 1.125101}, {6, 6, false, 1.417938}, {6, 12, false, 1.480716},
		{1, 1, true, 1.316074}, {6, 2, true, 2.059767}, {12, 1, true, 2.449490}, // (3M)^¼
	} {
		if got := deepAlpha(c.n, c.other, c.decoder); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%d layers beside %d, decoder %t: α = %v, expected %v", c.n, c.other, c.decoder, got, c.want)
		}
	}
}
