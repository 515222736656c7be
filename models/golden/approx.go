package golden

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

func sqrt(n int) float32 { return float32(math.Sqrt(float64(n))) }

// runApproximate computes THE-X in plain numbers: last_hidden of input_ids and
// attention_mask [B,T], padding too; of scores [n,t], the numerators, the estimate of
// softmax with the network T, with the exact reciprocal, and softmax itself; and T at
// the numbers that the output's name lists.
func runApproximate(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	f, err := readFields(config)
	if err != nil {
		return nil, err
	}
	if f.strings["activation"] != "relu" || f.strings["layernorm"] != "elementwise affine" {
		return nil, fmt.Errorf("golden: %w: activation %q, layernorm %q", ErrKind, f.strings["activation"], f.strings["layernorm"])
	}
	c := bertLike(f, "thex")
	c.Activation = kernels.ReLU
	c.Approx = &transformer.ApproxConfig{Hidden: f.int("reciprocal_hidden"), MaskValue: float32(f.numbers["mask_value"])}
	m, err := transformer.Load(dev, c, []transformer.Stream{weights}, transformer.LoadOptions{DType: dtype})
	if err != nil {
		return nil, err
	}
	batch, _, _, err := v.padded("input_ids", "")
	if err != nil {
		return nil, err
	}
	mask, err := v.input("attention_mask", 2)
	if err != nil {
		return nil, err
	}
	for _, x := range mask.Data {
		batch.Keep = append(batch.Keep, byte(min(1, max(0, x))))
	}
	o := collect(dev)
	x, err := m.Forward(batch)
	if err != nil {
		return nil, err
	}
	o.add("last_hidden", x)
	scores, err := v.input("scores", 2)
	if err != nil {
		return nil, err
	}
	t := scores.Shape[1]
	for i := range scores.Shape[0] {
		row := scores.Floats()[i*t : (i+1)*t]
		sum, exps := 0.0, 0.0
		for _, s := range row {
			r := transformer.ApproxNumerator(s)
			o.got["numerator"] = append(o.got["numerator"], r)
			sum += float64(r)
			exps += math.Exp(float64(s))
		}
		for _, s := range row {
			o.got["softmax_est_exact_recip"] = append(o.got["softmax_est_exact_recip"], float32(float64(transformer.ApproxNumerator(s))/sum))
			o.got["softmax_true"] = append(o.got["softmax_true"], float32(math.Exp(float64(s))/exps))
		}
		m.ApproxSoftmax(row)
		o.got["softmax_est_T"] = append(o.got["softmax_est_T"], row...)
	}
	for name := range v.Outputs {
		list, ok := strings.CutPrefix(name, "T_of_")
		if !ok {
			continue
		}
		for _, text := range strings.Split(list, "_") {
			z, err := strconv.ParseFloat(text, 32)
			if err != nil {
				return nil, fmt.Errorf("golden: %w: output %q does not list numbers", ErrVectors, name)
			}
			o.got[name] = append(o.got[name], m.Reciprocal(float32(z)))
		}
	}
	return o, dev.Err()
}
