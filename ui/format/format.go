// Package format writes numbers and texts as the page shows them.
package format

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Bytes writes a number of bytes in decimal units, with one digit after the point from a megabyte on.
func Bytes(n int64) string {
	switch {
	case n < 0:
		return "unknown size"
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 999_500:
		return strconv.FormatInt((n+500)/1000, 10) + " kB"
	case n < 999_950_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " GB"
}

// Duration writes a time span in milliseconds below one second, in seconds above.
func Duration(d time.Duration) string {
	switch ms := d.Round(time.Millisecond).Milliseconds(); {
	case d < 0:
		return "unknown time"
	case ms < 1:
		return "under 1 ms"
	case ms < 1000:
		return strconv.FormatInt(ms, 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// Number writes n with commas between thousands: "1,204".
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Count writes n with the noun in the right number: "1 sentence", "1,204 sentences".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(int64(n)) + " " + many
}

// Score writes a cosine with two digits. Only scores that are 1 within 0.0005 become 1.00.
func Score(c float32) string {
	if c < 0.9995 && c > 0.99 {
		c = 0.99
	}
	return strconv.FormatFloat(float64(c), 'f', 2, 32)
}

// Percent writes a share of 1: "25 %".
func Percent(x float32) string { return fmt.Sprintf("%.0f %%", x*100) }

// Digits writes x with three significant digits, at most two of them after the point.
func Digits(x float64) string {
	switch {
	case x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// Clip shortens s to at most n code points, at a space where there is one, and marks the cut with an ellipsis.
func Clip(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			cut := s[:i]
			if space := strings.LastIndexByte(cut, ' '); space > len(cut)/2 {
				cut = cut[:space]
			}
			return cut + "…"
		}
		count++
	}
	return s
}

// Cut shortens s to at most n bytes without splitting a code point. Invalid UTF-8 becomes U+FFFD.
func Cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
