package main

import (
	"fmt"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/webgpu"
)

// Variant is what the emitted text depends on.
type Variant struct {
	// Tile is that of linear layers of many rows.
	Tile Tile
	// Lanes is the number of threads that share a column of a layer of few rows, and Rows
	// the rows that each of them keeps: the weights are read once for Rows rows.
	Lanes, Rows int
	// Queries is the number of queries of a workgroup of attention: a key is read once for
	// all of them.
	Queries int
}

// Tile is the part of a product that a workgroup computes: M×N results, K words of the
// common dimension at a time, in threads of TM×TN results each.
type Tile struct{ M, N, K, TM, TN int }

// standard is the variant that is committed.
var standard = Variant{Tile: Tile{M: 32, N: 64, K: 16, TM: 4, TN: 4}, Lanes: 16, Rows: 4, Queries: 4}

// threads is the number of threads of the workgroups of all kernels but the linear tiles.
const threads = 64

// texts are the bodies of all kernels: what follows the declarations.
func texts(v Variant) map[string]string {
	all := map[string]string{}
	for _, part := range []func(Variant) map[string]string{elementwise, norms, topK, loading, quantizers, linears, few, attention} {
		for name, text := range part(v) {
			all[name] = text
		}
	}
	return all
}

// shader is the text of a kernel, without the helpers and without the bindings of memory: the
// parameters, and the body, in which $name is the memory that holds the operand.
func shader(k webgpu.Kernel, body string) string {
	var b strings.Builder
	b.WriteString("struct Params {\n")
	for _, name := range k.Operands {
		fmt.Fprintf(&b, "  %s: u32,\n", name)
	}
	for _, name := range k.Params {
		kind := "u32"
		if webgpu.Floats[name] && !has(k.Operands, name) {
			kind = "f32"
		}
		fmt.Fprintf(&b, "  %s: %s,\n", name, kind)
	}
	b.WriteString("}\n@group(0) @binding(0) var<uniform> P: Params;\n")
	b.WriteString(strings.TrimLeft(body, "\n"))
	return b.String()
}

func has(list []string, name string) bool {
	for _, s := range list {
		if s == name {
			return true
		}
	}
	return false
}

// whole is the complete text of a kernel whose operands lie in the given segments, as the
// player assembles it (bridge.mjs).
func whole(k webgpu.Kernel, body string, segments []int) string {
	var b strings.Builder
	b.WriteString(helpers)
	b.WriteString(dotBuiltin)
	most := 0
	for i, name := range k.Operands {
		body = replaceOperand(body, name, segments[i])
		most = max(most, segments[i])
	}
	for s := range most + 1 {
		fmt.Fprintf(&b, "@group(0) @binding(%d) var<storage, read_write> m%d: array<u32>;\n", s+2, s)
	}
	if k.Name == "write" {
		b.WriteString("@group(0) @binding(1) var<storage, read> ring: array<u32>;\n")
	}
	b.WriteString(shader(k, body))
	return b.String()
}

// replaceOperand replaces $name, as a word of its own, by the segment's memory.
func replaceOperand(body, name string, segment int) string {
	return strings.ReplaceAll(body, "$"+name+"[", fmt.Sprintf("m%d[", segment))
}

// flat is a kernel of one thread for each of count items; body uses i.
func flat(count, body string) string {
	return fmt.Sprintf(`
@compute @workgroup_size(%d)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let i = (wg.x + wg.y * nwg.x) * %du + t;
  if (i >= %s) { return; }
%s}
`, threads, threads, count, strings.TrimLeft(body, "\n"))
}

// rows is a kernel of one workgroup for each of count rows; body uses row and t.
func rows(count, declarations, body string) string {
	return fmt.Sprintf(`%s
@compute @workgroup_size(%d)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let row = wg.x + wg.y * nwg.x;
  if (row >= %s) { return; }
%s}
`, declarations, threads, count, strings.TrimLeft(body, "\n"))
}

// byteAt is the byte at a byte offset of an operand, halfAt the 16 bits at an even one.
func byteAt(operand, at string) string {
	return fmt.Sprintf("((%s[(%s) >> 2u] >> (((%s) & 3u) * 8u)) & 255u)", operand, at, at)
}

func halfAt(operand, at string) string {
	return fmt.Sprintf("((%s[(%s) >> 2u] >> (((%s) & 2u) * 8u)) & 65535u)", operand, at, at)
}
