package main

import (
	"fmt"
	"strings"
)

// weight is how a type of weights enters a layer.
type weight struct {
	name string
	// words is the length of the common dimension, in the words that a and b load; setup
	// declares what they need.
	setup, words string
	// a is word l of row i of the input, b that of column j of the weights.
	a, b string
	// kind is the type of a word, sum that of the sums, mac adds the product of va and vb to
	// sum s, and four that of va and the four words of vb.
	kind, sum, mac, four string
	// result is the product from sum s of row i and column j.
	result string
}

const fourDots = "vec4<i32>(dot4(va, vb.x), dot4(va, vb.y), dot4(va, vb.z), dot4(va, vb.w))"

var weights = []weight{
	{
		name: "f32", kind: "f32", sum: "f32", mac: "s += va * vb;", four: "va * vb",
		setup: "let kp = pad(P.k, 4u);", words: "P.k",
		a: "F($x[P.x + i * P.ldx + l])", b: "F($w[P.w + j * kp + l])", result: "s",
	},
	{
		name: "f16", kind: "f32", sum: "f32", mac: "s += va * vb;", four: "va * vb",
		setup: "let kp = pad(P.k, 8u) / 2u;", words: "P.k",
		a: "F($x[P.x + i * P.ldx + l])", b: "F(widen(($w[P.w + j * kp + l / 2u] >> (16u * (l & 1u))) & 65535u))", result: "s",
	},
	{
		name: "q8", kind: "u32", sum: "i32", mac: "s += dot4(va, vb);", four: fourDots,
		setup: "let words = pad(P.k, 16u) / 4u;", words: "words",
		a: "$x[P.x + i * words + l]", b: "$w[P.w + j / 16u * (16u * words + 16u) + j % 16u * words + l]",
		result: "f32(s + (128 - bitcast<i32>($x[P.x + P.m * words + P.m + i])) * bitcast<i32>($w[P.w + j / 16u * (16u * words + 16u) + 16u * words + j % 16u])) * (F($x[P.x + P.m * words + i]) * F($ws[P.ws + j]))",
	},
}

// finish is the end of every layer: value, bias, activation, residual. It uses i and j.
const finish = `
      if ((P.flags & 1u) != 0u) { v += F($bias[P.bias + j]); }
      v = act(v, P.act);
      if ((P.flags & 2u) != 0u) { v += P.alpha * F($res[P.res + i * P.ldres + j]); }
      $y[P.y + i * P.ldy + j] = U(v);
`

// linears are the layers of many rows. A workgroup computes a tile of v.Tile.M×v.Tile.N
// results; it loads v.Tile.K words of each row and column at a time into its own memory, and
// each thread adds their products to TM×TN sums in registers, four columns in a vector.
func linears(v Variant) map[string]string {
	all := map[string]string{"linear_q4": linearQ4(v.Tile)}
	for _, w := range weights {
		all["linear_"+w.name] = linearTile(v.Tile, w)
	}
	return all
}

func entry(size int) string {
	return fmt.Sprintf(`
@compute @workgroup_size(%d)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let group = wg.x + wg.z * nwg.x;
`, size)
}

func linearTile(t Tile, w weight) string {
	across := t.N / t.TN
	size := across * (t.M / t.TM)
	var b strings.Builder
	fmt.Fprintf(&b, "var<workgroup> A: array<%s, %d>;\nvar<workgroup> B: array<%s, %d>;\n", w.kind, t.K*t.M, w.kind, t.K*t.N)
	b.WriteString(entry(size))
	fmt.Fprintf(&b, "  %s\n  let i0 = wg.y * %du;\n  let j0 = group * %du;\n  let ti = t / %du * %du;\n  let tj = t %% %du * %du;\n",
		w.setup, t.M, t.N, across, t.TM, across, t.TN)
	b.WriteString(sums(t, "  ", w.sum))
	fmt.Fprintf(&b, "  for (var l0 = 0u; l0 < %s; l0 += %du) {\n", w.words, t.K)
	b.WriteString(fill("A", "a", t.M, t.K, size, "i", "i0", "P.m", w.words, w.a, w.kind))
	b.WriteString(fill("B", "b", t.N, t.K, size, "j", "j0", "P.n", w.words, w.b, w.kind))
	fmt.Fprintf(&b, "    workgroupBarrier();\n    for (var c = 0u; c < %du; c++) {\n", t.K)
	b.WriteString(products(t, w.kind, w.four))
	b.WriteString("    }\n    workgroupBarrier();\n  }\n")
	b.WriteString(gather(t, w.sum))
	b.WriteString(store(t, "let s = acc[e];\n      var v = "+w.result+";"))
	return b.String()
}

