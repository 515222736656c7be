package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The committed shared modules were made from the text that this package emits.
func TestCommittedSharedModuleIsFresh(t *testing.T) {
	for _, v := range variants {
		base := filepath.Join("..", v.shared().Name)
		wasm, err := os.ReadFile(base + ".wasm")
		if err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(base + ".sum")
		if err != nil {
			t.Fatal(err)
		}
		if want := sums(sharedText(v), wasm); string(have) != string(want) {
			t.Errorf("%s.wasm is stale: run go run ./kernels/simd/gen\nhave %swant %s", base, have, want)
		}
		if len(wasm) > 64_000 {
			t.Errorf("%s.wasm has %d bytes, budget 64 kB", base, len(wasm))
		}
	}
}

// A shared module exports every kernel of the other form with the same parameters. Only the
// shared module exports the functions of the thread pool.
func TestSharedModuleOffersTheSameKernels(t *testing.T) {
	// parameters by export
	exports := func(text string) map[string]string {
		found := map[string]string{}
		for _, m := range regexp.MustCompile(`\(func \$\S+ \(export "(\w+)"\)(.*)`).FindAllStringSubmatch(text, -1) {
			if found[m[1]] != "" {
				t.Errorf("%s is exported twice", m[1])
			}
			found[m[1]] = m[2] + " "
		}
		return found
	}
	for _, v := range variants {
		own, shared := exports(newModule(v).text()), exports(sharedText(v))
		if len(own) < 20 {
			t.Fatalf("%s: %d exports", v.Name, len(own))
		}
		for name, params := range own {
			if shared[name] != params {
				t.Errorf("%s of %s has %q, shared %q", name, v.Name, params, shared[name])
			}
		}
		for _, name := range []string{"set_threads", "threads", "thread_count", "thread_main", "thread_ready", "thread_failed", "thread_late", "thread_tiles", "thread_taken", "thread_ticket", "thread_awake", "thread_scratch"} {
			if shared[name] == "" || own[name] != "" {
				t.Errorf("%s: %s belongs to the shared form only", v.Name, name)
			}
		}
		if strings.Contains(newModule(v).text(), "atomic") {
			t.Errorf("%s has atomic instructions", v.Name)
		}
	}
}

// The words that threads write, the arguments of the largest operation, and the scratch, the
// tile and the hold of each thread do not overlap, and lie below the data.
func TestSharedLayout(t *testing.T) {
	most := 0
	for _, f := range newModule(relaxed).funcs {
		most = max(most, len(f.params))
	}
	if end := argsAt + 4*most; end > slotAt+dataBase {
		t.Errorf("arguments end at %d, thread 2's scratch begins at %d", end, slotAt+dataBase)
	}
	words := []int{ticketAt, doneAt, limitAt, readyAt, parkedAt, failedAt, lateAt, leastAt, sharedAt, awakeAt, takenAt, jobAt, argsAt}
	for i := 1; i < len(words); i++ {
		if words[i] < words[i-1]+4 {
			t.Errorf("word %d at %d overlaps the one at %d", i, words[i], words[i-1])
		}
	}
	for _, part := range []struct {
		name     string
		end, top int
	}{
		{"the last scratch", (maxThreads-2)<<16 + dataBase + scratchSize, ownAt},
		{"the last thread's tile", ownAt + (maxThreads-1)*ownSize, holdsAt},
		{"the last hold", holdsEnd, sharedBase},
		{"the first page of data", sharedBase + 1<<16, sharedPages << 16},
	} {
		if part.end > part.top {
			t.Errorf("%s ends at %d, what follows begins at %d", part.name, part.end, part.top)
		}
	}
}
