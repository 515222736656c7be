package lean

// Uint16 reads the first two bytes of b, the least significant first.
func Uint16(b []byte) uint16 {
	_ = b[1] // a single bounds check
	return uint16(b[0]) | uint16(b[1])<<8
}

// Uint32 reads the first four bytes of b, the least significant first.
func Uint32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// Uint64 reads the first eight bytes of b, the least significant first.
func Uint64(b []byte) uint64 {
	_ = b[7]
	return uint64(Uint32(b)) | uint64(Uint32(b[4:]))<<32
}

// PutUint32 writes v to the first four bytes of b, the least significant first.
func PutUint32(b []byte, v uint32) {
	_ = b[3]
	b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
}

// PutUint64 writes v to the first eight bytes of b, the least significant first.
func PutUint64(b []byte, v uint64) {
	_ = b[7]
	PutUint32(b, uint32(v))
	PutUint32(b[4:], uint32(v>>32))
}

// AppendUint16 appends v, the least significant byte first.
func AppendUint16(b []byte, v uint16) []byte { return append(b, byte(v), byte(v>>8)) }

// AppendUint32 appends v, the least significant byte first.
func AppendUint32(b []byte, v uint32) []byte {
	return append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
}

// Uint32BE reads the first four bytes of b, the most significant first.
func Uint32BE(b []byte) uint32 {
	_ = b[3]
	return uint32(b[3]) | uint32(b[2])<<8 | uint32(b[1])<<16 | uint32(b[0])<<24
}

// PutUint32BE writes v to the first four bytes of b, the most significant first.
func PutUint32BE(b []byte, v uint32) {
	_ = b[3]
	b[0], b[1], b[2], b[3] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
}

// AppendUint64BE appends v, the most significant byte first.
func AppendUint64BE(b []byte, v uint64) []byte {
	return append(b, byte(v>>56), byte(v>>48), byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// DecodeHex decodes the 2·len(dst) hexadecimal digits of s, of either case, to dst. If s has
// another form, it returns false and dst is undefined.
func DecodeHex(dst []byte, s string) bool {
	if len(s) != 2*len(dst) {
		return false
	}
	for i := range dst {
		high, low := digit(s[2*i]), digit(s[2*i+1])
		if high > 15 || low > 15 {
			return false
		}
		dst[i] = high<<4 | low
	}
	return true
}

// digit is the value of a hexadecimal digit, or 255 for another byte.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
