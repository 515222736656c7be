//go:build !js

package describe_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

const vectors = "../golden/testdata"

// golden is a folder of one of the golden models, under the names of a model folder.
func golden(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{"config.json": "config.json", "weights.safetensors": "model.safetensors"} {
		b, err := os.ReadFile(filepath.Join(vectors, name, from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string) (*transformer.Config, []safetensors.Tensor) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := transformer.ParseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	w, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return c, w.Tensors
}

func part(s describe.Stack, name string) int64 {
	for _, p := range s.Parts {
		if p.Name == name {
			return p.Parameters
		}
	}
	return 0
}

func size(d *describe.Description, kind string) describe.Size {
	for _, s := range d.Sizes {
		if s.Type == kind {
			return s
		}
	}
	return describe.Size{}
}

func TestModelsAreDescribedByTheirConfigurations(t *testing.T) {
	for _, c := range []struct {
		name, kind, norm, head, positions string
		stacks                            int
		places                            int // of the last stack
		experts, topK                     int
	}{
		{"enc_preln", "encoder", "Pre-LN", "own", "learned", 1, 3, 0, 0},
		{"enc_postln", "encoder", "Post-LN", "own", "learned", 1, 2, 0, 0},
		{"enc_subln_relpos", "encoder", "Sub-LN", "own", "relative", 1, 5, 0, 0},
		{"enc_subln_xpos", "encoder", "Sub-LN", "own", "xpos", 1, 5, 0, 0},
		{"enc_moe_top2_all_cap25", "encoder", "Sub-LN", "own", "learned", 1, 5, 4, 2},
		{"enc_xmoe_top1_cap100", "encoder", "Sub-LN", "own", "learned", 1, 5, 4, 1},
		{"dec_subln", "decoder", "Sub-LN", "own", "learned", 1, 5, 0, 0},
		{"dec_deepnorm_postln", "decoder", "DeepNorm", "own", "learned", 1, 2, 0, 0},
		{"encdec_subln", "encoder-decoder", "Sub-LN", "own", "learned", 2, 6, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, tensors := open(t, golden(t, c.name))
			d := describe.Model(config, tensors, nil)
			if d.Kind != c.kind || len(d.Stacks) != c.stacks || d.Head != c.head {
				t.Fatalf("%s of %d stacks, head %s", d.Kind, len(d.Stacks), d.Head)
			}
			s := d.Stacks[len(d.Stacks)-1]
			if s.Norm != c.norm || s.Positions != c.positions || len(s.NormPlaces) != c.places {
				t.Errorf("norm %s at %q, positions %s", s.Norm, s.NormPlaces, s.Positions)
			}
			if (s.Routing != nil) != (c.experts > 0) || c.experts > 0 && (s.Routing.Experts != c.experts || s.Routing.TopK != c.topK || !slices.Equal(s.Routing.Layers, []int{1})) {
				t.Errorf("routing %+v", s.Routing)
			}
			if c.experts > 0 && (part(s, "experts") == 0 || part(s, "router") == 0) {
				t.Errorf("parts %+v", s.Parts)
			}
			// The parts are all there is, and the layers' parts their share of it.
			sum, inLayers := int64(0), int64(0)
			for _, s := range d.Stacks {
				for _, p := range s.Parts {
					sum += p.Parameters
				}
				for _, l := range s.LayerParts {
					for _, p := range l {
						inLayers += p.Parameters
					}
				}
			}
			total := int64(0)
			for _, t := range tensors {
				total += t.NumElements()
			}
			if sum != d.Parameters || d.Parameters != total || inLayers == 0 || inLayers >= sum {
				t.Errorf("parts add up to %d, %d of them in layers; %d parameters, the file has %d", sum, inLayers, d.Parameters, total)
			}
		})
	}
}

// What is said of q8 is what lode quantize writes and, but for the padding of panels, what
// loading takes.
func TestSizesAreThoseOfTheQuantisedModel(t *testing.T) {
	for _, name := range []string{"enc_subln", "enc_moe_top2_all_cap25", "encdec_subln"} {
		t.Run(name, func(t *testing.T) {
			dir := golden(t, name)
			config, tensors := open(t, dir)
			d := describe.Model(config, tensors, nil)
			if size(d, "q8").Exact || !size(d, "f32").Exact {
				t.Errorf("sizes %+v: nobody has looked for peaks", d.Sizes)
			}
			d = describe.Model(config, tensors, []string{})
			out := filepath.Join(t.TempDir(), "q8")
			if _, err := quant.Folder(dir, out, quant.Options{}, nil); err != nil {
				t.Fatal(err)
			}
			_, quantised := open(t, out)
			bytes := int64(0)
			for _, t := range quantised {
				bytes += t.NumBytes()
			}
			if got := size(d, "q8"); got.Bytes != bytes || !got.Exact {
				t.Errorf("q8 %+v, the folder has %d bytes", got, bytes)
			}
			again := describe.Model(config, quantised, nil)
			if again.Parameters != d.Parameters || size(again, "q8").Bytes != bytes || size(again, "f32").Bytes != size(d, "f32").Bytes || len(again.Sizes) != 4 || !size(again, "q4").Exact {
				t.Errorf("of the int8 folder: %d parameters, %+v", again.Parameters, again.Sizes)
			}
			for _, kind := range []string{"f32", "q8", "q4"} {
				dev := kernels.NewDevice(kernels.NewReference(0))
				weights, closer, err := transformer.OpenFile(dev, filepath.Join(dir, "model.safetensors"))
				if err != nil {
					t.Fatal(err)
				}
				defer closer.Close()
				m, err := transformer.Load(dev, config, []transformer.Stream{weights}, transformer.LoadOptions{DType: kind, Head: config.Encoder == nil})
				if err != nil {
					t.Fatal(err)
				}
				// Matrices of 16 columns and tables of 29 rows have much padding.
				if got, took := size(d, kind).Bytes, int64(m.WeightBytes()); got > took+4*29*16+16*4 || took > 3*got {
					t.Errorf("%s: %d bytes, loading took %d", kind, got, took)
				}
			}
		})
	}
}

// Eight numbers of four bits share an element of the file.
func TestPackedMatricesCountTheirWeights(t *testing.T) {
	config, tensors := open(t, golden(t, "enc_subln"))
	floats := describe.Model(config, tensors, []string{})
	const module = "layers.0.ffn.fc1" // 24 × 16
	packed := slices.DeleteFunc(slices.Clone(tensors), func(t safetensors.Tensor) bool { return t.Name == module+".weight" })
	packed = append(packed,
		safetensors.Tensor{Name: module + ".weight_packed", DType: safetensors.I32, Shape: []int{24, 2}, End: 24 * 2 * 4},
		safetensors.Tensor{Name: module + ".weight_scale", DType: safetensors.F16, Shape: []int{24, 1}, End: 24 * 2},
		safetensors.Tensor{Name: module + ".weight_shape", DType: safetensors.I64, Shape: []int{2}, End: 16})
	d := describe.Model(config, packed, nil)
	if d.Parameters != floats.Parameters || len(d.Sizes) != 3 || d.Sizes[2].Type != "q4" || size(d, "f32") != size(floats, "f32") {
		t.Errorf("%d parameters, %+v; expected %d, %+v", d.Parameters, d.Sizes, floats.Parameters, floats.Sizes)
	}
	if slices.Contains(d.KeptF32, module+".weight_packed") {
		t.Errorf("kept %q", d.KeptF32)
	}
}

func TestMatricesThatStayFloatAreNamed(t *testing.T) {
	config, tensors := open(t, golden(t, "enc_subln"))
	name := "layers.0.ffn.fc1.weight"
	all, one := describe.Model(config, tensors, []string{}), describe.Model(config, tensors, []string{name})
	// 24 × 16 numbers of four bytes instead of one, without 24 scales.
	if more := size(one, "q8").Bytes - size(all, "q8").Bytes; more != 24*16*3-24*4 || !slices.Equal(one.KeptF32, []string{name}) {
		t.Errorf("%d bytes more, kept %q", more, one.KeptF32)
	}
}

func TestTheJSONIsThatOfTheFields(t *testing.T) {
	for _, name := range []string{"enc_moe_top1_cap25", "encdec_subln", "beit3_multiway_subln"} {
		config, tensors := open(t, golden(t, name))
		d := describe.Model(config, tensors, []string{"a \"quoted\" <name>\x01"})
		d.ModelType = "a\\b\"c"
		d.Stacks[0].Knowledge = &describe.Knowledge{Layers: []int{1}, Items: 2}
		var got, want any
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(json.Unmarshal(text, &want), json.Unmarshal(d.AppendJSON(nil), &got)); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, d.AppendJSON(nil))
		}
		// encoding/json writes nil for no elements.
		if empty(got); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%s\nexpected\n%s", name, d.AppendJSON(nil), text)
		}
	}
}

