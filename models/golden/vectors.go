package golden

import (
	"errors"
	"fmt"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// ErrVectors: io.json is malformed or lacks what its kind needs.
var ErrVectors = errors.New("invalid golden vectors")

// ErrKind: nothing here can run vectors of this kind.
var ErrKind = errors.New("cannot run this kind of vectors")

// Tensor is numbers of io.json; integers and booleans too are kept as float64, which
// holds them exactly.
type Tensor struct {
	Shape []int
	Data  []float64
	// DType is "f32", "i64" or "bool".
	DType string
}

// whole tells whether the numbers are integers.
func (t Tensor) whole() bool { return t.DType == "bool" || len(t.DType) > 1 && t.DType[0] == 'i' }

// Ints is the tensor as int32.
func (t Tensor) Ints() []int32 {
	y := make([]int32, len(t.Data))
	for i, v := range t.Data {
		y[i] = int32(v)
	}
	return y
}

// Floats is the tensor as float32.
func (t Tensor) Floats() []float32 {
	y := make([]float32, len(t.Data))
	for i, v := range t.Data {
		y[i] = float32(v)
	}
	return y
}

// Vectors is an io.json.
type Vectors struct {
	Inputs, Outputs map[string]Tensor
}

// ParseVectors reads an io.json.
func ParseVectors(text []byte) (*Vectors, error) {
	v := &Vectors{}
	d := strictjson.NewDecoder(text)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "inputs":
			v.Inputs, err = tensors(d)
		case "outputs":
			v.Outputs, err = tensors(d)
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, fmt.Errorf("golden: %w: io.json: %w", ErrVectors, err)
	}
	if v.Inputs == nil || v.Outputs == nil {
		return nil, fmt.Errorf("golden: %w: io.json lacks \"inputs\" or \"outputs\"", ErrVectors)
	}
	return v, nil
}

func tensors(d *strictjson.Decoder) (map[string]Tensor, error) {
	all := map[string]Tensor{}
	err := d.Object(func(name string) error {
		var t Tensor
		err := d.Object(func(key string) (err error) {
			switch key {
			case "dtype":
				t.DType, err = d.String()
				return err
			case "shape":
				return d.Array(func(int) error {
					n, err := d.Int()
					t.Shape = append(t.Shape, int(n))
					return err
				})
			case "data":
				return d.Array(func(int) error {
					x, err := number(d)
					t.Data = append(t.Data, x)
					return err
				})
			}
			return d.Skip()
		})
		if err != nil {
			return err
		}
		n := 1
		for _, s := range t.Shape {
			if s < 0 || s > 1<<24 {
				return fmt.Errorf("%w: %q has a dimension of %d", ErrVectors, name, s)
			}
			n *= s
		}
		if n != len(t.Data) {
			return fmt.Errorf("%w: %q is %v but has %d numbers", ErrVectors, name, t.Shape, len(t.Data))
		}
		all[name] = t
		return nil
	})
	return all, err
}

func number(d *strictjson.Decoder) (float64, error) {
	if d.Peek() == strictjson.Bool {
		b, err := d.Bool()
		if b {
			return 1, err
		}
		return 0, err
	}
	return d.Float()
}

// input returns a tensor of the given rank.
func (v *Vectors) input(name string, rank int) (Tensor, error) {
	t, ok := v.Inputs[name]
	if !ok || len(t.Shape) != rank {
		return t, fmt.Errorf("golden: %w: no input %q of %d dimensions", ErrVectors, name, rank)
	}
	return t, nil
}
