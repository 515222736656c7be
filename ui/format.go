package ui

import (
	"strconv"
	"strings"
	"time"
)

// Bytes writes a number of bytes as people read it: decimal units, one digit behind the point from a megabyte on.
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

// Duration writes a time span in milliseconds below a second, in seconds above.
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

// Count writes n with the noun in the right number and commas between thousands: "1,204 sentences".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s + " " + many
}

// Score writes a cosine with two digits; values that rounding would lift to 1.00 although they are not equal stay 0.99.
func Score(c float32) string {
	if c < 0.9995 && c > 0.99 {
		c = 0.99
	}
	return strconv.FormatFloat(float64(c), 'f', 2, 32)
}

// Clip shortens s to at most n code points, at a space where there is one, and marks the cut.
func Clip(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			cut := s[:i]
			if sp := strings.LastIndexByte(cut, ' '); sp > len(cut)/2 {
				cut = cut[:sp]
			}
			return cut + "…"
		}
		count++
	}
	return s
}