// empty replaces empty lists by nil.
func empty(v any) {
	m, _ := v.(map[string]any)
	for k, x := range m {
		if l, ok := x.([]any); ok {
			if len(l) == 0 {
				m[k] = nil
			}
			for i, y := range l {
				empty(y)
				if inner, ok := y.([]any); ok && len(inner) == 0 {
					l[i] = nil
				}
			}
		}
		empty(x)
	}
}

func TestThePictureIsWellFormedAndTextInItIsText(t *testing.T) {
	for _, name := range []string{"enc_moe_top1_cap25", "encdec_deepnorm_default", "beit3_multiway_subln"} {
		config, tensors := open(t, golden(t, name))
		d := describe.Model(config, tensors, nil)
		d.ModelType = `"><script>alert(1)</script>` + "\x00\uFFFE"
		for _, standalone := range []bool{false, true} {
			picture := d.SVG(standalone)
			if strings.Contains(string(picture), "<script") || strings.Contains(string(picture), "<style") != standalone {
				t.Errorf("%s: markup of the model, or a style where none belongs", name)
			}
			x := xml.NewDecoder(strings.NewReader(string(picture)))
			for {
				_, err := x.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%s: %v\n%s", name, err, picture)
				}
			}
			want := []string{"LayerNorm", "self-attention: 4 heads of 4", "bytes of the weights by type", "q4"}
			if strings.Contains(name, "moe") {
				want = append(want, "router: softmax gate, best 1 of 4", "4 experts of 24")
			}
			for _, w := range want {
				if !strings.Contains(string(picture), w) {
					t.Errorf("%s: the picture lacks %q", name, w)
				}
			}
		}
	}
}
