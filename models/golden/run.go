package golden

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Tolerance is the largest absolute error of an f32 output that passes. Where numbers
// are beyond 100, which is where float32 rounds by as much, it is so much of a hundredth
// of the largest.
const Tolerance = 2e-4

// Output is how far one output lies from its golden vector.
type Output struct {
	Name string `json:"name"`
	// Worst is the largest absolute difference; NaN if one side has a NaN.
	Worst float64 `json:"worst"`
	// Largest is the largest magnitude of the output in the vectors.
	Largest float64 `json:"largest"`
	// Cosine is that of all numbers of the output as one vector.
	Cosine float64 `json:"cosine"`
	// Undetermined is how many numbers were not compared, because in the vectors
	// themselves nothing but rounding decides them: the cosine of a vector of length 0.
	Undetermined int `json:"undetermined,omitempty"`
	// Whole: the numbers are integers. Aside: quantised models are not judged by them;
	// they are states that other layers follow, or cosines of states, which magnify the
	// noise of a state that is the small difference of two.
	Whole bool `json:"-"`
	Aside bool `json:"-"`
}

// Least is the least cosine of quantised models that passes, by dtype. Vectors are tiny
// and random, and four bits are coarse for rows of 16 numbers.
var Least = map[string]float64{"q8": 0.99, "q4": 0.85}

// Passes tells whether an output of a model of that dtype passes. In float32 integers are
// exact and numbers within the Tolerance; a quantised model's must have the Least cosine,
// but for those Aside.
func (o *Output) Passes(dtype string) bool {
	least, quantised := Least[dtype]
	switch {
	case quantised:
		return o.Aside || o.Cosine >= least
	case o.Whole:
		return o.Worst == 0
	}
	return o.Worst <= Tolerance*max(1, o.Largest/100) // false for NaN
}

// Report is the result of one directory.
type Report struct {
	Kind    string   `json:"kind"`
	Outputs []Output `json:"outputs"`
	// Routes are the mixtures of experts that were passed, in that order.
	Routes []Route `json:"-"`
}

// Worst is the largest error of all outputs.
func (r *Report) Worst() float64 {
	worst := 0.0
	for _, o := range r.Outputs {
		if math.IsNaN(o.Worst) {
			return o.Worst
		}
		worst = max(worst, o.Worst)
	}
	return worst
}

// Run holds the model of config.json and weights against io.json. dtype is "f32",
// "q8" or "q4". Every output of io.json is compared; one that cannot be computed is an error.
func Run(dev *kernels.Device, config, io []byte, weights transformer.Stream, dtype string) (*Report, error) {
	v, err := ParseVectors(io)
	if err != nil {
		return nil, err
	}
	kind, family, err := kindOf(config)
	if err != nil {
		return nil, err
	}
	runner, ok := runners[kind]
	if kind == "" && family != "" {
		if kind, runner, ok = family, runFamily, true; family == "beit3" {
			runner = runBEiT3
		}
	}
	if !ok {
		names := make([]string, 0, len(runners))
		for k := range runners {
			names = append(names, k)
		}
		slices.Sort(names)
		return nil, fmt.Errorf("golden: %w: kind %q; can run: %q", ErrKind, kind, names)
	}
	mark := dev.Mark()
	defer dev.Release(mark)
	got, err := runner(dev, config, v, weights, dtype)
	if err != nil {
		return nil, err
	}
	return compare(kind, v, got)
}

// runner computes the outputs of io.json by name.
type runner func(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error)

var runners = map[string]runner{
	"encoder":    runEncoder,
	"decoder":    runDecoder,
	"encdec":     runEncoderDecoder,
	"beit3":      runBEiT3,
	"xmoe_paper": runExperts,
	"prune":      runPruned,
	"promptbert": runPromptBERT,
	"kformer":    runKformer,
	"metalm":     runMetaLM,
	"thex":       runApproximate,
}

// kindOf reads what says how to run a directory: kind, or model_type in a config.json of
// a family of checkpoints.
func kindOf(config []byte) (kind, family string, err error) {
	d := strictjson.NewDecoder(config)
	err = d.Object(func(key string) (err error) {
		switch key {
		case "kind":
			kind, err = d.String()
		case "model_type":
			family, err = d.String()
		default:
			err = d.Skip()
		}
		return err
	})
	if err != nil {
		return "", "", fmt.Errorf("golden: %w: config.json: %w", ErrVectors, err)
	}
	return kind, family, nil
}

func compare(kind string, v *Vectors, computed *outputs) (*Report, error) {
	r := &Report{Kind: kind, Routes: computed.routes}
	for name, w := range v.Outputs {
		g, ok := computed.got[name]
		if !ok {
			return nil, fmt.Errorf("golden: %w: output %q of kind %q", ErrKind, name, kind)
		}
		if len(g) != len(w.Data) {
			return nil, fmt.Errorf("golden: %w: output %q is %v, computed %d numbers", ErrVectors, name, w.Shape, len(g))
		}
		o := Output{Name: name, Whole: w.whole(), Aside: name == "embed" || strings.HasPrefix(name, "layer") || strings.HasPrefix(name, "cosine_")}
		var ab, aa, bb float64
		for i, x := range g {
			if skip := computed.undetermined[name]; i < len(skip) && skip[i] {
				o.Undetermined++
				continue
			}
			diff := math.Abs(float64(x) - w.Data[i])
			if math.IsNaN(diff) || diff > o.Worst {
				o.Worst = diff
			}
			if math.IsNaN(o.Worst) {
				break
			}
			o.Largest = max(o.Largest, math.Abs(w.Data[i]))
			ab += float64(x) * w.Data[i]
			aa += float64(x) * float64(x)
			bb += w.Data[i] * w.Data[i]
		}
		if o.Cosine = 1; aa > 0 && bb > 0 {
			o.Cosine = ab / math.Sqrt(aa*bb)
		}
		r.Outputs = append(r.Outputs, o)
	}
	slices.SortFunc(r.Outputs, func(a, b Output) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return r, nil
}
