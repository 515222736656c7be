package transformer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

func newDevice() *kernels.Device { return kernels.NewDevice(kernels.NewReference(0)) }

// edited loads a tiny checkpoint after edit.
func edited(t *testing.T, extra string, o LoadOptions, edit func(*checkpoint)) (*Model, error) {
	t.Helper()
	c := parse(t, tinyConfig(extra))
	k := tiny(c)
	if edit != nil {
		edit(k)
	}
	dev := newDevice()
	return Load(dev, c, []Stream{stream(dev, k.encode(t))}, o)
}

func (k *checkpoint) drop(name string) {
	k.names = slices.DeleteFunc(k.names, func(s string) bool { return s == name })
}

func (k *checkpoint) add(name string, shape ...int) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	k.names = append(k.names, name)
	k.shapes[name], k.values[name], k.dtypes[name] = shape, make([]float32, n), safetensors.F32
}

func TestACheckpointThatDoesNotFitItsConfigurationIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		edit  func(*checkpoint)
		o     LoadOptions
		want  error
		names string
	}{
		{"missing tensor", func(k *checkpoint) { k.drop("layers.1.ffn.fc2.bias") }, LoadOptions{}, ErrMissingTensor, "layers.1.ffn.fc2.bias"},
		{"no token table", func(k *checkpoint) { k.drop("embed_tokens.weight") }, LoadOptions{}, ErrMissingTensor, "embed_tokens.weight"},
		{"wrong shape", func(k *checkpoint) {
			k.drop("layers.0.ffn.fc1.weight")
			k.add("layers.0.ffn.fc1.weight", 18, 22)
		}, LoadOptions{}, ErrShape, "[18 22], expected [22 18]"},
		{"wrong rank", func(k *checkpoint) { k.drop("layer_norm.bias"); k.add("layer_norm.bias", 1, 18) }, LoadOptions{}, ErrShape, "layer_norm.bias"},
		{"one norm in half precision", func(k *checkpoint) { k.dtypes["layer_norm.bias"] = safetensors.F16 }, LoadOptions{}, nil, ""},
		{"a tensor that nothing explains", func(k *checkpoint) { k.add("layers.0.moe_layer.gate.wg.weight", 4, 18) }, LoadOptions{}, ErrUnexpectedTensor, "moe_layer"},
		{"a layer too many", func(k *checkpoint) { k.add("layers.2.ffn.fc1.bias", 22) }, LoadOptions{}, ErrUnexpectedTensor, "layers.2"},
		{"leftovers of training", func(k *checkpoint) {
			k.add("layers.0.self_attn.xpos.scale", 3)
			k.add("encoder.version", 1)
			k.add("epoch", 1)
		}, LoadOptions{}, ErrUnexpectedTensor, `"epoch" (1 in all)`},
		{"an unknown dtype", nil, LoadOptions{DType: "q3"}, ErrUnsupported, `"q3"`},
		{"a head that is not there", nil, LoadOptions{Head: true}, ErrMissingTensor, "output_projection"},
		{"another file than the manifest's", nil, LoadOptions{SHA256: []*[32]byte{{1, 2, 3}}}, folder.ErrIntegrity, "model.safetensors"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := edited(t, "", c.o, c.edit)
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.names) {
				t.Errorf("error %v, expected %v naming %q", err, c.want, c.names)
			}
		})
	}
}

func TestAFailedLoadGivesItsMemoryBackAndTheDeviceStaysUsable(t *testing.T) {
	c := parse(t, tinyConfig(""))
	good := tiny(c).encode(t)
	dev := newDevice()
	used := dev.Used()
	for cut := len(good) - 1; cut > 0; cut -= len(good) / 7 {
		_, err := Load(dev, c, []Stream{stream(dev, good[:cut])}, LoadOptions{})
		if !errors.Is(err, safetensors.ErrTruncated) {
			t.Errorf("%d of %d bytes: error %v, expected %v", cut, len(good), err, safetensors.ErrTruncated)
		}
		unknown := stream(dev, good[:cut]).(*memStream)
		unknown.size = -1
		if _, err := Load(dev, c, []Stream{unknown}, LoadOptions{}); !errors.Is(err, safetensors.ErrTruncated) {
			t.Errorf("%d of %d bytes, size unknown: error %v, expected %v", cut, len(good), err, safetensors.ErrTruncated)
		}
		if dev.Used() != used {
			t.Fatalf("%d bytes in use after a failure, %d before", dev.Used(), used)
		}
	}
	longer := stream(dev, append(slices.Clone(good), 0)).(*memStream)
	longer.size = -1
	if _, err := Load(dev, c, []Stream{longer}, LoadOptions{}); !errors.Is(err, safetensors.ErrTrailing) {
		t.Errorf("a byte too many: error %v, expected %v", err, safetensors.ErrTrailing)
	}
	if _, err := Load(dev, c, []Stream{stream(dev, good)}, LoadOptions{}); err != nil {
		t.Errorf("the next load fails: %v", err)
	}
}

