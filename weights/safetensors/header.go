package safetensors

import (
	"errors"
	"io"
	"math"
	"math/bits"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Limits on what a header may claim. The reference implementation reads headers of
// up to 100 MB; a model of ten thousand tensors needs one.
const (
	MaxHeader  = 4 << 20   // bytes of JSON
	MaxTensors = 65_536    // tensors in a file
	MaxName    = 255       // bytes in a tensor's name
	MaxRank    = 8         // dimensions
	MaxDim     = 1<<31 - 1 // of one dimension, so that it is an int everywhere
	metadata   = "__metadata__"
)

// Tensor is where a tensor lies and what it is.
type Tensor struct {
	Name  string
	DType DType
	Shape []int // row-major, outermost first; empty for a scalar
	// Begin and End are byte offsets from Header.DataStart.
	Begin, End int64
}

// NumElements is the product of the shape, 1 for a scalar.
func (t Tensor) NumElements() int64 { return (t.End - t.Begin) / int64(max(1, t.DType.Size())) }

// NumBytes is End − Begin.
func (t Tensor) NumBytes() int64 { return t.End - t.Begin }

// Header is a checked header.
type Header struct {
	Metadata  map[string]string // of "__metadata__"; nil if there is none
	Tensors   []Tensor          // in file order
	DataStart int64             // bytes before the data: 8 + the JSON's length
	byName    map[string]int    // index in Tensors
}

// Lookup finds a tensor.
func (h *Header) Lookup(name string) (Tensor, bool) {
	i, ok := h.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return h.Tensors[i], true
}

// DataSize is the number of bytes that follow the header.
func (h *Header) DataSize() int64 {
	if len(h.Tensors) == 0 {
		return 0
	}
	return h.Tensors[len(h.Tensors)-1].End
}

// ReadHeader reads the header from the start of a file and leaves r at the first data
// byte. fileSize is the length of the whole file; −1 if it is not known, in which case
// the caller compares DataStart + DataSize with what arrives.
//
// Every refusal is [ErrFormat] and one of the kinds beside it; an error of r that is
// not an early end is returned wrapped.
func ReadHeader(r io.Reader, fileSize int64) (*Header, error) {
	var head [64]byte
	n, err := io.ReadFull(r, head[:8])
	if err != nil {
		if what := sniff(head[:n]); what != nil {
			return nil, what
		}
		return nil, short(err, "found %d bytes, expected 8 bytes of header length", n)
	}
	size := lean.Uint64(head[:8])
	if size > MaxHeader {
		// Not a header: a little more of it may say what it is.
		m, _ := io.ReadFull(r, head[8:])
		if what := sniff(head[:8+m]); what != nil {
			return nil, what
		}
		if m > 0 && head[8] != '{' {
			return nil, refuse(ErrNotSafetensors, "byte 8 is 0x%02x, where the header of a safetensors file starts with '{': not a safetensors file", head[8])
		}
		return nil, refuse(ErrHeaderTooLarge, "the first 8 bytes say that the header has %d bytes; the limit is %d: is it a safetensors file?", size, MaxHeader)
	}
	if fileSize >= 0 && size+8 > uint64(fileSize) {
		return nil, refuse(ErrTruncated, "the header says %d bytes, but the file has only %d: fetch it again", size, max(0, fileSize-8))
	}
	text := make([]byte, size)
	if n, err := io.ReadFull(r, text); err != nil {
		return nil, short(err, "found %d bytes of header, expected %d", n, size)
	}
	h, err := parse(text)
	if err != nil {
		return nil, err
	}
	if err := h.tile(); err != nil {
		return nil, err
	}
	if fileSize < 0 {
		return h, nil
	}
	switch have, want := fileSize-h.DataStart, h.DataSize(); {
	case have < want:
		return nil, refuse(ErrTruncated, "%d bytes of data, expected %d: fetch the file again", have, want)
	case have > want:
		return nil, refuse(ErrTrailing, "%d bytes of data, but the tensors end at %d: fetch the file again", have, want)
	}
	return h, nil
}

// short tells an early end from a failing reader.
func short(err error, format string, args ...any) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	} else {
		return in("header", err)
	}
	return refuse(ErrTruncated, format+": fetch the file again", args...)
}

func parse(text []byte) (*Header, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, refuse(ErrNotSafetensors, "the header does not start with '{': not a safetensors file")
	}
	h := &Header{DataStart: 8 + int64(len(text)), byName: map[string]int{}}
	d := strictjson.NewDecoder(text)
	err := d.Object(func(key string) (err error) {
		if key == metadata {
			h.Metadata, err = readMetadata(d)
			return err
		}
		if len(h.Tensors) >= MaxTensors {
			return refuse(ErrTooManyTensors, "more than %d tensors in one file; use shards", MaxTensors)
		}
		if len(key) == 0 || len(key) > MaxName {
			return refuse(ErrName, "tensor %q: a name of %d bytes, expected 1 to %d", lean.Clip(key), len(key), MaxName)
		}
		t, err := readTensor(d, key)
		h.Tensors = append(h.Tensors, t)
		return err
	})
	if err == nil {
		err = d.End()
	}
	var known *refusal
	switch {
	case err == nil:
		return h, nil
	case errors.As(err, &known):
		return nil, err
	case errors.Is(err, strictjson.ErrDuplicateKey):
		return nil, refuseFor(ErrDuplicateTensor, err, "header names a tensor twice")
	}
	return nil, refuseFor(ErrHeaderJSON, err, "header")
}

