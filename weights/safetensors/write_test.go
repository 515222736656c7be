package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The bytes are what the format's text prescribes, in the order and with the padding of
// the reference implementation (tensors by type, widest first, then by name).
func TestWritesTheFormat(t *testing.T) {
	var b bytes.Buffer
	err := Write(&b, map[string]string{"z": "1", "format": "pt"}, []Entry{
		{"b", I8, []int{3}, Bytes([]byte{1, 2, 3})},
		{"s", F32, nil, Floats([]float32{1}, F32)},
		{"a", I8, []int{1, 2}, Bytes([]byte{4, 5})},
		{"empty", F32, []int{0, 7}, nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	header := `{"__metadata__":{"format":"pt","z":"1"},` +
		`"empty":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},` +
		`"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},` +
		`"a":{"dtype":"I8","shape":[1,2],"data_offsets":[4,6]},` +
		`"b":{"dtype":"I8","shape":[3],"data_offsets":[6,9]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	want := append(pack(header, 0), 0, 0, 0x80, 0x3f, 4, 5, 1, 2, 3)
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("wrote\n%q\nwant\n%q", b.Bytes(), want)
	}
}

// Whatever Write takes, ReadHeader gives back, encoding/json agrees with the header, and
// the order of the entries leaves no trace.
func TestWriteReadRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	alphabet := []string{"a", "layers.0.", "ß", "▁", "\"", "\\", "\x00", "\n", "😀", " ", "/", "<"}
	word := func() string {
		var s strings.Builder
		for range 1 + rng.IntN(6) {
			s.WriteString(alphabet[rng.IntN(len(alphabet))])
		}
		return s.String()
	}
	for round := range 300 {
		meta := map[string]string{}
		for range rng.IntN(4) {
			meta[word()] = word()
		}
		if rng.IntN(4) == 0 {
			meta = nil
		}
		data := map[string][]byte{}
		var entries []Entry
		for range rng.IntN(12) {
			e := Entry{Name: word(), DType: DType(1 + rng.IntN(8)), Shape: []int{}}
			if data[e.Name] != nil {
				continue
			}
			n := e.DType.Size()
			for range rng.IntN(5) {
				d := rng.IntN(5)
				e.Shape, n = append(e.Shape, d), n*d
			}
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
			e.Data, data[e.Name] = Bytes(b), b
			entries = append(entries, e)
		}
		var file, again bytes.Buffer
		if err := Write(&file, meta, entries); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		rng.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		if err := Write(&again, meta, entries); err != nil || !bytes.Equal(file.Bytes(), again.Bytes()) {
			t.Fatalf("round %d: another order of entries, another file (%v)", round, err)
		}
		h, err := ReadHeader(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatalf("round %d: %v\n%q", round, err, file.Bytes())
		}
		if h.DataStart%8 != 0 || len(h.Tensors) != len(entries) || !maps.Equal(h.Metadata, meta) {
			t.Fatalf("round %d: %d tensors from %d, metadata %q", round, len(h.Tensors), h.DataStart, h.Metadata)
		}
		for _, e := range entries {
			got, ok := h.Lookup(e.Name)
			if !ok || got.DType != e.DType || !slices.Equal(got.Shape, e.Shape) {
				t.Fatalf("round %d: %q is %v, want %v", round, e.Name, got, e)
			}
			if begin := h.DataStart + got.Begin; begin%int64(e.DType.Size()) != 0 || !bytes.Equal(file.Bytes()[begin:begin+got.NumBytes()], data[e.Name]) {
				t.Fatalf("round %d: %q has other bytes, or is not aligned", round, e.Name)
			}
		}
		if text := file.Bytes()[8:h.DataStart]; !json.Valid(text) {
			t.Fatalf("round %d: encoding/json refuses %q", round, text)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	ok := Bytes([]byte{1, 2, 3, 4})
	broken := errors.New("disk full")
	tests := []struct {
		name    string
		meta    map[string]string
		entries []Entry
		want    error
	}{
		{"empty name", nil, []Entry{{"", U8, []int{4}, ok}}, ErrName},
		{"long name", nil, []Entry{{strings.Repeat("n", 256), U8, []int{4}, ok}}, ErrName},
		{"reserved name", nil, []Entry{{"__metadata__", U8, []int{4}, ok}}, ErrName},
		{"name not UTF-8", nil, []Entry{{"\xff", U8, []int{4}, ok}}, ErrName},
		{"no type", nil, []Entry{{"w", 0, []int{4}, ok}}, ErrUnknownDType},
		{"unknown type", nil, []Entry{{"w", 99, []int{4}, ok}}, ErrUnknownDType},
		{"rank 9", nil, []Entry{{"w", U8, []int{1, 1, 1, 1, 1, 1, 1, 1, 4}, ok}}, ErrRank},
		{"negative dimension", nil, []Entry{{"w", U8, []int{-4}, ok}}, ErrShape},
		{"shape wraps", nil, []Entry{{"w", F32, []int{1 << 30, 1 << 30, 16}, ok}}, ErrShape},
		{"sum wraps", nil, []Entry{{"a", U8, []int{1 << 30, 1 << 30, 4}, ok}, {"b", U8, []int{1 << 30, 1 << 30, 4}, ok}}, ErrShape},
		{"name twice", nil, []Entry{{"w", U8, []int{4}, ok}, {"w", I8, []int{4}, ok}}, ErrDuplicateTensor},
		{"too many", nil, make([]Entry, MaxTensors+1), ErrTooManyTensors},
		{"large header", map[string]string{"k": strings.Repeat("v", MaxHeader)}, nil, ErrHeaderTooLarge},
		{"metadata not UTF-8", map[string]string{"k": "\xff"}, nil, ErrMetadata},
		{"too little data", nil, []Entry{{"w", U8, []int{5}, ok}}, ErrEntry},
		{"no data", nil, []Entry{{"w", U8, []int{5}, nil}}, ErrEntry},
		{"too much data", nil, []Entry{{"w", U8, []int{3}, ok}}, ErrEntry},
		{"data fails", nil, []Entry{{"w", U8, []int{4}, func(io.Writer) error { return broken }}}, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Write(&b, tt.meta, tt.entries); !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), "weights: ") {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if tt.want != ErrEntry && tt.want != broken && b.Len() > 0 {
				t.Errorf("%d bytes were written before the refusal", b.Len())
			}
		})
	}
	for n := range 20 {
		w := &limited{n: n}
		if err := Write(w, nil, []Entry{{"w", U8, []int{4}, ok}}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("a disk with room for %d bytes: %v", n, err)
		}
	}
}

// limited is a disk that is soon full.
type limited struct{ n int }

func (l *limited) Write(b []byte) (int, error) {
	n := min(l.n, len(b))
	l.n -= n
	if n < len(b) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// FuzzReadHeader: nothing panics, a refusal is of a kind, and what is accepted tiles its
// data and survives being written and read again.
func FuzzReadHeader(f *testing.F) {
	for _, tt := range hostile {
		f.Add(tt.file, false)
	}
	f.Add(pack(two(`[4,8]`, `[0,4]`), 8), true)
	f.Add(pack(`{"__metadata__":{"a":"b"},"x":{"dtype":"F16","shape":[2,0],"data_offsets":[0,0]}}  `, 0), false)
	f.Fuzz(func(t *testing.T, file []byte, unknown bool) {
		size := int64(len(file))
		if unknown {
			size = -1
		}
		h, err := ReadHeader(bytes.NewReader(file), size)
		if err != nil {
			kinds := 0
			for _, k := range headerKinds {
				if errors.Is(err, k) {
					kinds++
				}
			}
			if kinds != 1 || !errors.Is(err, ErrFormat) {
				t.Fatalf("%v is of %d kinds", err, kinds)
			}
			return
		}
		var at int64
		var entries []Entry
		for _, x := range h.Tensors {
			n := int64(x.DType.Size())
			for _, d := range x.Shape {
				n *= int64(d)
			}
			if x.Begin != at || x.NumBytes() != n || x.NumElements()*int64(x.DType.Size()) != n {
				t.Fatalf("%v at %d", x, at)
			}
			at = x.End
			entries = append(entries, Entry{x.Name, x.DType, x.Shape, Bytes(make([]byte, min(n, 1<<20)))})
		}
		if at != h.DataSize() || !unknown && h.DataStart+at != size {
			t.Fatalf("data %d + %d, file %d", h.DataStart, at, size)
		}
		if at > 1<<20 {
			return // only claimed; not worth writing
		}
		var b bytes.Buffer
		if err := Write(&b, h.Metadata, entries); err != nil {
			t.Fatal(err)
		}
		again, err := ReadHeader(&b, int64(b.Len()))
		if err != nil || len(again.Tensors) != len(h.Tensors) || !reflect.DeepEqual(again.Metadata, h.Metadata) {
			t.Fatalf("written again: %v", err)
		}
		for _, x := range h.Tensors {
			y, ok := again.Lookup(x.Name)
			if !ok || y.DType != x.DType || fmt.Sprint(y.Shape) != fmt.Sprint(x.Shape) {
				t.Fatalf("%v became %v", x, y)
			}
		}
	})
}
