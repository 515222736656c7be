package transformer

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// pack stores the matrices of linear layers as 4 bits, with a scale of type kind for each
// group (0: for each row). What they stand for becomes the values of the result.
func (k *checkpoint) pack(kind safetensors.DType, group int) (packed, plain *checkpoint) {
	empty := func() *checkpoint {
		return &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}, raw: map[string][]byte{}}
	}
	packed, plain = empty(), empty()
	put := func(to *checkpoint, name string, t safetensors.DType, v []float32, raw []byte, shape ...int) {
		to.names = append(to.names, name)
		to.shapes[name], to.values[name], to.dtypes[name] = shape, v, t
		if raw != nil {
			to.raw[name] = raw
		}
	}
	for _, name := range k.names {
		v, shape := slices.Clone(k.values[name]), k.shapes[name]
		if len(shape) != 2 || strings.Contains(name, "embed") || strings.Contains(name, "relative") || strings.Contains(name, "output_projection") {
			put(packed, name, k.dtypes[name], v, nil, shape...)
			put(plain, name, k.dtypes[name], v, nil, shape...)
			continue
		}
		rows, cols := shape[0], shape[1]
		size := group
		if size == 0 {
			size = cols
		}
		var words []byte
		var scales []float32
		for row := range slices.Chunk(v, cols) {
			for part := range slices.Chunk(row, size) {
				top := max(slices.Max(part), -slices.Min(part))
				scale := top / 8
				if slices.Max(part) == top {
					scale = -scale
				}
				if kind == safetensors.F16 {
					scale = kernels.FromF16(kernels.ToF16(scale))
				}
				scales = append(scales, scale)
				for i, x := range part {
					part[i] = float32(max(-8, min(7, math.RoundToEven(float64(x/scale)))))
				}
			}
			for i := 0; i < cols; i += 8 {
				word := uint32(0) // what lies behind the row is 0, as others write it, not 8
				for j, q := range row[i:min(cols, i+8)] {
					word |= uint32(int(q)+8) << (4 * j)
				}
				words = binary.LittleEndian.AppendUint32(words, word)
			}
			for i := range row {
				row[i] *= scales[len(scales)-(cols+size-1)/size+i/size]
			}
		}
		put(plain, name, safetensors.F32, v, nil, shape...)
		module := strings.TrimSuffix(name, ".weight")
		extent := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(rows)), uint64(cols))
		put(packed, module+".weight_packed", safetensors.I32, nil, words, rows, (cols+7)/8)
		put(packed, module+".weight_scale", kind, scales, nil, rows, len(scales)/rows)
		put(packed, module+".weight_shape", safetensors.I64, nil, extent, 2)
	}
	return packed, plain
}

// wide widens a tiny configuration so that rows have several blocks.
func wide(text string) string {
	return strings.NewReplacer(`dim":18`, `dim":96`, `embed_dim":22`, `embed_dim":128`).Replace(text)
}

// A folder of 4 bits computes what its numbers compute when they are quantised while
// loading: the same bits where a scale belongs to one block, in either order of scales and
// weights in the file.
func TestStoredFourBitsComputeWhatTheirNumbersDo(t *testing.T) {
	for name, config := range everyKind() {
		// Rows of one block for all, of several for some.
		for _, text := range []string{config, wide(config)} {
			c := parse(t, text)
			if text == wide(config) && !strings.Contains(name, "Llama") && name != "encoder relative positions" {
				continue
			}
			if c.MoE != nil || c.Vision != nil {
				continue // routers and patches stay float32
			}
			t.Run(name, func(t *testing.T) {
				for _, b := range both(t) {
					for _, kind := range []safetensors.DType{safetensors.F32, safetensors.F16} {
						for _, group := range []int{32, 0} {
							packed, plain := tiny(c).pack(kind, group)
							run := func(k *checkpoint, dtype string) []float32 {
								dev := kernels.NewDevice(b)
								m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{DType: dtype, Head: c.Family == "llama"})
								if err != nil {
									t.Fatal(err)
								}
								if dtype != "f32" && m.DType() != "q4" {
									t.Errorf("dtype %s", m.DType())
								}
								return states(t, m, sourced(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}}, 2, 5))
							}
							got := run(packed, "")
							// Asked for by name, so that the tables are quantised in both.
							if d := far(run(packed, "q4"), run(plain, "q4")); d != 0 && group == 32 {
								t.Errorf("%s %s: differs by %g", b.Name(), kind, d)
							}
							if cos := cosine(got, run(plain, "f32")); cos < 0.999 {
								t.Errorf("%s %s, groups of %d: cosine %g to float32", b.Name(), kind, group, cos)
							}
						}
					}
				}
			})
		}
	}
}

