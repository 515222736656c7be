package tokenizer

import "github.com/lodestone-wasm/lodestone/kernels/lean"

// protobuf is a cursor over one message in the wire format of protocol buffers. The end of the
// message and what is no valid field are told apart by bad.
type protobuf struct {
	data []byte
	bad  bool
}

// next reads a field: its number, and its value as bytes (of strings, messages and fixed
// numbers) or as a number.
func (p *protobuf) next() (number uint64, bytes []byte, value uint64, ok bool) {
	if len(p.data) == 0 || p.bad {
		return 0, nil, 0, false
	}
	tag := p.varint()
	switch tag & 7 {
	case 0:
		value = p.varint()
	case 1:
		bytes = p.take(8)
	case 2:
		bytes = p.take(p.varint())
	case 5:
		if bytes = p.take(4); bytes != nil {
			value = uint64(lean.Uint32(bytes))
		}
	default:
		p.bad = true
	}
	if tag>>3 == 0 {
		p.bad = true
	}
	return tag >> 3, bytes, value, !p.bad
}

func (p *protobuf) varint() (v uint64) {
	for shift := 0; shift < 64 && len(p.data) > 0; shift += 7 {
		b := p.data[0]
		p.data = p.data[1:]
		v |= uint64(b&0x7F) << shift
		if b < 0x80 {
			return v
		}
	}
	p.bad = true
	return 0
}

func (p *protobuf) take(n uint64) []byte {
	if p.bad || n > uint64(len(p.data)) {
		p.bad = true
		return nil
	}
	out := p.data[:n:n]
	p.data = p.data[n:]
	return out
}
