package main

// elementwise are the kernels of one thread for each element.
func elementwise(Variant) map[string]string {
	embed := func(entry string) string {
		return flat("P.n * P.d", `
  let j = i % P.d;
  let id = bitcast<i32>($ids[P.ids + i / P.d]);
  var v = 0.0;
  if (id >= 0) {
    let at = u32(id) * P.d + j;
    v = `+entry+`;
  }
  if (P.accumulate != 0u) { v += F($y[P.y + i]); }
  $y[P.y + i] = U(v);
`)
	}
	return map[string]string{
		"write": flat("P.n", `
  var mask = 0xffffffffu;
  if (i == 0u) { mask &= P.first; }
  if (i == P.n - 1u) { mask &= P.last; }
  $y[P.y + i] = ($y[P.y + i] & ~mask) | (ring[P.source + i] & mask);
`),
		"embed_f32": embed("P.mul * F($table[P.table + at])"),
		"embed_f16": embed("P.mul * F(widen(" + halfAt("$table", "P.table + 2u * at") + "))"),
		"embed_q8":  embed("P.mul * F($scale[P.scale + u32(id)]) * f32(bitcast<i32>(" + byteAt("$table", "P.table + at") + " << 24u) >> 24u)"),
		"mean_rows": flat("P.d", `
  var sum = vec4<f32>();
  for (var r = 0u; r < P.n; r++) { sum[r & 3u] += F($x[P.x + r * P.d + i]); }
  $y[P.y + i] = U((sum.x + sum.y + (sum.z + sum.w)) / f32(P.n));
`),
		"activate": flat("P.n", `
  $y[P.y + i] = U(act(F($x[P.x + i]), P.act));
`),
		"add": flat("P.n", `
  $y[P.y + i] = U(P.alpha * F($a[P.a + i]) + F($b[P.b + i]));
`),
		"gate": flat("P.n", `
  $y[P.y + i] = U(act(F($a[P.a + i]), P.act) * F($b[P.b + i]));
`),
		"scan_q8": flat("P.n", `
  if ((P.flags & 1u) != 0u && `+byteAt("$keep", "P.keep + i")+` == 0u) {
    $y[P.y + i] = 0xff800000u; // −inf
    return;
  }
  let words = P.k / 4u;
  var sum = 0;
  for (var l = 0u; l < words; l++) { sum += dot4($q[P.q + l], $x[P.x + i * words + l]); }
  $y[P.y + i] = U(F($s[P.s + i]) * f32(sum));
`),
		"rotate": flat("P.n * P.heads * (P.h / 2u)", `
  let half = P.h / 2u;
  let c = i % half;
  let r = i / half / P.heads;
  let at = P.x + r * P.ldx + i / half % P.heads * P.h + 2u * c;
  let co = F($cos[P.cos + r * half + c]);
  let si = F($sin[P.sin + r * half + c]);
  let a = F($x[at]);
  let b = F($x[at + 1u]);
  $x[at] = U(a * co - b * si);
  $x[at + 1u] = U(b * co + a * si);
`),
		"rotate_halves": flat("P.n * P.heads * (P.turn / 2u)", `
  let half = P.turn / 2u;
  let c = i % half;
  let r = i / half / P.heads;
  let at = P.x + r * P.ldx + i / half % P.heads * P.h + c;
  let co = F($cos[P.cos + r * half + c]);
  let si = F($sin[P.sin + r * half + c]);
  let a = F($x[at]);
  let b = F($x[at + half]);
  $x[at] = U(a * co - b * si);
  $x[at + half] = U(b * co + a * si);
`),
	}
}