func TestFourBitsThatDoNotFitAreRefused(t *testing.T) {
	const m = "layers.1.ffn.fc1.weight" // [22 18]
	for _, tt := range []struct {
		name, dtype string
		edit        func(k *checkpoint)
		want        error
		says        string
	}{
		{"as it is", "", func(*checkpoint) {}, nil, ""},
		{"asked for q4", "q4", func(*checkpoint) {}, nil, ""},
		{"asked for f32", "f32", func(*checkpoint) {}, ErrUnsupported, "stored as 4 bits, dtype f32"},
		{"asked for q8", "q8", func(*checkpoint) {}, ErrUnsupported, "stored as 4 bits, dtype q8"},
		{"no scales", "", func(k *checkpoint) { k.drop(m + "_scale") }, ErrMissingTensor, m + "_scale"},
		{"no shape", "", func(k *checkpoint) { k.drop(m + "_shape") }, ErrMissingTensor, m + "_shape"},
		{"no weights", "", func(k *checkpoint) { k.drop(m + "_packed") }, ErrMissingTensor, m},
		{"another matrix", "", func(k *checkpoint) { k.raw[m+"_shape"][8]++ }, quant.ErrShape, "[22 19]"},
		{"another number of words", "", func(k *checkpoint) {
			k.shapes[m+"_packed"], k.raw[m+"_packed"] = []int{22, 4}, make([]byte, 22*16)
		}, quant.ErrShape, "[22 4]"},
		{"scales of half blocks", "", func(k *checkpoint) {
			k.shapes[m+"_scale"], k.values[m+"_scale"] = []int{22, 2}, make([]float32, 44)
		}, quant.ErrUnsupported, "2 scales for rows of 18"},
		{"a scale for all", "", func(k *checkpoint) {
			k.shapes[m+"_scale"], k.values[m+"_scale"] = []int{1, 1}, make([]float32, 1)
		}, quant.ErrScale, "[1 1]"},
		{"a scale that is no number", "", func(k *checkpoint) { k.values[m+"_scale"][7] = float32(math.NaN()) }, quant.ErrNotFinite, "row 7"},
		{"an infinite scale", "", func(k *checkpoint) { k.values[m+"_scale"][21] = float32(math.Inf(-1)) }, quant.ErrNotFinite, "row 21"},
		{"zero points", "", func(k *checkpoint) { k.add(m+"_zero_point", 22, 1) }, ErrUnexpectedTensor, "zero_point"},
		{"a table of 4 bits", "", func(k *checkpoint) {
			k.drop("embed_positions.weight")
			k.add("embed_positions.weight_packed", 16, 3)
		}, ErrUnsupported, "embed_positions.weight"},
		{"the weights twice", "", func(k *checkpoint) { k.add(m, 22, 18) }, ErrUnexpectedTensor, m},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := parse(t, tinyConfig(""))
			k, _ := tiny(c).pack(safetensors.F32, 32)
			tt.edit(k)
			dev := newDevice()
			mark := dev.Mark()
			_, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{DType: tt.dtype})
			if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("error %v, want %v that says %q", err, tt.want, tt.says)
			}
			if err != nil && dev.Mark() != mark {
				t.Error("memory was not given back")
			}
		})
	}
}

// A checkpoint of int8 gives the 4 bits of the numbers that it stands for.
func TestInt8BecomesFourBitsWhileLoading(t *testing.T) {
	c := parse(t, wide(tinyConfig("")))
	k := tiny(c)
	eight, plain := &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}}, tiny(c)
	for _, name := range k.names {
		v, shape := k.values[name], k.shapes[name]
		if quant.KeepF32(name, shape) {
			eight.add(name, shape...)
			eight.values[name] = v
			continue
		}
		q, scale := make([]int8, len(v)), make([]float32, shape[0])
		if err := errors.Join(quant.QuantizeRows(q, scale, v, shape[0], shape[1]), quant.DequantizeRows(plain.values[name], q, scale, shape[0], shape[1])); err != nil {
			t.Fatal(err)
		}
		eight.add(name+"_scale", shape[0], 1)
		eight.values[name+"_scale"] = scale
		eight.add(name, shape...)
		eight.dtypes[name] = safetensors.I8
		for i, x := range q {
			eight.values[name][i] = float32(x)
		}
	}
	for _, b := range both(t) {
		run := func(k *checkpoint) []float32 {
			dev := kernels.NewDevice(b)
			m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{DType: "q4"})
			if err != nil {
				t.Fatal(err)
			}
			if m.DType() != "q4" {
				t.Errorf("dtype %s", m.DType())
			}
			return states(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}})
		}
		if d := far(run(eight), run(plain)); d > 1e-5 {
			t.Errorf("%s: differs by %g", b.Name(), d)
		}
	}
	// Two files: in the first come the weights, in the second their scales.
	early, late := *eight, *eight
	early.names, late.names = nil, nil
	for _, name := range eight.names {
		if strings.HasSuffix(name, "_scale") {
			late.names = append(late.names, name)
		} else {
			early.names = append(early.names, name)
		}
	}
	dev := newDevice()
	_, err := Load(dev, c, []Stream{stream(dev, early.encode(t)), stream(dev, late.encode(t))}, LoadOptions{DType: "q4"})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "before its scales") {
		t.Errorf("scales that come after their rows: %v", err)
	}
}
