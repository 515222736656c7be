package golden

import (
	"bytes"
	"fmt"
	"io"

	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// fields are the members of a config.json, under "outer.inner" where they nest.
type fields struct {
	numbers map[string]float64
	strings map[string]string
	bools   map[string]bool
	lists   map[string][]float64
}

func readFields(config []byte) (*fields, error) {
	f := &fields{map[string]float64{}, map[string]string{}, map[string]bool{}, map[string][]float64{}}
	d := strictjson.NewDecoder(config)
	var object func(prefix string) error
	object = func(prefix string) error {
		return d.Object(func(key string) (err error) {
			key = prefix + key
			switch d.Peek() {
			case strictjson.Number:
				f.numbers[key], err = d.Float()
			case strictjson.String:
				f.strings[key], err = d.String()
			case strictjson.Bool:
				f.bools[key], err = d.Bool()
			case strictjson.Object:
				err = object(key + ".")
			case strictjson.Array:
				err = d.Array(func(int) error {
					if d.Peek() != strictjson.Number {
						return d.Skip()
					}
					x, err := d.Float()
					f.lists[key] = append(f.lists[key], x)
					return err
				})
			default:
				err = d.Skip()
			}
			return err
		})
	}
	if err := object(""); err != nil {
		return nil, fmt.Errorf("golden: %w: config.json: %w", ErrVectors, err)
	}
	return f, nil
}

// int is a number as an integer; what is missing or none is 0, which every user of it refuses.
func (f *fields) int(key string) int {
	x := f.numbers[key]
	if x != float64(int32(x)) {
		return 0
	}
	return int(x)
}

// ints is a list of integers likewise.
func (f *fields) ints(key string) []int {
	var y []int
	for _, x := range f.lists[key] {
		if x != float64(int32(x)) {
			x = -1
		}
		y = append(y, int(x))
	}
	return y
}

// replayed is a Stream whose beginning has been read already.
type replayed struct {
	transformer.Stream
	head *bytes.Reader
}

func (r *replayed) Read(p []byte) (int, error) {
	if r.head.Len() > 0 {
		return r.head.Read(p)
	}
	return r.Stream.Read(p)
}

// shapes reads the header of a file: some directories tell sizes by the shapes of
// their tensors alone. The Stream that it returns begins at the beginning again.
func shapes(s transformer.Stream) (func(name string, axis int) int, transformer.Stream, error) {
	if s == nil {
		return nil, nil, fmt.Errorf("golden: %w: no weights", ErrVectors)
	}
	var head bytes.Buffer
	h, err := safetensors.ReadHeader(io.TeeReader(s, &head), s.Size())
	if err != nil {
		return nil, nil, fmt.Errorf("golden: %s: %w", s.Name(), err)
	}
	return func(name string, axis int) int {
		if t, ok := h.Lookup(name); ok && axis < len(t.Shape) {
			return t.Shape[axis]
		}
		return 0
	}, &replayed{s, bytes.NewReader(head.Bytes())}, nil
}