func readMetadata(d *strictjson.Decoder) (map[string]string, error) {
	m := map[string]string{}
	err := d.Object(func(key string) (err error) {
		m[key], err = d.String()
		return err
	})
	if err != nil {
		return nil, refuseFor(ErrMetadata, err, "header: %s", metadata)
	}
	return m, nil
}

// readTensor reads {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, exactly.
func readTensor(d *strictjson.Decoder, name string) (Tensor, error) {
	t := Tensor{Name: name}
	var seen int
	err := d.Object(func(key string) (err error) {
		seen++
		switch key {
		case "dtype":
			var s string
			if s, err = d.String(); err != nil {
				return err
			}
			if t.DType, err = ParseDType(s); err != nil {
				return refuse(ErrUnknownDType, "tensor %q: data type %q is not read; supported: %s", lean.Clip(name), lean.Clip(s), dtypeNames)
			}
		case "shape":
			t.Shape, err = readShape(d, name)
		case "data_offsets":
			t.Begin, t.End, err = readOffsets(d, name)
		default:
			return refuse(ErrMember, "tensor %q: unknown member %q, expected dtype, shape, data_offsets", lean.Clip(name), lean.Clip(key))
		}
		return err
	})
	var known *refusal
	switch {
	case errors.As(err, &known):
		return t, err
	case err != nil:
		return t, refuseFor(ErrMember, err, "tensor %q", lean.Clip(name))
	case seen != 3:
		return t, refuse(ErrMember, "tensor %q: %d members, expected dtype, shape, data_offsets", lean.Clip(name), seen)
	}
	want, err := byteSize(t)
	if err != nil {
		return t, err
	}
	if have := t.End - t.Begin; have != want {
		return t, refuse(ErrSize, "tensor %q: %s %v has %d bytes, but data_offsets span %d", lean.Clip(name), t.DType, t.Shape, want, have)
	}
	return t, nil
}

func readShape(d *strictjson.Decoder, name string) ([]int, error) {
	shape := []int{}
	err := d.Array(func(i int) error {
		if i >= MaxRank {
			return refuse(ErrRank, "tensor %q: more than %d dimensions", lean.Clip(name), MaxRank)
		}
		n, err := d.Int()
		if err != nil {
			return err
		}
		if n < 0 || n > MaxDim {
			return refuse(ErrShape, "tensor %q: dimension %d is %d, expected 0 to %d", lean.Clip(name), i, n, MaxDim)
		}
		shape = append(shape, int(n))
		return nil
	})
	var known *refusal
	if err != nil && !errors.As(err, &known) {
		return nil, refuseFor(ErrShape, err, "tensor %q: shape", lean.Clip(name))
	}
	return shape, err
}

func readOffsets(d *strictjson.Decoder, name string) (begin, end int64, err error) {
	var at [2]int64
	var count int
	err = d.Array(func(i int) (err error) {
		if count++; count > len(at) {
			return refuse(ErrOffsets, "tensor %q: more than two data_offsets", lean.Clip(name))
		}
		at[i], err = d.Int()
		return err
	})
	var known *refusal
	switch {
	case errors.As(err, &known):
		return 0, 0, err
	case err != nil:
		return 0, 0, refuseFor(ErrOffsets, err, "tensor %q: data_offsets", lean.Clip(name))
	case count != 2:
		return 0, 0, refuse(ErrOffsets, "tensor %q: %d data_offsets, expected begin and end", lean.Clip(name), count)
	case at[0] < 0 || at[1] < at[0]:
		return 0, 0, refuse(ErrOffsets, "tensor %q: data_offsets %d to %d, expected 0 ≤ begin ≤ end", lean.Clip(name), at[0], at[1])
	}
	return at[0], at[1], nil
}

// byteSize is the product of shape and width, or ErrShape if it does not fit int64.
// The overflow check ignores zeros, so that [0, 2³¹, 2³¹, 2³¹] does not slip through:
// whoever multiplies part of a shape is safe, too.
func byteSize(t Tensor) (int64, error) {
	product, zero := uint64(t.DType.Size()), false
	for _, n := range t.Shape {
		if n == 0 {
			zero = true
			continue
		}
		high, low := bits.Mul64(product, uint64(n))
		if high != 0 || low > math.MaxInt64 {
			return 0, refuse(ErrShape, "tensor %q: shape %v of %s is larger than any file", lean.Clip(t.Name), t.Shape, t.DType)
		}
		product = low
	}
	if zero {
		return 0, nil
	}
	return int64(product), nil
}

// tile sorts the tensors into file order and checks that they cover the data from 0 on
// without hole or overlap.
func (h *Header) tile() error {
	v := h.Tensors
	lean.Sort(len(v), func(i, j int) bool {
		switch a, b := &v[i], &v[j]; {
		case a.Begin != b.Begin:
			return a.Begin < b.Begin
		case a.End != b.End:
			return a.End < b.End
		default:
			return a.Name < b.Name
		}
	}, func(i, j int) { v[i], v[j] = v[j], v[i] })
	var at int64
	for i, t := range h.Tensors {
		switch {
		case t.Begin < at:
			return refuse(ErrOverlap, "tensor %q: offset %d overlaps %q, which ends at %d", lean.Clip(t.Name), t.Begin, lean.Clip(h.Tensors[i-1].Name), at)
		case t.Begin > at:
			return refuse(ErrHole, "tensor %q: offset %d leaves a hole after %d", lean.Clip(t.Name), t.Begin, at)
		}
		at = t.End
		h.byName[t.Name] = i
	}
	return nil
}
