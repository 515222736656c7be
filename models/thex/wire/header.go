package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/lodestone-wasm/lodestone/models/thex"
)

// Version is the version of the format.
const Version = 1

// HeaderBytes is the size of a header.
const HeaderBytes = 104

var magic = [4]byte{'T', 'H', 'E', 'X'}

// Kind is the kind of a message.
type Kind uint8

// The kinds.
const (
	Keys Kind = 1 + iota
	Up
	Down
)

func (k Kind) String() string {
	switch k {
	case Keys:
		return "keys"
	case Up:
		return "a message of the client"
	case Down:
		return "an answer of the server"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Fingerprint is the SHA-256 of the parts of a message with evaluation keys.
type Fingerprint [32]byte

// RunID is the random name of a run.
type RunID [16]byte

// Header is the beginning of a message.
type Header struct {
	Kind     Kind
	Hash     [32]byte
	Keys     Fingerprint
	Run      RunID
	Exchange uint32
	Parts    uint32
	Bytes    uint64 // of all parts
}

// Append appends a header to b.
func (h Header) Append(b []byte) []byte {
	b = append(b, magic[:]...)
	b = binary.LittleEndian.AppendUint16(b, Version)
	b = append(b, byte(h.Kind), 0)
	b = append(b, h.Hash[:]...)
	b = append(b, h.Keys[:]...)
	b = append(b, h.Run[:]...)
	b = binary.LittleEndian.AppendUint32(b, h.Exchange)
	b = binary.LittleEndian.AppendUint32(b, h.Parts)
	return binary.LittleEndian.AppendUint64(b, h.Bytes)
}

// ReadHeader reads a header. It checks its magic, version and kind; [Header.Check] checks
// the rest.
func ReadHeader(r io.Reader) (Header, error) {
	var b [HeaderBytes]byte
	var h Header
	if n, err := io.ReadFull(r, b[:]); err != nil {
		return h, short(err, "%d bytes, a header has %d", n, HeaderBytes)
	}
	if !bytes.Equal(b[:4], magic[:]) {
		return h, fmt.Errorf("wire: %w: it begins with %q, expected %q", ErrFormat, b[:4], magic[:])
	}
	if v := binary.LittleEndian.Uint16(b[4:]); v != Version {
		return h, fmt.Errorf("wire: %w: the message has version %d, expected %d; update the older side", ErrVersion, v, Version)
	}
	h.Kind = Kind(b[6])
	if h.Kind < Keys || h.Kind > Down || b[7] != 0 {
		return h, fmt.Errorf("wire: %w: kind %d with %d behind it, expected 1 to 3 with 0", ErrFormat, b[6], b[7])
	}
	copy(h.Hash[:], b[8:])
	copy(h.Keys[:], b[40:])
	copy(h.Run[:], b[72:])
	h.Exchange = binary.LittleEndian.Uint32(b[88:])
	h.Parts = binary.LittleEndian.Uint32(b[92:])
	h.Bytes = binary.LittleEndian.Uint64(b[96:])
	return h, nil
}

func short(err error, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("wire: %w: %s", ErrTruncated, what)
	}
	return fmt.Errorf("wire: reading a message: %s: %w", what, err)
}

// Check holds a header against a plan: its hash, its exchange and its sizes.
func (h Header) Check(kind Kind, p *thex.Plan) error {
	if h.Kind != kind {
		return fmt.Errorf("wire: %w: it is %v, expected %v", ErrFormat, h.Kind, kind)
	}
	if want := Hash(p); h.Hash != want {
		return fmt.Errorf("wire: %w: hash %x…, expected %x…; both sides must open the same model for %d tokens", ErrParameters, h.Hash[:6], want[:6], p.Tokens)
	}
	if kind != Keys && int64(h.Exchange) >= int64(len(p.Exchanges)) {
		return fmt.Errorf("wire: %w: exchange %d, a run has %d", ErrExchange, h.Exchange, len(p.Exchanges))
	}
	parts, size := sizes(kind, p, int(h.Exchange))
	if int64(h.Parts) != int64(parts) || h.Bytes != uint64(size) {
		return fmt.Errorf("wire: %w: %d parts of %d bytes, expected %d of %d", ErrSize, h.Parts, h.Bytes, parts, size)
	}
	return nil
}

// NewHeader is the header of a message of a plan.
func NewHeader(kind Kind, p *thex.Plan, keys Fingerprint, run RunID, exchange int) Header {
	parts, size := sizes(kind, p, exchange)
	return Header{kind, Hash(p), keys, run, uint32(exchange), uint32(parts), uint64(size)}
}

// MessageBytes is the size of a message with its header.
func MessageBytes(kind Kind, p *thex.Plan, exchange int) int {
	_, size := sizes(kind, p, exchange)
	return HeaderBytes + size
}

func sizes(kind Kind, p *thex.Plan, exchange int) (parts, size int) {
	switch kind {
	case Keys:
		parts = len(Galois(p)) + 1
		return parts, parts * keyBytes
	case Up:
		for _, part := range p.Exchanges[exchange].Up {
			size += 1 + part.UpBytes()
		}
		return len(p.Exchanges[exchange].Up), size
	default:
		for _, part := range p.Exchanges[exchange].Down {
			size += 1 + part.DownBytes()
		}
		return len(p.Exchanges[exchange].Down), size
	}
}
