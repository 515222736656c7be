package safetensors

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Entry is a tensor to be written.
type Entry struct {
	Name  string
	DType DType
	Shape []int
	// Data writes the tensor's bytes, exactly elements × width of them, little-endian
	// and row-major. It is called once, when its place in the file has come.
	Data func(w io.Writer) error
}

// Bytes is the Data of bytes that are in memory.
func Bytes(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// Floats is the Data of values that are in memory, converted to F32, F16 or BF16 in
// pieces.
func Floats(v []float32, d DType) func(io.Writer) error {
	return func(w io.Writer) error {
		var buf []byte
		for piece := range slices.Chunk(v, 4096) {
			buf = AppendFloats(buf[:0], piece, d)
			if _, err := w.Write(buf); err != nil {
				return err
			}
		}
		return nil
	}
}

// Write writes a file. Its bytes depend on what is written, never on the order of
// entries or of a map: tensors go by type, then by name, in the order of the reference
// implementation (I64, F32, I32, BF16, F16, I8, U8, BOOL), which with a header padded
// to 8 bytes aligns every tensor to its width. In a quantised file the scales (F32)
// therefore come before the weights (I8) that need them.
//
// metadata may be nil. What ReadHeader would refuse is refused here before the first
// byte; an entry whose Data writes too little or too much is [ErrEntry], too.
func Write(w io.Writer, metadata map[string]string, entries []Entry) error {
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b Entry) int {
		if a.DType != b.DType {
			return int(b.DType) - int(a.DType)
		}
		return strings.Compare(a.Name, b.Name)
	})
	head, sizes, err := encodeHeader(metadata, entries)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return in("write header", err)
	}
	for i, e := range entries {
		c := &counter{w: w, left: sizes[i]}
		if e.Data != nil {
			if err := e.Data(c); err != nil {
				return in("write tensor "+strconv.Quote(lean.Clip(e.Name)), err)
			}
		}
		if c.left != 0 {
			return refuse(ErrEntry, "tensor %q: Data wrote %d bytes, expected %d", lean.Clip(e.Name), sizes[i]-c.left, sizes[i])
		}
	}
	return nil
}

// encodeHeader returns the 8 bytes of length and the header, and each entry's bytes.
func encodeHeader(meta map[string]string, entries []Entry) ([]byte, []int64, error) {
	if len(entries) > MaxTensors {
		return nil, nil, refuse(ErrTooManyTensors, "%d tensors; the limit is %d: use shards", len(entries), MaxTensors)
	}
	out := append(make([]byte, 8, 1024), '{')
	if meta != nil {
		out = append(out, `"`+metadata+`":{`...)
		keys := make([]string, 0, len(meta))
		for k, v := range meta {
			if !utf8.ValidString(k) || !utf8.ValidString(v) {
				return nil, nil, refuse(ErrMetadata, "%s: %q is not UTF-8", metadata, lean.Clip(k))
			}
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for i, k := range keys {
			if i > 0 {
				out = append(out, ',')
			}
			out = strictjson.AppendString(append(strictjson.AppendString(out, k), ':'), meta[k])
		}
		out = append(out, '}')
	}
	sizes := make([]int64, len(entries))
	names := make(map[string]bool, len(entries))
	var at int64
	for i, e := range entries {
		n, err := checkEntry(e)
		switch {
		case err != nil:
			return nil, nil, err
		case names[e.Name]:
			return nil, nil, refuse(ErrDuplicateTensor, "tensor %q is written twice", lean.Clip(e.Name))
		case at+n < at:
			return nil, nil, refuse(ErrShape, "tensor %q: the file would be larger than any file", lean.Clip(e.Name))
		}
		names[e.Name], sizes[i] = true, n
		if i > 0 || meta != nil {
			out = append(out, ',')
		}
		out = append(strictjson.AppendString(out, e.Name), `:{"dtype":"`+e.DType.String()+`","shape":[`...)
		for j, n := range e.Shape {
			if j > 0 {
				out = append(out, ',')
			}
			out = strconv.AppendInt(out, int64(n), 10)
		}
		out = strconv.AppendInt(append(out, `],"data_offsets":[`...), at, 10)
		at += n
		out = append(strconv.AppendInt(append(out, ','), at, 10), "]}"...)
	}
	out = append(out, '}')
	for len(out)%8 != 0 {
		out = append(out, ' ')
	}
	if len(out)-8 > MaxHeader {
		return nil, nil, refuse(ErrHeaderTooLarge, "a header of %d bytes; the limit is %d: use shards", len(out)-8, MaxHeader)
	}
	lean.PutUint64(out, uint64(len(out)-8))
	return out, sizes, nil
}

// checkEntry refuses what ReadHeader would refuse, and returns the size in bytes.
func checkEntry(e Entry) (int64, error) {
	switch {
	case len(e.Name) == 0, len(e.Name) > MaxName:
		return 0, refuse(ErrName, "tensor %q: a name of %d bytes, expected 1 to %d", lean.Clip(e.Name), len(e.Name), MaxName)
	case e.Name == metadata, !utf8.ValidString(e.Name):
		return 0, refuse(ErrName, "tensor %q: a name that a header cannot hold", lean.Clip(e.Name))
	case !e.DType.Valid():
		return 0, refuse(ErrUnknownDType, "tensor %q: data type %d; supported: %s", lean.Clip(e.Name), byte(e.DType), dtypeNames)
	case len(e.Shape) > MaxRank:
		return 0, refuse(ErrRank, "tensor %q: %d dimensions; the limit is %d", lean.Clip(e.Name), len(e.Shape), MaxRank)
	}
	for i, n := range e.Shape {
		if n < 0 || int64(n) > MaxDim {
			return 0, refuse(ErrShape, "tensor %q: dimension %d is %d, expected 0 to %d", lean.Clip(e.Name), i, n, MaxDim)
		}
	}
	return byteSize(Tensor{Name: e.Name, DType: e.DType, Shape: e.Shape})
}

// counter lets exactly left bytes through.
type counter struct {
	w    io.Writer
	left int64
}

func (c *counter) Write(b []byte) (int, error) {
	if int64(len(b)) > c.left {
		return 0, refuse(ErrEntry, "Data writes %d bytes more than the shape has", int64(len(b))-c.left)
	}
	n, err := c.w.Write(b)
	c.left -= int64(n)
	return n, err
}
