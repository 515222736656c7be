//go:build !js

package attacks_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/pipeline/attacks"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

var update = flag.Bool("update", false, "write testdata/outcomes.tsv")

const outcomes = "testdata/outcomes.tsv"

// limit ends what hangs; a folder takes milliseconds.
const limit = 60 * time.Second

// outcome loads a folder and classifies a text: the code of the error, or "loads".
func outcome(t testing.TB, files map[string][]byte) (string, error) {
	t.Helper()
	folder := fstest.MapFS{}
	for name, data := range files {
		if !validName(name) {
			continue
		}
		folder[name] = &fstest.MapFile{Data: data}
	}
	type ended struct {
		code string
		err  error
	}
	done := make(chan ended, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- ended{"panic", fmt.Errorf("%v", p)}
			}
		}()
		dev := kernels.NewDevice(kernels.NewReference(0))
		classify, err := pipeline.Open(dev, pipeline.FS(folder), pipeline.TextClassification, pipeline.Options{})
		if err == nil {
			var results [][]tasks.Label
			results, err = classify.Run(context.Background(), []string{attacks.Text}, tasks.TextClassificationOptions{})
			for _, r := range results {
				for _, l := range r {
					if math.IsNaN(float64(l.Score)) {
						err = errors.New("a score is NaN")
					}
				}
			}
		}
		if err == nil {
			done <- ended{"loads", nil}
			return
		}
		code, _ := pipeline.Code(err)
		done <- ended{code, err}
	}()
	select {
	case e := <-done:
		return e.code, e.err
	case <-time.After(limit):
		return "hangs", nil
	}
}

func validName(name string) bool { return name != "" && !strings.ContainsAny(name, "/\\\x00") }

// FuzzFolder overwrites a part of one file of the folder, or cuts the file off behind it.
func FuzzFolder(f *testing.F) {
	base := attacks.Base()
	names := slices.Sorted(maps.Keys(base))
	for i := range names {
		f.Add(uint8(i), uint32(0), []byte("{"), false)
		f.Add(uint8(i), uint32(8), []byte("\xff\xff"), false)
		f.Add(uint8(i), uint32(100), []byte(`":1e9,"`), true)
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint32, part []byte, cut bool) {
		name := names[int(which)%len(names)]
		files := maps.Clone(base)
		data := slices.Clone(base[name])
		from := int(at) % (len(data) + 1)
		end := from + copy(data[from:], part)
		if cut {
			data = data[:end]
		}
		files[name] = data
		if code, err := outcome(t, files); code == "panic" || code == "hangs" || code == "internal" {
			t.Errorf("%s: %v", code, err)
		}
	})
}

// recorded is testdata/outcomes.tsv: a line for each folder, its number, class, name and outcome.
func recorded(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(outcomes)
	if err != nil && !*update {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// Every folder is refused with a code, or loads and gives numbers; after it, the folder that
// nobody changed loads. No folder takes a gigabyte.
func TestNoFolderBreaksTheLoader(t *testing.T) {
	var got bytes.Buffer
	var before, after runtime.MemStats
	classes := map[string]int{}
	for i, a := range attacks.All() {
		classes[a.Class]++
		runtime.ReadMemStats(&before)
		code, err := outcome(t, a.Files)
		runtime.ReadMemStats(&after)
		switch {
		case code == "panic" || code == "hangs" || code == "internal":
			t.Errorf("%d, %s: %s: %s: %v", i, a.Class, a.Name, code, err)
		case after.TotalAlloc-before.TotalAlloc > 1<<30:
			t.Errorf("%d, %s: %s: %d MB were allocated", i, a.Class, a.Name, (after.TotalAlloc-before.TotalAlloc)>>20)
		case err != nil && (!strings.Contains(err.Error(), ": ") || len(err.Error()) > 1000):
			t.Errorf("%d, %s: %s: an error of %d bytes: %.200s", i, a.Class, a.Name, len(err.Error()), err)
		}
		fmt.Fprintf(&got, "%d\t%s\t%s\t%s\n", i, a.Class, strings.ReplaceAll(a.Name, "\t", " "), code)
		if testing.Verbose() {
			t.Logf("%d, %s: %s: %s: %.300v", i, a.Class, a.Name, code, err)
		}
	}
	for class, n := range classes {
		if n < 25 {
			t.Errorf("%s: %d folders, at least 25 were expected", class, n)
		}
	}
	if code, err := outcome(t, attacks.Base()); code != "loads" {
		t.Errorf("the folder that nobody changed: %s: %v", code, err)
	}
	if *update {
		if err := os.WriteFile(outcomes, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have := strings.Split(strings.TrimSuffix(got.String(), "\n"), "\n")
	for i, want := range recorded(t) {
		if i >= len(have) || have[i] != want {
			t.Errorf("got  %s\nwant %s", have[min(i, len(have)-1)], want)
		}
	}
}
