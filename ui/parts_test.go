package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func ExampleParseCollection() {
	entries, err := ParseCollection("# group, topic, language, sentence\n7\tweather\tde\tEs regnet.\n")
	fmt.Println(entries[0].Group, entries[0].Topic, entries[0].Lang, entries[0].Text, err)
	// Output: 7 weather de Es regnet. <nil>
}

func TestParseCollectionRefuses(t *testing.T) {
	for _, c := range []struct{ name, tsv, want string }{
		{"empty", "", "no sentence"},
		{"comments only", "# a\n\n", "no sentence"},
		{"HTML", "<!doctype html>\n<html>\n", "line 1: 1 fields"},
		{"three fields", "1\ta\ten\n", "line 1: 3 fields"},
		{"group no number", "x\ta\ten\tHello\n", `group "x"`},
		{"group zero", "0\ta\ten\tHello\n", `group "0"`},
		{"no topic", "1\t\ten\tHello\n", "topic is empty"},
		{"language", "1\ta\tit\tCiao\n", `language "it"`},
		{"empty sentence", "1\ta\ten\t \n", "0 bytes"},
		{"long sentence", "1\ta\ten\t" + strings.Repeat("x", 2001) + "\n", "2001 bytes"},
		{"twice", "1\ta\ten\tHello\n2\ta\ten\tHello\n", "line 2: the sentence of line 1 again"},
		{"not UTF-8", "1\ta\ten\t\xff\n", "not UTF-8"},
		{"too many", strings.Repeat("#\n", 5000) + "1\ta\ten\tHello\n", "more than 5000 lines"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseCollection(c.tsv)
			if !errors.Is(err, ErrCollection) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want kind ErrCollection with %q", err, c.want)
			}
		})
	}
}

func TestNumbersAreWordedForPeople(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Bytes(-1), "unknown size"}, {Bytes(0), "0 B"}, {Bytes(999), "999 B"}, {Bytes(1499), "1 kB"}, {Bytes(999_499), "999 kB"},
		{Bytes(999_500), "1.0 MB"}, {Bytes(7_912_345), "7.9 MB"}, {Bytes(999_950_000), "1.0 GB"},
		{Duration(0), "under 1 ms"}, {Duration(6_400 * time.Microsecond), "6 ms"}, {Duration(999_600 * time.Microsecond), "1.0 s"},
		{Duration(1440 * time.Millisecond), "1.4 s"}, {Duration(-1), "unknown time"},
		{Count(1, "sentence", "sentences"), "1 sentence"}, {Count(0, "x", "xs"), "0 xs"}, {Count(1234567, "x", "xs"), "1,234,567 xs"},
		{Score(0.834), "0.83"}, {Score(0.9961), "0.99"}, {Score(1), "1.00"}, {Score(-0.2), "-0.20"},
		{Clip("short", 10), "short"}, {Clip("a long sentence", 10), "a long…"}, {Clip("ÄÖÜÄÖÜ", 3), "ÄÖÜ…"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestLinksCarryAQuery(t *testing.T) {
	for _, q := range []string{"rain", "Wo ist die Straße?", "a & b = c#d+e%", "« Pleut-il ? »"} {
		if got := QueryFromHash(HashForQuery(q)); got != q {
			t.Errorf("%q came back as %q through %q", q, got, HashForQuery(q))
		}
	}
	for _, c := range []struct{ hash, want string }{
		{"", ""}, {"#", ""}, {"#x=1", ""}, {"#q=%zz", ""}, {"#q=%ff", ""}, {"#x=1&q=a%20b", "a b"}, {"#q=a+b", "a b"}, {"#q=%20%0A", ""},
	} {
		if got := QueryFromHash(c.hash); got != c.want {
			t.Errorf("QueryFromHash(%q) = %q, want %q", c.hash, got, c.want)
		}
	}
	if got := QueryFromHash("#q=" + strings.Repeat("%C3%A4", MaxQuery)); len(got) != MaxQuery {
		t.Errorf("a long query is cut to %d bytes, want %d", len(got), MaxQuery)
	}
	if HashForQuery("") != "" {
		t.Error("an empty query has a fragment")
	}
}

func TestLatestRunsOnlyTheNewest(t *testing.T) {
	ran := make(chan string, 10)
	started := make(chan struct{}, 10)
	l := NewLatest(func(ctx context.Context, v string) {
		started <- struct{}{}
		if v == "first" {
			<-ctx.Done() // the newer value must cancel it
		}
		ran <- v
	})
	l.Submit("first")
	<-started
	l.Submit("second")
	l.Submit("third")
	if a, b := <-ran, <-ran; a != "first" || b != "third" {
		t.Errorf("ran %q then %q, want first then third", a, b)
	}
	l.Submit("first")
	<-started
	<-started
	l.Submit("fourth")
	l.Cancel()
	if v := <-ran; v != "first" {
		t.Errorf("ran %q", v)
	}
	select {
	case v := <-ran:
		t.Errorf("%q ran after Cancel", v)
	case <-time.After(20 * time.Millisecond):
	}
}

func TestLatestGoesOnAfterAPanicThatWasCaught(t *testing.T) {
	done := make(chan int, 2)
	l := NewLatest(func(_ context.Context, v int) {
		defer func() { recover(); done <- v }()
		if v == 1 {
			panic("x")
		}
	})
	l.Submit(1)
	<-done
	l.Submit(2)
	if v := <-done; v != 2 {
		t.Errorf("ran %d", v)
	}
}

func TestNextChunkAimsAtTheTarget(t *testing.T) {
	for _, c := range []struct {
		n    int
		took time.Duration
		want int
	}{{8, 16 * time.Millisecond, 16}, {8, 80 * time.Millisecond, 8}, {16, 160 * time.Millisecond, 8}, {4, 10 * time.Second, 2}, {64, time.Millisecond, 64}, {8, 0, 16}} {
		if got := nextChunk(c.n, c.took); got != c.want {
			t.Errorf("nextChunk(%d, %v) = %d, want %d", c.n, c.took, got, c.want)
		}
	}
}