// fill loads a part of a matrix, transposed: word c of row r is at c*rows + r. What lies
// outside the matrix is 0.
func fill(to, index string, rows, k, size int, name, first, limit, words, load, kind string) string {
	return fmt.Sprintf(`    for (var e = t; e < %du; e += %du) {
      let l = l0 + e %% %du;
      let %s = %s + e / %du;
      var v = %s(0);
      if (%s < %s && l < %s) { v = %s; }
      %s[e %% %du * %du + e / %du] = v;
    }
`, rows*k, size, k, name, first, k, kind, name, limit, words, load, to, k, rows, k)
}

// sums declares the sums of a thread: si_j are columns 4j … 4j+3 of its row i.
func sums(t Tile, indent, kind string) string {
	var b strings.Builder
	for i := range t.TM {
		for j := range t.TN / 4 {
			fmt.Fprintf(&b, "%svar s%d_%d = vec4<%s>();\n", indent, i, j, kind)
		}
	}
	return b.String()
}

// products adds the products of word c of TM rows and TN columns; four is the expression of
// va and the four words of vb.
func products(t Tile, kind, four string) string {
	var b strings.Builder
	for i := range t.TM {
		fmt.Fprintf(&b, "      let a%d = A[c * %du + ti + %du];\n", i, t.M, i)
	}
	for j := range t.TN / 4 {
		fmt.Fprintf(&b, "      let b%d = vec4<%s>(", j, kind)
		for n := range 4 {
			fmt.Fprintf(&b, "B[c * %du + tj + %du]%s", t.N, 4*j+n, []string{", ", ", ", ", ", ");\n"}[n])
		}
		for i := range t.TM {
			product := strings.ReplaceAll(strings.ReplaceAll(four, "va", fmt.Sprintf("a%d", i)), "vb", fmt.Sprintf("b%d", j))
			fmt.Fprintf(&b, "      s%d_%d += %s;\n", i, j, product)
		}
	}
	return b.String()
}

// gather puts the sums into an array, by row and column.
func gather(t Tile, kind string) string {
	var list []string
	for i := range t.TM {
		for j := range t.TN / 4 {
			for _, n := range "xyzw" {
				list = append(list, fmt.Sprintf("s%d_%d.%c", i, j, n))
			}
		}
	}
	return fmt.Sprintf("  let acc = array<%s, %d>(%s);\n", kind, t.TM*t.TN, strings.Join(list, ", "))
}

// store finishes the results of a thread; value sets v from sum e.
func store(t Tile, value string) string {
	return fmt.Sprintf(`  for (var e = 0u; e < %du; e++) {
    let i = i0 + ti + e / %du;
    let j = j0 + tj + e %% %du;
    if (i < P.m && j < P.n) {
      %s%s    }
  }
}
`, t.TM*t.TN, t.TN, t.TN, value, finish)
}

// linearQ4 is linearTile in steps of one block of 32 weights, whose integer sums are scaled
// before they are added up. Weights are unpacked to int8 while a tile is loaded: the four low
// nibbles of a word, and the four high ones.
func linearQ4(t Tile) string {
	across := t.N / t.TN
	size := across * (t.M / t.TM)
	var b strings.Builder
	fmt.Fprintf(&b, "var<workgroup> A: array<u32, %d>;\nvar<workgroup> B: array<u32, %d>;\nvar<workgroup> sums: array<i32, %d>;\nvar<workgroup> scales: array<f32, %d>;\n", 8*t.M, 8*t.N, t.M, t.N)
	b.WriteString(entry(size))
	fmt.Fprintf(&b, `  let blocks = pad(P.k, 32u) / 32u;
  let i0 = wg.y * %du;
  let j0 = group * %du;
  let ti = t / %du * %du;
  let tj = t %% %du * %du;
%s  for (var block = 0u; block < blocks; block++) {
    for (var e = t; e < %du; e += %du) {
      let i = i0 + e / 8u;
      var v = 0u;
      if (i < P.m) { v = $x[P.x + (i * blocks + block) * 8u + e %% 8u]; }
      A[e %% 8u * %du + e / 8u] = v;
    }
    for (var e = t; e < %du; e += %du) {
      let j = j0 + e / 4u;
      var v = 0u;
      if (j < P.n) { v = $w[P.w + j / 16u * (80u * blocks) + (j %% 16u * blocks + block) * 4u + e %% 4u]; }
      B[e %% 4u * %du + e / 4u] = v & 0x0f0f0f0fu;
      B[e %% 4u * %du + %du + e / 4u] = (v >> 4u) & 0x0f0f0f0fu;
    }
    for (var e = t; e < %du; e += %du) {
      if (i0 + e < P.m) { sums[e] = bitcast<i32>($x[P.x + P.m * blocks * 8u + (i0 + e) * blocks + block]); }
    }
    for (var e = t; e < %du; e += %du) {
      let j = j0 + e;
      if (j < P.n) { scales[e] = F($w[P.w + j / 16u * (80u * blocks) + 64u * blocks + j %% 16u * blocks + block]); }
    }
    workgroupBarrier();
%s    for (var c = 0u; c < 8u; c++) {
`, t.M, t.N, across, t.TM, across, t.TN, strings.ReplaceAll(sums(t, "  ", "f32"), "var s", "var f"), 8*t.M, size, t.M, 4*t.N, size, 2*t.N, 2*t.N, t.N, t.M, size, t.N, size, sums(t, "    ", "i32"))
	b.WriteString(products(t, "u32", fourDots))
	b.WriteString("    }\n")
	for j := range t.TN / 4 {
		fmt.Fprintf(&b, "    let c%d = vec4<f32>(scales[tj + %du], scales[tj + %du], scales[tj + %du], scales[tj + %du]);\n", j, 4*j, 4*j+1, 4*j+2, 4*j+3)
		for i := range t.TM {
			fmt.Fprintf(&b, "    f%d_%d += c%d * vec4<f32>(s%d_%d - vec4<i32>(8 * sums[ti + %du]));\n", i, j, j, i, j, i)
		}
	}
	b.WriteString("    workgroupBarrier();\n  }\n")
	b.WriteString(strings.ReplaceAll(strings.ReplaceAll(gather(t, "f32"), " s", " f"), "(s", "(f"))
	b.WriteString(store(t, "var v = acc[e] * F($x[P.x + P.m * blocks * 9u + i]);"))
	return b.String()
}

