package lean

import "unicode/utf8"

// Refuse is an error of a kind, whose text is the formatted sentence alone: the kind is
// for errors.Is, where [Errorf] with %w would also print it.
func Refuse(kind error, format string, args ...any) error {
	vetErrorf(format, args...)
	return &wrapOne{Sprintf(format, args...), kind}
}

// clipped is the most bytes of a text that an error quotes.
const clipped = 80

// Clip shortens a text that an error quotes, at a whole character. Names in files are
// not ours to choose, and may be long.
func Clip(s string) string {
	if len(s) <= clipped {
		return s
	}
	end := clipped
	for end > clipped-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
