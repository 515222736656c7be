package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/hostile from the table")

// pack is a file of a header and data, with nothing checked.
func pack(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// one is a header with one tensor of the given parts.
func one(dtype, shape, offsets string) string {
	return fmt.Sprintf(`{"w":{"dtype":%s,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
}

// claim is only the length of a header.
func claim(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

func two(a, b string) string {
	const t = `"%s":{"dtype":"U8","shape":[4],"data_offsets":%s}`
	return "{" + fmt.Sprintf(t, "a", a) + "," + fmt.Sprintf(t, "b", b) + "}"
}

// names is a header with n empty tensors.
func names(n int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
	}
	return b.String() + "}"
}

// hostile is every way in which a file is refused. What is expected follows from the
// format's own text (8 bytes of length, JSON, offsets contiguous, no duplicate keys, no
// holes) and from this package's limits. Files are numbered in this order; new ones go
// to the end.
var hostile = []struct {
	name string
	file []byte
	want error
}{
	{"empty", nil, ErrTruncated},
	{"three-bytes", []byte{1, 2, 3}, ErrTruncated},
	{"length-only", claim(64), ErrTruncated},
	{"header-cut", pack(one(`"F32"`, `[1]`, `[0,4]`), 0)[:40], ErrTruncated},
	{"data-cut", pack(one(`"F32"`, `[2]`, `[0,8]`), 7), ErrTruncated},
	{"claims-4GiB-header", claim(1 << 32), ErrHeaderTooLarge},
	{"claims-2^63-header", claim(1 << 63), ErrHeaderTooLarge},
	{"claims-all-ones-header", claim(1<<64 - 1), ErrHeaderTooLarge},
	{"claims-limit-plus-one", claim(MaxHeader + 1), ErrHeaderTooLarge},
	{"claims-limit", claim(MaxHeader), ErrTruncated},
	{"html-doctype", []byte("<!DOCTYPE html><html><body>Not Found</body></html>"), ErrHTML},
	{"html-lower-case", []byte("<!doctype html>"), ErrHTML},
	{"html-without-doctype", []byte("\n  <HTML><head><title>404</title></head></HTML>"), ErrHTML},
	{"html-after-bom", []byte("\xef\xbb\xbf<html lang=en>"), ErrHTML},
	{"html-short", []byte("<html>"), ErrHTML},
	{"xml-error", []byte(`<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`), ErrHTML},
	{"git-lfs-pointer", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), ErrLFSPointer},
	{"pytorch-zip", []byte("PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00archive/data.pkl"), ErrPyTorch},
	{"pytorch-pickle", []byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."), ErrPyTorch},
	{"gguf", []byte("GGUF\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), ErrGGUF},
	{"json-message", []byte(`{"error":"Repository not found"}`), ErrNotSafetensors},
	{"text-message", []byte("Entry not found"), ErrNotSafetensors},
	{"header-of-nothing", claim(0), ErrNotSafetensors},
	{"header-is-an-array", pack(`[]`, 0), ErrNotSafetensors},
	{"header-starts-with-space", pack(` {}`, 0), ErrNotSafetensors},
	{"header-open", pack(`{"w":{"dtype":"F32"`, 0), ErrMember},
	{"header-cut-before-name", pack(`{`, 0), ErrHeaderJSON},
	{"header-twice", pack(`{}{}`, 0), ErrHeaderJSON},
	{"header-padded-with-nul", pack("{}\x00\x00", 0), ErrHeaderJSON},
	{"header-not-utf8", pack("{\"\xff\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0), ErrHeaderJSON},
	{"header-trailing-comma", pack(`{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},}`, 0), ErrHeaderJSON},
	{"metadata-number", pack(`{"__metadata__":{"steps":641}}`, 0), ErrMetadata},
	{"metadata-nested", pack(`{"__metadata__":{"a":{"b":"c"}}}`, 0), ErrMetadata},
	{"metadata-null", pack(`{"__metadata__":null}`, 0), ErrMetadata},
	{"metadata-key-twice", pack(`{"__metadata__":{"a":"1","a":"2"}}`, 0), ErrMetadata},
	{"metadata-twice", pack(`{"__metadata__":{},"__metadata__":{}}`, 0), ErrDuplicateTensor},
	{"metadata-deep", pack(`{"__metadata__":`+strings.Repeat(`{"a":`, 100)+`""`+strings.Repeat("}", 101), 0), ErrMetadata},
	{"name-empty", pack(`{"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0), ErrName},
	{"name-256-bytes", pack(`{"`+strings.Repeat("n", 256)+`":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0), ErrName},
	{"tensor-twice", pack(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), ErrDuplicateTensor},
	{"tensor-twice-escaped", pack(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0077":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), ErrDuplicateTensor},
	{"tensor-is-a-list", pack(`{"w":["F32",[1],[0,4]]}`, 4), ErrMember},
	{"tensor-null", pack(`{"w":null}`, 0), ErrMember},
	{"member-unknown", pack(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"file":"../../etc/passwd"}}`, 1), ErrMember},
	{"member-twice", pack(`{"w":{"dtype":"U8","shape":[1],"shape":[9],"data_offsets":[0,1]}}`, 1), ErrMember},
	{"member-other-case", pack(`{"w":{"DType":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), ErrMember},
	{"no-dtype", pack(`{"w":{"shape":[1],"data_offsets":[0,1]}}`, 1), ErrMember},
	{"no-shape", pack(`{"w":{"dtype":"U8","data_offsets":[0,1]}}`, 1), ErrMember},
	{"no-offsets", pack(`{"w":{"dtype":"U8","shape":[1]}}`, 1), ErrMember},
	{"dtype-number", pack(one(`7`, `[1]`, `[0,1]`), 1), ErrMember},
	{"dtype-f64", pack(one(`"F64"`, `[1]`, `[0,8]`), 8), ErrUnknownDType},
	{"dtype-f8", pack(one(`"F8_E4M3"`, `[1]`, `[0,1]`), 1), ErrUnknownDType},
	{"dtype-lower-case", pack(one(`"f32"`, `[1]`, `[0,4]`), 4), ErrUnknownDType},
	{"dtype-empty", pack(one(`""`, `[1]`, `[0,0]`), 0), ErrUnknownDType},
	{"rank-9", pack(one(`"U8"`, `[1,1,1,1,1,1,1,1,1]`, `[0,1]`), 1), ErrRank},
	{"dimension-negative", pack(one(`"U8"`, `[-1]`, `[0,1]`), 1), ErrShape},
	{"dimension-fraction", pack(one(`"U8"`, `[1.0]`, `[0,1]`), 1), ErrShape},
	{"dimension-exponent", pack(one(`"U8"`, `[1e0]`, `[0,1]`), 1), ErrShape},
	{"dimension-string", pack(one(`"U8"`, `["1"]`, `[0,1]`), 1), ErrShape},
	{"dimension-2^31", pack(one(`"U8"`, `[2147483648]`, `[0,2147483648]`), 1), ErrShape},
	{"dimension-2^64", pack(one(`"U8"`, `[18446744073709551616]`, `[0,0]`), 0), ErrShape},
	{"shape-wraps-to-zero", pack(one(`"F32"`, `[1073741824,1073741824,16]`, `[0,0]`), 0), ErrShape},
	{"shape-wraps-to-four", pack(one(`"I8"`, `[2147483647,2147483647,2147483647,4]`, `[0,4]`), 4), ErrShape},
	{"shape-wraps-beside-zero", pack(one(`"F32"`, `[0,1073741824,1073741824,16]`, `[0,0]`), 0), ErrShape},
	{"shape-is-a-number", pack(one(`"U8"`, `1`, `[0,1]`), 1), ErrShape},
	{"shape-larger-than-data", pack(one(`"F32"`, `[1000000]`, `[0,4]`), 4), ErrSize},
	{"shape-smaller-than-data", pack(one(`"F32"`, `[1]`, `[0,8]`), 8), ErrSize},
	{"shape-scalar-of-nothing", pack(one(`"F32"`, `[]`, `[0,0]`), 0), ErrSize},
	{"offsets-reversed", pack(one(`"U8"`, `[4]`, `[4,0]`), 4), ErrOffsets},
	{"offsets-negative", pack(one(`"U8"`, `[4]`, `[-4,0]`), 4), ErrOffsets},
	{"offsets-fraction", pack(one(`"U8"`, `[4]`, `[0,4.0]`), 4), ErrOffsets},
	{"offsets-one", pack(one(`"U8"`, `[4]`, `[4]`), 4), ErrOffsets},
	{"offsets-three", pack(one(`"U8"`, `[4]`, `[0,4,8]`), 4), ErrOffsets},
	{"offsets-2^63", pack(one(`"U8"`, `[4]`, `[9223372036854775808,9223372036854775812]`), 4), ErrOffsets},
	{"offsets-at-the-end-of-int64", pack(one(`"U8"`, `[4]`, `[9223372036854775803,9223372036854775807]`), 4), ErrHole},
	{"overlap", pack(two(`[0,4]`, `[2,6]`), 6), ErrOverlap},
	{"overlap-same-bytes", pack(two(`[0,4]`, `[0,4]`), 4), ErrOverlap},
	{"hole", pack(two(`[0,4]`, `[8,12]`), 12), ErrHole},
	{"hole-at-the-start", pack(one(`"U8"`, `[4]`, `[4,8]`), 8), ErrHole},
	{"trailing-byte", pack(one(`"U8"`, `[4]`, `[0,4]`), 5), ErrTrailing},
	{"trailing-without-tensors", pack(`{}`, 1), ErrTrailing},
	{"claims-terabytes", pack(one(`"F32"`, `[1048576,1048576]`, `[0,4398046511104]`), 16), ErrTruncated},
}

func hostilePath(i int) string {
	return filepath.Join("testdata", "hostile", fmt.Sprintf("%02d-%s.safetensors", i, hostile[i].name))
}

func TestHostileFilesAreRefused(t *testing.T) {
	if *update {
		if err := os.MkdirAll(filepath.Join("testdata", "hostile"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, tt := range hostile {
		t.Run(fmt.Sprintf("%02d-%s", i, tt.name), func(t *testing.T) {
			if *update {
				if err := os.WriteFile(hostilePath(i), tt.file, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			file, err := os.ReadFile(hostilePath(i))
			if err != nil || !bytes.Equal(file, tt.file) {
				t.Fatalf("testdata is not what the table says (%v): go test -run Hostile -update", err)
			}
			_, err = ReadHeader(bytes.NewReader(file), int64(len(file)))
			checkRefused(t, err, tt.want)
			_, err = ReadHeader(bytes.NewReader(file), -1)
			switch tt.name {
			case "data-cut", "trailing-byte", "trailing-without-tensors", "claims-terabytes":
				if err != nil {
					t.Errorf("length unknown: %v", err)
				}
			default:
				checkRefused(t, err, tt.want)
			}
		})
	}
}

// A header with too many tensors is 3.5 MB, so it is not kept as a file.
func TestTooManyTensorsAreRefused(t *testing.T) {
	if _, err := ReadHeader(bytes.NewReader(pack(names(MaxTensors), 0)), -1); err != nil {
		t.Errorf("%d tensors: %v", MaxTensors, err)
	}
	_, err := ReadHeader(bytes.NewReader(pack(names(MaxTensors+1), 0)), -1)
	checkRefused(t, err, ErrTooManyTensors)
}

// checkRefused wants one kind, and no other.
func checkRefused(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || !errors.Is(err, ErrFormat) {
		t.Fatalf("error %v, want %v", err, want)
	}
	if !strings.HasPrefix(err.Error(), "weights: ") {
		t.Errorf("%q does not begin with the subsystem", err)
	}
	for _, k := range headerKinds {
		if k != want && errors.Is(err, k) {
			t.Errorf("%v is %v, too", err, k)
		}
	}
}

// headerKinds is every kind that ReadHeader returns.
var headerKinds = []error{
	ErrHTML, ErrLFSPointer, ErrPyTorch, ErrGGUF, ErrNotSafetensors, ErrTruncated, ErrTrailing, ErrHeaderTooLarge,
	ErrHeaderJSON, ErrMetadata, ErrTooManyTensors, ErrName, ErrDuplicateTensor, ErrMember, ErrUnknownDType, ErrRank,
	ErrShape, ErrSize, ErrOffsets, ErrOverlap, ErrHole,
}

func TestEveryKindHasAHostileFile(t *testing.T) {
	covered := map[error]bool{ErrTooManyTensors: true} // its own test
	for _, tt := range hostile {
		covered[tt.want] = true
	}
	texts := map[string]bool{}
	for _, k := range headerKinds {
		if !covered[k] {
			t.Errorf("no hostile file for %v", k)
		}
		if texts[k.Error()] {
			t.Errorf("two kinds say %q, which makes them one", k)
		}
		texts[k.Error()] = true
		if reflect.TypeOf(k) != reflect.TypeOf(ErrFormat) {
			t.Errorf("%v is no kind", k)
		}
	}
}
