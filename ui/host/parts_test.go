package host_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
)

func TestLatestRunsOnlyTheNewestValue(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		var ran []string
		l := host.NewLatest(func(ctx context.Context, v string) {
			if v == "first" {
				<-ctx.Done() // a newer value must cancel it
			}
			ran = append(ran, v)
		})
		for _, v := range []string{"first", "second", "third"} {
			l.Submit(v)
		}
		hosttest.Rest()
		if want := []string{"first", "third"}; !slices.Equal(ran, want) {
			t.Errorf("ran %q, expected %q", ran, want)
		}
		ran = nil
		l.Submit("first")
		hosttest.Rest()
		l.Submit("fourth")
		l.Cancel()
		hosttest.Rest()
		if want := []string{"first"}; !slices.Equal(ran, want) {
			t.Errorf("after Cancel %q ran, expected %q", ran, want)
		}
	})
}

func TestLatestContinuesAfterAPanicThatWasCaught(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		ran := 0
		l := host.NewLatest(func(_ context.Context, v int) {
			defer func() { _ = recover(); ran = v }()
			if v == 1 {
				panic("x")
			}
		})
		l.Submit(1)
		hosttest.Rest()
		l.Submit(2)
		hosttest.Rest()
		if ran != 2 {
			t.Errorf("ran %d last, expected 2", ran)
		}
	})
}

func TestDebounceCallsOnceTheInputRests(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		var d host.Debounce
		d.Stop() // of nothing
		var calls []int
		for i := range 3 {
			d.After(100*time.Millisecond, func() { calls = append(calls, i) })
			time.Sleep(60 * time.Millisecond)
		}
		time.Sleep(time.Second)
		hosttest.Rest()
		if !slices.Equal(calls, []int{2}) {
			t.Errorf("called %v, expected the last of three once", calls)
		}
		d.After(time.Millisecond, func() { t.Error("a stopped call was made") })
		d.Stop()
		time.Sleep(time.Second)
	})
}

func TestACopyButtonSaysWhatCameOfIt(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		h := &hosttest.Host{}
		c := host.NewCopier(h, "the text")
		c.Copy("one")
		hosttest.Rest()
		if c.Verb("Copy") != "Copied" || h.Copied() != "one" || h.LastSaid() != "Copied." {
			t.Errorf("%q, copied %q, said %q", c.Verb("Copy"), h.Copied(), h.LastSaid())
		}
		c.Reset()
		if c.Verb("Copy") != "Copy" {
			t.Error("another text still counts as copied")
		}
		c.Copy("two")
		c.Reset() // before the browser has answered
		hosttest.Rest()
		if c.Verb("Copy") != "Copy" {
			t.Error("a text that has changed meanwhile counts as copied")
		}
		h.NoCopy = errors.New("it needs https")
		c.Copy("three")
		hosttest.Rest()
		if c.Verb("Copy") != "Copy" || h.LastSaid() != "The text could not be copied: it needs https" {
			t.Errorf("%q, said %q", c.Verb("Copy"), h.LastSaid())
		}
	})
}

func TestErrorsKeepTheirCode(t *testing.T) {
	engine := &host.EngineError{Code: "http_status", Message: "got 404"}
	for _, c := range []struct {
		err      error
		want     host.Failure
		canceled bool
	}{
		{engine, host.Failure{Title: "T", Code: "http_status", Text: "got 404"}, false},
		{fmt.Errorf("x: %w", engine), host.Failure{Title: "T", Code: "http_status", Text: "got 404"}, false},
		{errors.New("odd"), host.Failure{Title: "T", Code: "internal", Text: "odd"}, false},
		{&host.EngineError{Message: "no code"}, host.Failure{Title: "T", Code: "internal", Text: "no code"}, false},
		{&host.EngineError{Code: "aborted", Message: "m"}, host.Failure{Title: "T", Code: "aborted", Text: "m"}, true},
		{context.Canceled, host.Failure{Title: "T", Code: "internal", Text: "context canceled"}, true},
	} {
		if got := host.FailureOf("T", c.err); *got != c.want || host.Canceled(c.err) != c.canceled {
			t.Errorf("%v: %+v, canceled %t; expected %+v, %t", c.err, *got, host.Canceled(c.err), c.want, c.canceled)
		}
	}
	if err := host.Try(func() error { panic("a fault") }); err == nil || err.Error() != "a fault; reload the page" {
		t.Errorf("a panic became %v", err)
	}
	if err := host.Try(func() error { return engine }); err != engine {
		t.Errorf("an error became %v", err)
	}
}