func TestAFileThatIsTheManifestsPassesAndProgressEndsAtItsSize(t *testing.T) {
	c := parse(t, tinyConfig(""))
	file := tiny(c).encode(t)
	sum := sha256.Sum256(file)
	dev := newDevice()
	var read, total int64
	_, err := Load(dev, c, []Stream{stream(dev, file)}, LoadOptions{SHA256: []*[32]byte{&sum}, Progress: func(r, n int64) {
		if r < read {
			t.Errorf("progress went from %d to %d", read, r)
		}
		read, total = r, n
	}})
	if err != nil {
		t.Fatal(err)
	}
	if size := int64(len(file)); read != size || total != size {
		t.Errorf("progress ended at %d of %d, the file has %d bytes", read, total, size)
	}
	file[len(file)-1] ^= 1
	if _, err := Load(dev, c, []Stream{stream(dev, file)}, LoadOptions{SHA256: []*[32]byte{&sum}}); !errors.Is(err, folder.ErrIntegrity) {
		t.Errorf("a flipped bit: error %v, expected %v", err, folder.ErrIntegrity)
	}
}

func TestShardsInAnyOrderGiveTheSameModel(t *testing.T) {
	c := parse(t, tinyConfig(""))
	k := tiny(c)
	half := len(k.names) / 2
	a, b := *k, *k
	a.names, b.names = k.names[:half], k.names[half:]
	want := states(t, load(t, ""), Batch{IDs: first, Lengths: []int{6}})
	dev := newDevice()
	m, err := Load(dev, c, []Stream{stream(dev, b.encode(t)), stream(dev, a.encode(t))}, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if d := far(states(t, m, Batch{IDs: first, Lengths: []int{6}}), want); d != 0 {
		t.Errorf("differs by %g", d)
	}
	dev = newDevice()
	if _, err := Load(dev, c, []Stream{stream(dev, a.encode(t)), stream(dev, a.encode(t))}, LoadOptions{}); !errors.Is(err, safetensors.ErrDuplicateTensor) {
		t.Errorf("a shard twice: error %v, expected %v", err, safetensors.ErrDuplicateTensor)
	}
}

func TestHalfPrecisionWeightsAreWidened(t *testing.T) {
	want := states(t, load(t, ""), Batch{IDs: first, Lengths: []int{6}})
	for _, d := range []struct {
		dtype safetensors.DType
		limit float64 // half a unit in the last place of 11 and 8 bits, through two layers
	}{{safetensors.F16, 2e-2}, {safetensors.BF16, 1.5e-1}} {
		t.Run(d.dtype.String(), func(t *testing.T) {
			m, err := edited(t, "", LoadOptions{}, func(k *checkpoint) {
				for _, n := range k.names {
					k.dtypes[n] = d.dtype
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if e := far(states(t, m, Batch{IDs: first, Lengths: []int{6}}), want); e > d.limit || e == 0 {
				t.Errorf("differs by %g, limit %g", e, d.limit)
			}
		})
	}
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

func TestQuantisingWhileLoadingIsCloseToFloat(t *testing.T) {
	for name, extra := range variants {
		t.Run(name, func(t *testing.T) {
			want := states(t, load(t, extra), Batch{IDs: first, Lengths: []int{6}})
			m, err := edited(t, extra, LoadOptions{DType: "q8"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if m.DType() != "q8" || m.layers[0].branches[0].qkv.fused.Out == 0 {
				t.Errorf("dtype %s, fused %v", m.DType(), m.layers[0].branches[0].qkv.fused)
			}
			if c := cosine(states(t, m, Batch{IDs: first, Lengths: []int{6}}), want); c < 0.999 {
				t.Errorf("cosine %g", c)
			}
		})
	}
}

// A matrix near the identity peaks: it must stay f32, and the fused projections give
// way to separate ones.
func TestAMatrixThatPeaksStaysFloatWhileTheOthersAreQuantised(t *testing.T) {
	const name = "layers.1.self_attn.v_proj.weight"
	wide := `"encoder_embed_dim":192,"encoder_attention_heads":3`
	text := strings.Replace(tinyConfig(""), `"encoder_embed_dim":18,`, "", 1)
	text = strings.Replace(text, `"encoder_attention_heads":3,`, "", 1)
	c := parse(t, strings.TrimSuffix(text, "}")+","+wide+"}")
	k := tiny(c)
	for i := range k.values[name] {
		k.values[name][i] *= 0.01
		if i%193 == 0 {
			k.values[name][i] += 1.5
		}
	}
	if p := quant.RowPeak(k.values[name][:192]); p <= quant.MaxPeak {
		t.Fatalf("the matrix peaks at %g only", p)
	}
	file := k.encode(t)
	dev := newDevice()
	f32, err := Load(dev, c, []Stream{stream(dev, file)}, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := states(t, f32, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}})
	dev = newDevice()
	m, err := Load(dev, c, []Stream{stream(dev, file)}, LoadOptions{DType: "q8"})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(m.layers[1].branches[0].qkv.part[0].DType, m.layers[1].branches[0].qkv.part[1].DType, m.layers[1].branches[0].qkv.part[2].DType, m.layers[1].branches[0].qkv.fused.Out, m.layers[0].branches[0].qkv.fused.Out)
	if got != "i8 i8 f32 0 576" {
		t.Errorf("types and fusion %s", got)
	}
	if c := cosine(states(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}}), want); c < 0.999 {
		t.Errorf("cosine %g", c)
	}
}

func TestConfigurationsThatCannotBeRunAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       error
		names      string
	}{
		{"not JSON", `<!DOCTYPE html>`, ErrConfig, "byte 0"},
		{"no model type", `{}`, ErrConfig, "model_type"},
		{"unknown architecture", `{"model_type":"mamba"}`, ErrUnsupported, `"mamba"`},
		{"a size that is missing", `{"model_type":"magneto"}`, ErrConfig, "vocab_size"},
		{"a size that is a fraction", strings.Replace(tinyConfig(""), `:29`, `:29.5`, 1), ErrConfig, "29.5"},
		{"a size beyond reason", strings.Replace(tinyConfig(""), `:29`, `:1e12`, 1), ErrConfig, "1000000000000"},
		{"a size of zero", strings.Replace(tinyConfig(""), `"encoder_layers":2`, `"encoder_layers":0`, 1), ErrConfig, "encoder_layers"},
		{"heads that do not divide", strings.Replace(tinyConfig(""), `heads":3`, `heads":4`, 1), ErrConfig, "4 attention heads"},
		{"xpos with odd heads", strings.Replace(tinyConfig(`"xpos_rel_pos":true`), `"encoder_embed_dim":18`, `"encoder_embed_dim":15`, 1), ErrConfig, "pairs"},
		{"experts without their number", tinyConfig(`"moe_freq":2`), ErrConfig, "moe_expert_count"},
		{"experts by the billion", tinyConfig(`"moe_freq":2,"moe_expert_count":1e9`), ErrConfig, "moe_expert_count"},
		{"multiway with experts", tinyConfig(`"multiway":true,"moe_freq":2,"moe_expert_count":4`), ErrUnsupported, "multiway"},
		{"patches that do not divide", tinyConfig(`"multiway":true,"img_size":30,"patch_size":16`), ErrConfig, "patches of 16"},
		{"dilated attention", tinyConfig(`"segment_length":[2048]`), ErrUnsupported, "segment_length"},
		{"unknown activation", strings.Replace(tinyConfig(""), `"gelu"`, `"mish"`, 1), ErrUnsupported, "mish"},
		{"GELU by tanh, asked for beside its name", tinyConfig(`"gelu_approximate":"tanh"`), ErrUnsupported, "tanh"},
		{"an epsilon of zero", tinyConfig(`"layernorm_eps":0`), ErrConfig, "epsilon"},
		{"another quantisation", tinyConfig(`"quantization_config":{"quant_method":"gptq"}`), ErrUnsupported, "gptq"},
		{"buckets that cannot be", tinyConfig(`"rel_pos_buckets":3,"max_rel_pos":8`), ErrConfig, "rel_pos_buckets"},
		{"vectors of another kind", `{"kind":"kformer"}`, ErrUnsupported, "kformer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseConfig([]byte(c.text))
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("error %v, expected %v naming %q", err, c.want, c.names)
			}
		})
	}
}
