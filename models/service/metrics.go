package service

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// buckets are the upper bounds of the histogram of durations, in seconds.
var buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// metrics counts requests.
type metrics struct {
	mu            sync.Mutex
	requests      map[outcome]int
	durations     map[string]*histogram
	items, tokens int
}

type outcome struct {
	route  string
	status int
}

type histogram struct {
	counts []int // of each bucket alone
	n      int
	sum    float64
}

func newMetrics() *metrics {
	return &metrics{requests: map[outcome]int{}, durations: map[string]*histogram{}}
}

func (m *metrics) count(route string, status, items, tokens int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[outcome{route, status}]++
	if status == 200 {
		m.items += items
		m.tokens += tokens
	}
	h := m.durations[route]
	if h == nil {
		h = &histogram{counts: make([]int, len(buckets))}
		m.durations[route] = h
	}
	h.n++
	h.sum += took.Seconds()
	if at, _ := slices.BinarySearch(buckets, took.Seconds()); at < len(buckets) {
		h.counts[at]++
	}
}

// writeMetrics is GET /metrics, in Prometheus' text format.
func (c *call) writeMetrics() (any, error) {
	var b bytes.Buffer
	m := c.metrics
	m.mu.Lock()
	defer m.mu.Unlock()
	head := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	head("lodestone_requests_total", "counter", "Requests by route and status.")
	for _, k := range slices.SortedFunc(maps.Keys(m.requests), func(x, y outcome) int {
		return bytes.Compare(fmt.Appendf(nil, "%s %d", x.route, x.status), fmt.Appendf(nil, "%s %d", y.route, y.status))
	}) {
		fmt.Fprintf(&b, "lodestone_requests_total{route=%q,status=\"%d\"} %d\n", k.route, k.status, m.requests[k])
	}
	head("lodestone_request_seconds", "histogram", "How long requests took.")
	for _, route := range slices.Sorted(maps.Keys(m.durations)) {
		h, n := m.durations[route], 0
		for i, most := range buckets {
			n += h.counts[i]
			fmt.Fprintf(&b, "lodestone_request_seconds_bucket{route=%q,le=\"%g\"} %d\n", route, most, n)
		}
		fmt.Fprintf(&b, "lodestone_request_seconds_bucket{route=%q,le=\"+Inf\"} %d\n", route, h.n)
		fmt.Fprintf(&b, "lodestone_request_seconds_sum{route=%q} %g\nlodestone_request_seconds_count{route=%q} %d\n", route, h.sum, route, h.n)
	}
	for _, v := range []struct {
		name, kind, help string
		value            any
	}{
		{"lodestone_texts_total", "counter", "Texts of requests that succeeded.", m.items},
		{"lodestone_tokens_total", "counter", "Tokens of requests that succeeded.", m.tokens},
		{"lodestone_queue_requests", "gauge", "Requests that use the device or wait for it.", c.models.waiting.Load()},
		{"lodestone_device_bytes", "gauge", "Memory of the device that models take.", c.models.used.Load()},
	} {
		head(v.name, v.kind, v.help)
		fmt.Fprintf(&b, "%s %v\n", v.name, v.value)
	}
	if c.config.MemoryOf != nil {
		head("lodestone_memory_bytes", "gauge", "Memory of the program by its parts.")
		parts := c.config.MemoryOf()
		for _, part := range slices.Sorted(maps.Keys(parts)) {
			fmt.Fprintf(&b, "lodestone_memory_bytes{part=%q} %d\n", part, parts[part])
		}
	}
	evictions := make([]int, len(c.models.entries))
	head("lodestone_model_loads_total", "counter", "Loads of models by outcome.")
	for i, e := range c.models.entries {
		e.mu.Lock()
		loads := e.loads
		evictions[i] = e.evictions
		e.mu.Unlock()
		fmt.Fprintf(&b, "lodestone_model_loads_total{model=%q,outcome=\"success\"} %d\nlodestone_model_loads_total{model=%q,outcome=\"failure\"} %d\n", e.ID, loads[0], e.ID, loads[1])
	}
	head("lodestone_model_evictions_total", "counter", "How often a model was dropped to make room.")
	for i, e := range c.models.entries {
		fmt.Fprintf(&b, "lodestone_model_evictions_total{model=%q} %d\n", e.ID, evictions[i])
	}
	return plain{"text/plain; version=0.0.4; charset=utf-8", b.Bytes()}, nil
}
