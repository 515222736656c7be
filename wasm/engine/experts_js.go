package main

import (
	"syscall/js"
)

// leaveExperts serves ExpertsRequest of web/src/protocol/experts.ts: only the named experts of each mixture take part, if any are named,
// and how surprised a model that generates is by each token of a sequence.
func (e *engine) leaveExperts(request js.Value, j *job) (any, error) {
	m, err := e.stack()
	if err != nil {
		return nil, err
	}
	if left := request.Get("left"); !left.IsNull() {
		keep := make([][]int32, left.Length())
		for i := range keep {
			keep[i] = int32sOf(left.Index(i))
		}
		if err := m.LeaveExperts(keep); err != nil {
			return nil, err
		}
	}
	ids := int32sOf(request.Get("ids"))
	if len(ids) == 0 {
		return map[string]any{"surprisal": float32Value(nil), "milliseconds": 0}, nil
	}
	if e.generator == nil {
		return nil, notLoaded("model that generates")
	}
	began := now()
	y, err := e.generator.Surprisal(j, ids, request.Get("window").Int())
	if err != nil {
		return nil, err
	}
	return map[string]any{"surprisal": float32Value(y), "milliseconds": now() - began}, nil
}
