//go:build !js

package service_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/service"
)

// weightBytes is what the tiny model takes.
func weightBytes(t *testing.T, dev *kernels.Device) uint64 {
	t.Helper()
	f, err := pipeline.Read(dev, tiny(t, "x").Files, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, _, err := f.Memory(dev, pipeline.NoHead, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// three is a service of three models of one size of which two have room.
func three(t *testing.T) *service.Service {
	return open(t, func(c *service.Config) {
		c.Models = []service.Model{tiny(t, "a"), tiny(t, "b"), tiny(t, "c")}
		c.Limits.Memory = c.Device.Used() + weightBytes(t, c.Device)*5/2
	})
}

func use(t *testing.T, s *service.Service, id string) {
	t.Helper()
	if r := (request{path: "/v1/embeddings", body: `{"model":"` + id + `","input":"a"}`}).send(s); r.StatusCode != 200 {
		t.Fatalf("model %s: status %d: %s", id, r.StatusCode, text(t, r))
	}
}

func TestTheModelThatWasNotUsedForLongestIsDropped(t *testing.T) {
	s := three(t)
	for _, step := range []struct {
		use     string
		loads   string // of a, b, c so far
		dropped string
	}{
		{"a", "1 0 0", "0 0 0"},
		{"b", "1 1 0", "0 0 0"},
		{"a", "1 1 0", "0 0 0"},
		{"c", "1 1 1", "0 1 0"}, // b was not used for longest
		{"a", "1 1 1", "0 1 0"},
		{"c", "1 1 1", "0 1 0"},
		{"b", "1 2 1", "1 1 1"}, // a was not used for longest, and c lies above it
		{"c", "1 2 2", "1 1 1"},
		{"b", "1 2 2", "1 1 1"},
	} {
		use(t, s, step.use)
		metrics := text(t, request{method: "GET", path: "/metrics"}.send(s))
		count := func(name, labels string) string {
			var all []string
			for _, id := range []string{"a", "b", "c"} {
				_, rest, _ := strings.Cut(metrics, fmt.Sprintf("%s{model=%q%s} ", name, id, labels))
				n, _, _ := strings.Cut(rest, "\n")
				all = append(all, n)
			}
			return strings.Join(all, " ")
		}
		if n := count("lodestone_model_loads_total", `,outcome="success"`); n != step.loads {
			t.Errorf("after %s: loads %s, expected %s", step.use, n, step.loads)
		}
		if n := count("lodestone_model_evictions_total", ""); n != step.dropped {
			t.Errorf("after %s: evictions %s, expected %s", step.use, n, step.dropped)
		}
	}
}

// Requests for models that do not fit together are answered, or are told to come back.
func TestRequestsForDroppedModelsAreAnswered(t *testing.T) {
	s := three(t)
	want := map[string]string{}
	body := func(id string) request {
		return request{path: "/v1/embeddings", body: `{"model":"` + id + `","input":"a","encoding_format":"base64"}`}
	}
	for _, id := range []string{"a", "b", "c"} {
		want[id] = text(t, body(id).send(s))
	}
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			id := []string{"a", "b", "c"}[i%3]
			r := body(id).send(s)
			if y := text(t, r); r.StatusCode != 429 && y != want[id] {
				t.Errorf("model %s: status %d: %s", id, r.StatusCode, y)
			}
		})
	}
	wg.Wait()
	use(t, s, "a")
}

func TestAModelThatIsLargerThanAllMemoryIsRefused(t *testing.T) {
	var log lines
	s := open(t, func(c *service.Config) {
		c.Models, c.Limits.Memory, c.Log = []service.Model{tiny(t, "tiny")}, 1000, log.logger()
	})
	if r := embedA.send(s); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("status %d: %s", r.StatusCode, text(t, r))
	}
	if !strings.Contains(log.String(), "the limit of all models is 1000") {
		t.Errorf("log: %s", log.String())
	}
}

func TestTheMemoryOfThePartsIsStated(t *testing.T) {
	s := open(t, func(c *service.Config) {
		c.MemoryOf = func() map[string]uint64 { return map[string]uint64{"program": 7, "kernels": 8} }
	})
	if m := text(t, request{method: "GET", path: "/metrics"}.send(s)); !strings.Contains(m, "lodestone_memory_bytes{part=\"kernels\"} 8\nlodestone_memory_bytes{part=\"program\"} 7\n") {
		t.Errorf("metrics: %s", m)
	}
}
