package lean

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// The expected values are those of encoding/binary and encoding/hex.
func TestBytesAreThoseOfEncodingBinary(t *testing.T) {
	b := []byte{0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88, 0x09}
	le, be := binary.LittleEndian, binary.BigEndian
	if Uint16(b) != le.Uint16(b) || Uint32(b) != le.Uint32(b) || Uint64(b) != le.Uint64(b) || Uint32BE(b) != be.Uint32(b) {
		t.Errorf("%x is read as %x, %x, %x and %x", b, Uint16(b), Uint32(b), Uint64(b), Uint32BE(b))
	}
	const v = 0x8102_8304_8506_8708
	tests := []struct {
		name      string
		got, want []byte
	}{
		{"PutUint32", put(func(p []byte) { PutUint32(p, v&0xffffffff) }), put(func(p []byte) { le.PutUint32(p, v&0xffffffff) })},
		{"PutUint64", put(func(p []byte) { PutUint64(p, v) }), put(func(p []byte) { le.PutUint64(p, v) })},
		{"PutUint32BE", put(func(p []byte) { PutUint32BE(p, v&0xffffffff) }), put(func(p []byte) { be.PutUint32(p, v&0xffffffff) })},
		{"AppendUint16", AppendUint16([]byte{9}, v&0xffff), le.AppendUint16([]byte{9}, v&0xffff)},
		{"AppendUint32", AppendUint32([]byte{9}, v&0xffffffff), le.AppendUint32([]byte{9}, v&0xffffffff)},
		{"AppendUint64BE", AppendUint64BE([]byte{9}, v), be.AppendUint64([]byte{9}, v)},
	}
	for _, c := range tests {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: %x, encoding/binary has %x", c.name, c.got, c.want)
		}
	}
}

// put returns ten bytes after f has written the first of them.
func put(f func([]byte)) []byte {
	p := bytes.Repeat([]byte{0xee}, 10)
	f(p)
	return p
}

func TestDecodeHexTakesWhatEncodingHexTakes(t *testing.T) {
	for _, s := range []string{"", "0a", "0A", "fF", "0", "0g", "g0", "0a0", "0a0b", "  ", "é", "00ff7f80", "/:", "@G", "`g"} {
		want := make([]byte, 2)
		n, err := hex.Decode(make([]byte, 8), []byte(s))
		ok := err == nil && n == len(want)
		if ok {
			hex.Decode(want, []byte(s))
		}
		got := make([]byte, 2)
		if DecodeHex(got, s) != ok || ok && !bytes.Equal(got, want) {
			t.Errorf("DecodeHex(%q) = %x, %v; encoding/hex has %x, %v", s, got, !ok, want, ok)
		}
	}
}
