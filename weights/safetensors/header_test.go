package safetensors

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadsAHeader(t *testing.T) {
	// Tensors out of file order, a scalar, empty tensors, padding, escapes.
	const text = `{"__metadata__":{"format":"pt","gr\u00fc\u00dfe":"\"x\""},` +
		`"late":{"data_offsets":[28,36],"shape":[],"dtype":"I64"},` +
		`"empty":{"dtype":"F32","shape":[3,0],"data_offsets":[24,24]},` +
		`"h":{"dtype":"BF16","shape":[2],"data_offsets":[24,28]},` +
		`"m":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}   `
	file := pack(text, 36)
	file[len(file)-36] = 77
	r := iotest.OneByteReader(bytes.NewReader(file))
	h, err := ReadHeader(r, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	want := []Tensor{
		{"m", F32, []int{2, 3}, 0, 24},
		{"empty", F32, []int{3, 0}, 24, 24},
		{"h", BF16, []int{2}, 24, 28},
		{"late", I64, []int{}, 28, 36},
	}
	if !reflect.DeepEqual(h.Tensors, want) {
		t.Errorf("tensors %v, want %v", h.Tensors, want)
	}
	if want := map[string]string{"format": "pt", "grüße": `"x"`}; !reflect.DeepEqual(h.Metadata, want) {
		t.Errorf("metadata %v, want %v", h.Metadata, want)
	}
	if h.DataStart != int64(len(file))-36 || h.DataSize() != 36 {
		t.Errorf("data from %d, %d bytes", h.DataStart, h.DataSize())
	}
	for i, elements := range []int64{6, 0, 2, 1} {
		got, ok := h.Lookup(want[i].Name)
		if !ok || !reflect.DeepEqual(got, want[i]) || got.NumElements() != elements || got.NumBytes() != want[i].End-want[i].Begin {
			t.Errorf("Lookup(%q) = %v, %v, %d elements", want[i].Name, got, ok, got.NumElements())
		}
	}
	if _, ok := h.Lookup("missing"); ok {
		t.Error("Lookup finds what is not there")
	}
	var first [1]byte
	if _, err := io.ReadFull(r, first[:]); err != nil || first[0] != 77 {
		t.Errorf("the reader is not at the first data byte: %d, %v", first[0], err)
	}
}

func TestReadsAFileWithoutTensors(t *testing.T) {
	for _, text := range []string{`{}`, `{"__metadata__":{}}`} {
		h, err := ReadHeader(bytes.NewReader(pack(text, 0)), int64(8+len(text)))
		if err != nil || len(h.Tensors) != 0 || h.DataSize() != 0 {
			t.Errorf("%s: %v, %v", text, h, err)
		}
	}
}

// Limits are inclusive.
func TestReadsAtTheLimits(t *testing.T) {
	text := `{"` + strings.Repeat("n", MaxName) + `":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}`
	text += strings.Repeat(" ", MaxHeader-len(text))
	if _, err := ReadHeader(bytes.NewReader(pack(text, 1)), int64(8+MaxHeader+1)); err != nil {
		t.Error(err)
	}
	if _, err := ReadHeader(bytes.NewReader(pack(one(`"U8"`, `[2147483647]`, `[0,2147483647]`), 0)), -1); err != nil {
		t.Error(err)
	}
}

// A header length that spells a brace is still a length: only impossible lengths are sniffed.
func TestHeaderLengthThatLooksLikeText(t *testing.T) {
	text := one(`"U8"`, `[1]`, `[0,1]`)
	text += strings.Repeat(" ", '{'|'"'<<8-len(text)) // the file begins {" 00 00 …
	file := pack(text, 1)
	if file[0] != '{' || file[1] != '"' {
		t.Fatalf("the file begins with %q", file[:8])
	}
	if _, err := ReadHeader(bytes.NewReader(file), int64(len(file))); err != nil {
		t.Error(err)
	}
}

// A reader that fails is not a malformed file.
func TestReaderErrorIsKept(t *testing.T) {
	broken := errors.New("cable cut")
	file := pack(one(`"U8"`, `[1]`, `[0,1]`), 1)
	for _, n := range []int{0, 5, 8, 20} {
		r := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
		if _, err := ReadHeader(r, -1); !errors.Is(err, broken) || errors.Is(err, ErrFormat) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestMessagesNameObjectFoundAndExpected(t *testing.T) {
	for header, want := range map[string]string{
		two(`[0,4]`, `[2,6]`):               `weights: tensor "b": offset 2 overlaps "a", which ends at 4`,
		one(`"F64"`, `[1]`, `[0,8]`):        `weights: tensor "w": data type "F64" is not read; supported: F32, F16, BF16, I8, U8, I32, I64, BOOL`,
		one(`"F32"`, `[2,3]`, `[0,20]`):     `weights: tensor "w": F32 [2 3] has 24 bytes, but data_offsets span 20`,
		`{"w":{"dtype":"F32","shape":[1]}}`: `weights: tensor "w": 2 members, expected dtype, shape, data_offsets`,
	} {
		if _, err := ReadHeader(bytes.NewReader(pack(header, 8)), -1); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", header, err, want)
		}
	}
}

func TestParseDType(t *testing.T) {
	// Widths from the format's specification.
	for name, size := range map[string]int{"BOOL": 1, "U8": 1, "I8": 1, "F16": 2, "BF16": 2, "I32": 4, "F32": 4, "I64": 8} {
		d, err := ParseDType(name)
		if err != nil || d.String() != name || d.Size() != size || !d.Valid() {
			t.Errorf("%s: %v of %d bytes, %v", name, d, d.Size(), err)
		}
		if d.IsFloat() != strings.Contains(name, "F") {
			t.Errorf("%s: IsFloat is %v", name, d.IsFloat())
		}
	}
	for _, d := range []DType{0, I64 + 1, 255} {
		if d.Valid() || d.Size() != 0 || d.String() != "no data type" {
			t.Errorf("DType(%d) passes for valid", d)
		}
	}
}

func TestAnyOtherFileIsNotSafetensors(t *testing.T) {
	// Its first 8 bytes, read as a length, are nearly always too large: what follows
	// them tells it from a header that is.
	for _, text := range []string{"These are not the weights.", "%PDF-1.7 of something", "\x89PNG\r\n\x1a\n0000IHDR"} {
		_, err := ReadHeader(strings.NewReader(text), int64(len(text)))
		if !errors.Is(err, ErrNotSafetensors) {
			t.Errorf("%q: %v, want %v", text, err, ErrNotSafetensors)
		}
	}
	large := append([]byte{0, 0, 0, 0, 1, 0, 0, 0}, "{\"a\":"...)
	if _, err := ReadHeader(bytes.NewReader(large), -1); !errors.Is(err, ErrHeaderTooLarge) {
		t.Errorf("a header of 4 GiB: %v, want %v", err, ErrHeaderTooLarge)
	}
}
