package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// mixture replaces the feed-forward of every second layer by experts, each a copy of it,
// and adds random routers. With two experts a token, whose gates add up to 1, the model's
// states are those of the dense one, whatever the routing.
func (m model) mixture(experts int) {
	h, data := m.open()
	out := header{}
	var bytes []byte
	add := func(name string, t tensor, part []byte) {
		t.Offsets = [2]uint64{uint64(len(bytes)), uint64(len(bytes) + len(part))}
		bytes = append(bytes, part...)
		out[name] = t
	}
	const width = 256
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range h.names() {
		t := h[name]
		part := data[t.Offsets[0]:t.Offsets[1]]
		layer, rest, ok := strings.Cut(name, ".ffn.")
		if !ok || (layer[len(layer)-1]-'0')%2 == 0 {
			add(name, t, part)
			continue
		}
		for e := range experts {
			add(fmt.Sprintf("%s.moe_layer.experts.%d.%s", layer, e, rest), t, part)
		}
		if rest == "fc1.bias" {
			router := make([]byte, 0, 4*experts*width)
			for range experts * width {
				router = binary.LittleEndian.AppendUint32(router, math.Float32bits(float32(r.NormFloat64())*0.1))
			}
			add(layer+".moe_layer.gate.wg.weight", tensor{DType: "F32", Shape: []int64{int64(experts), width}}, router)
		}
	}
	m.editConfig("moe_freq", 2)
	m.editConfig("moe_expert_count", experts)
	m[weightsFile] = join(out, bytes)
}
