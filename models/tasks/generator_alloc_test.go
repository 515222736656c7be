//go:build !js && !race

package tasks_test

import (
	"errors"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/generate"
)

// The race detector makes sync.Pool forget at random, so this runs without it.

// From one token to the next nothing is allocated, its text and stop strings included:
// greedy or drawn, of one sequence or several, with an encoder or without. (The reference
// backend allocates inside itself, so this counts on the SIMD module.)
func TestStreamingATokenAllocatesNothing(t *testing.T) {
	for _, name := range []string{"dec_subln", "encdec_subln_relpos_shared"} {
		b, err := simd.New(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		g, _ := openOn(t, b, name, start)
		var in []generate.Input
		if g.Translates() {
			in, _, err = g.Sources([]string{"a b c"}, "", "en", g.Settings)
		} else {
			in, err = g.Prompts([]string{"a b c"}, true)
		}
		if err != nil {
			t.Fatal(err)
		}
		stopped, err := generate.StopStrings(words(t, "__en__"), []string{"a stop string"})
		if err != nil {
			t.Fatal(err)
		}
		for kind, o := range map[string]generate.Options{
			"greedy":       {RepetitionPenalty: 1.3, NoRepeatNGram: 3},
			"drawn":        {Sample: true, TopK: 9, TopP: 0.9, Returns: 2},
			"stop strings": {Stopped: stopped},
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				o.MaxLength = 30
				// The run waits for next before each token.
				next, streamed, ended, end := make(chan bool), make(chan bool), make(chan error), errors.New("enough")
				text := 0
				go func() {
					_, err := g.Generate(in, o, func(_ int, _ int32, piece []byte) error {
						if !<-next {
							return end
						}
						text += len(piece)
						streamed <- true
						return nil
					})
					close(streamed)
					ended <- err
				}()
				token := func() {
					next <- true
					if !<-streamed {
						t.Fatal("it has ended")
					}
				}
				for range 14 {
					token() // tables of positions grow now and then
				}
				if n := testing.AllocsPerRun(10, token); n > 0 {
					t.Errorf("%v allocations a token", n)
				}
				next <- false
				<-streamed
				if err := <-ended; err != end {
					t.Fatalf("error %v", err)
				}
				if text < 20 {
					t.Errorf("only %d bytes of text", text)
				}
			})
		}
	}
}
