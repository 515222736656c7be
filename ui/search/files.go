package search

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// PickFiles lets the reader choose text files to add.
func (s *Search) PickFiles() { s.host.PickFiles(s.AddFiles) }

// AddFiles adds text files, the first MaxFiles of them. It returns at once.
func (s *Search) AddFiles(files []host.File) {
	for _, f := range files[:min(len(files), MaxFiles)] {
		go s.host.Guard("file", func() { s.addFile(f) })
	}
}

func (s *Search) addFile(f host.File) {
	name := format.Clip(f.Name, 60)
	if f.Size > MaxTextBytes { // without reading it
		s.refuse(fmt.Errorf("%s: %w", name, tooLong(f.Size)))
		return
	}
	data, err := f.Read()
	if err != nil {
		s.refuse(fmt.Errorf("%s could not be read (%w); choose it again", name, err))
		return
	}
	text, err := DecodeText(data)
	if err != nil {
		s.refuse(fmt.Errorf("%s: %w", name, err))
		return
	}
	s.AddText(f.Name, text)
}

// DecodeText turns the bytes of a file into text: UTF-8 with or without a byte order mark, or UTF-16 with one.
func DecodeText(b []byte) (string, error) {
	if len(b) > MaxTextBytes {
		return "", tooLong(int64(len(b)))
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		order = binary.BigEndian
	}
	if order != nil {
		if len(b)%2 != 0 {
			return "", fmt.Errorf("%w: UTF-16 with an odd number of bytes, %d", ErrNotText, len(b))
		}
		units := make([]uint16, 0, len(b)/2)
		for i := 2; i < len(b); i += 2 {
			units = append(units, order.Uint16(b[i:]))
		}
		return string(utf16.Decode(units)), nil
	}
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return "", fmt.Errorf("%w: a zero byte at position %d; only plain text files can be read", ErrNotText, i)
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return "", fmt.Errorf("%w: byte %d (0x%02x) is not UTF-8; save the file as UTF-8", ErrNotText, i, b[i])
		}
		i += n
	}
	return string(b), nil
}
