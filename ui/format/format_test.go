package format

import (
	"fmt"
	"testing"
	"time"
)

func TestNumbersAndTextsAreWordedForPeople(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Bytes(-1), "unknown size"}, {Bytes(0), "0 B"}, {Bytes(999), "999 B"}, {Bytes(1499), "1 kB"}, {Bytes(999_499), "999 kB"},
		{Bytes(999_500), "1.0 MB"}, {Bytes(7_912_345), "7.9 MB"}, {Bytes(999_950_000), "1.0 GB"},
		{Duration(0), "under 1 ms"}, {Duration(6_400 * time.Microsecond), "6 ms"}, {Duration(999_600 * time.Microsecond), "1.0 s"},
		{Duration(1440 * time.Millisecond), "1.4 s"}, {Duration(-1), "unknown time"},
		{Count(1, "sentence", "sentences"), "1 sentence"}, {Count(0, "x", "xs"), "0 xs"}, {Count(1234567, "x", "xs"), "1,234,567 xs"},
		{Number(-1234), "-1,234"}, {Number(-123), "-123"}, {Number(1000), "1,000"},
		{Score(0.834), "0.83"}, {Score(0.9961), "0.99"}, {Score(1), "1.00"}, {Score(-0.2), "-0.20"},
		{Percent(0.25), "25 %"}, {Digits(116.4), "116"}, {Digits(21.23), "21.2"}, {Digits(4), "4.00"}, {Digits(0.123), "0.12"},
		{Clip("short", 10), "short"}, {Clip("a long sentence", 10), "a long…"}, {Clip("ÄÖÜÄÖÜ", 3), "ÄÖÜ…"},
		{Cut("short", 9), "short"}, {Cut("ÄÖÜ", 3), "Ä"}, {Cut("a\xffb", 9), "a\uFFFDb"}, {Cut("Ä", 0), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, expected %q", c.got, c.want)
		}
	}
}

func ExampleCount() {
	fmt.Println(Count(1, "sentence", "sentences"))
	fmt.Println(Count(1204, "sentence", "sentences"))
	// Output:
	// 1 sentence
	// 1,204 sentences
}
