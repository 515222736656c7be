package transformer

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// rawConfig holds the members of config.json that are read.
type rawConfig struct {
	ints    map[string]int64
	floats  map[string]float64
	bools   map[string]bool
	strings map[string]string
	lists   map[string]bool // members that are non-empty arrays or objects
	objects map[string][]byte
	kinds   map[string]strictjson.Kind // of every member that is not null
	wrong   error                      // the first member that was read and is of another kind
}

// readRaw is rawOf of the text of an object.
func readRaw(data []byte) (*rawConfig, error) {
	doc, err := strictjson.ReadDocument(data)
	if err != nil {
		return nil, lean.Errorf("transformer: %w: %w", ErrConfig, err)
	}
	return rawOf(doc)
}

func rawOf(doc *strictjson.Document) (*rawConfig, error) {
	r := &rawConfig{map[string]int64{}, map[string]float64{}, map[string]bool{}, map[string]string{}, map[string]bool{}, map[string][]byte{}, map[string]strictjson.Kind{}, nil}
	err := doc.Members(func(key string, d *strictjson.Decoder) error {
		kind := d.Peek()
		if kind != strictjson.Null {
			r.kinds[key] = kind
		}
		switch kind {
		case strictjson.Number:
			f, err := d.Float()
			r.floats[key] = f
			if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
				r.ints[key] = int64(f)
			}
			return err
		case strictjson.Bool:
			b, err := d.Bool()
			r.bools[key] = b
			return err
		case strictjson.String:
			s, err := d.String()
			r.strings[key] = s
			return err
		case strictjson.Array, strictjson.Object:
			raw, err := d.Raw()
			r.lists[key] = len(raw) > 2
			if kind == strictjson.Object {
				r.objects[key] = raw
			}
			return err
		}
		return nil
	})
	if err != nil {
		return nil, lean.Errorf("transformer: %w: %w", ErrConfig, err)
	}
	return r, nil
}

// count reads a member that must be an integer in [low, high].
func (r *rawConfig) count(key string, low, high int) (int, error) {
	v, ok := r.ints[key]
	if !ok {
		if r.other(key, "an integer"); r.wrong != nil {
			return 0, r.wrong
		}
		if f, isFloat := r.floats[key]; isFloat {
			return 0, lean.Errorf("transformer: %w: %q is %v, expected an integer", ErrConfig, key, f)
		}
		return 0, lean.Errorf("transformer: %w: no integer %q", ErrConfig, key)
	}
	if v < int64(low) || v > int64(high) {
		return 0, lean.Errorf("transformer: %w: %q is %d, expected %d to %d", ErrConfig, key, v, low, high)
	}
	return int(v), nil
}

func (r *rawConfig) countOr(key string, low, high, otherwise int) (int, error) {
	if _, ok := r.kinds[key]; !ok {
		return otherwise, nil
	}
	return r.count(key, low, high)
}

func (r *rawConfig) boolOr(key string, otherwise bool) bool {
	if b, ok := r.bools[key]; ok {
		return b
	}
	r.other(key, "true or false")
	return otherwise
}

func (r *rawConfig) floatOr(key string, otherwise float64) float64 {
	if f, ok := r.floats[key]; ok {
		return f
	}
	r.other(key, "a number")
	return otherwise
}

// other notes that a member which was read is there, but is no value of the kind that was
// expected.
func (r *rawConfig) other(key, expected string) {
	kind, there := r.kinds[key]
	if _, number := r.floats[key]; there && r.wrong == nil && !(number && expected == "an integer") {
		r.wrong = lean.Errorf("transformer: %w: %q is %s, expected %s", ErrConfig, key, kind, expected)
	}
}

type refused struct{ key, what string }

// refuse fails on members that would change the result in a way that is not
// implemented.
func refuse(r *rawConfig, members ...refused) error {
	for _, m := range members {
		if r.bools[m.key] || r.floats[m.key] != 0 || r.lists[m.key] || r.strings[m.key] != "" {
			return lean.Errorf("transformer: %w: %s (%q in config.json)", ErrUnsupported, m.what, m.key)
		}
	}
	return nil
}

func activation(r *rawConfig, key, otherwise string) (kernels.Activation, error) {
	name, ok := r.strings[key]
	if !ok {
		if r.other(key, "a string"); r.wrong != nil {
			return 0, r.wrong
		}
		name = otherwise
	}
	if approx := r.strings["gelu_approximate"]; approx != "" && approx != "none" {
		return 0, lean.Errorf("transformer: %w: gelu_approximate %q", ErrUnsupported, approx)
	}
	switch name {
	case "relu":
		return kernels.ReLU, nil
	case "gelu":
		return kernels.GELU, nil
	case "gelu_new", "gelu_pytorch_tanh", "gelu_fast":
		return kernels.GELUTanh, nil
	case "swish", "silu":
		return kernels.SiLU, nil
	}
	return 0, lean.Errorf("transformer: %w: %s %q; supported: relu, gelu, gelu_new, gelu_pytorch_tanh, swish, silu", ErrUnsupported, key, name)
}

// sizes reads the numbers every family has, under the names it gives them.
func (r *rawConfig) sizes(c *Config, hidden, layers, heads, ffn string) error {
	for _, f := range []struct {
		to   *int
		key  string
		high int
	}{
		{&c.VocabSize, "vocab_size", maxVocab}, {&c.HiddenSize, hidden, maxHidden}, {&c.NumLayers, layers, maxLayers},
		{&c.NumHeads, heads, maxHidden}, {&c.IntermediateSize, ffn, 4 * maxHidden},
	} {
		v, err := r.count(f.key, 1, f.high)
		if err != nil {
			return err
		}
		*f.to = v
	}
	return nil
}