// few are the layers of few rows. v.Lanes threads share a column, and each keeps the sums of
// v.Rows rows.
func few(v Variant) map[string]string {
	all := map[string]string{}
	for _, w := range weights {
		loop := fmt.Sprintf("for (var l = lane; l < %s; l += %du) {\n      let vb = %s;\n", w.words, v.Lanes, w.b)
		for r := range v.Rows {
			a := strings.ReplaceAll(w.a, "i *", fmt.Sprintf("i%d *", r))
			loop += fmt.Sprintf("      { let va = %s; %s }\n", a, strings.ReplaceAll(w.mac, "s +=", fmt.Sprintf("acc[%d] +=", r)))
		}
		all["few_"+w.name] = fewRows(v, w.sum, w.setup, loop+"    }\n", "let s = red[t];\n      var v = "+w.result+";")
	}
	// The sums are set to 0 in full: SwiftShader does so for a variable of a loop in the first
	// pass only.
	loop := fmt.Sprintf(`for (var b = lane; b < blocks; b += %du) {
      let scale = F($w[P.w + j / 16u * (80u * blocks) + 64u * blocks + j %% 16u * blocks + b]);
      let at = P.w + j / 16u * (80u * blocks) + (j %% 16u * blocks + b) * 4u;
      var dots = array<i32, %d>();
      for (var c = 0u; c < 4u; c++) {
        let word = $w[at + c];
        let low = word & 0x0f0f0f0fu;
        let high = (word >> 4u) & 0x0f0f0f0fu;
`, v.Lanes, v.Rows)
	for r := range v.Rows {
		loop += fmt.Sprintf("        { let at4 = P.x + (i%d * blocks + b) * 8u + 2u * c; dots[%d] += dot4($x[at4], low) + dot4($x[at4 + 1u], high); }\n", r, r)
	}
	loop += "      }\n"
	for r := range v.Rows {
		loop += fmt.Sprintf("      acc[%d] += scale * f32(dots[%d] - 8 * bitcast<i32>($x[P.x + P.m * blocks * 8u + i%d * blocks + b]));\n", r, r, r)
	}
	all["few_q4"] = fewRows(v, "f32", "let blocks = pad(P.k, 32u) / 32u;", loop+"    }\n", "var v = red[t] * F($x[P.x + P.m * blocks * 9u + i]);")
	return all
}

func fewRows(v Variant, sum, setup, loop, value string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "var<workgroup> red: array<%s, %d>;\n%s  %s\n", sum, threads, entry(threads), setup)
	fmt.Fprintf(&b, "  let lane = t %% %du;\n  let column = group * %du + t / %du;\n  let j = min(column, P.n - 1u);\n", v.Lanes, threads/v.Lanes, v.Lanes)
	for r := range v.Rows {
		fmt.Fprintf(&b, "  let i%d = min(wg.y * %du + %du, P.m - 1u);\n", r, v.Rows, r)
	}
	fmt.Fprintf(&b, "  var acc: array<%s, %d>;\n  %s", sum, v.Rows, strings.TrimLeft(loop, " "))
	fmt.Fprintf(&b, `  for (var r = 0u; r < %du; r++) {
    red[t] = acc[r];
    workgroupBarrier();
    for (var d = %du; d > 0u; d >>= 1u) {
      if (lane < d) { red[t] += red[t + d]; }
      workgroupBarrier();
    }
    let i = wg.y * %du + r;
    if (lane == 0u && column < P.n && i < P.m) {
      %s%s    }
    workgroupBarrier();
  }
}
`, v.Rows, v.Lanes/2, v.Rows, value, finish)
	return b.String()
}
