package lean

import "unicode/utf8"

// Refuse returns an error of a kind whose text is the formatted text alone. errors.Is finds
// the kind; [Errorf] with %w would also print it.
func Refuse(kind error, format string, args ...any) error {
	vetErrorf(format, args...)
	return &wrapOne{Sprintf(format, args...), kind}
}

// clipped is the largest number of bytes of a text that an error quotes.
const clipped = 80

// Clip truncates a text that an error quotes, at a character boundary: names in files may be
// arbitrarily long.
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
