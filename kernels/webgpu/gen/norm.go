package main

// reductions are the sum and the largest of a number of each thread of a workgroup.
const reductions = `
var<workgroup> sums: array<f32, 64>;
var<workgroup> keys: array<i32, 64>;
fn sumOf(t: u32, v: f32) -> f32 {
  sums[t] = v;
  workgroupBarrier();
  for (var s = 32u; s > 0u; s >>= 1u) {
    if (t < s) { sums[t] += sums[t + s]; }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&sums[0]);
}
fn largestOf(t: u32, v: i32) -> i32 {
  keys[t] = v;
  workgroupBarrier();
  for (var s = 32u; s > 0u; s >>= 1u) {
    if (t < s) { keys[t] = max(keys[t], keys[t + s]); }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&keys[0]);
}
`

// largest sets top to the bits of the largest magnitude of a row of d numbers: above
// 0x7f800000 if there is a NaN.
const largest = `
  let at = P.x + row * P.d;
  var most = 0;
  for (var j = t; j < P.d; j += 64u) { most = max(most, bitcast<i32>($x[at + j] & 0x7fffffffu)); }
  let top = bitcast<u32>(largestOf(t, most));
`

// scaledSquares sets sum to the sum of the squares of a row, divided by up², a power of four
// that keeps it from overflow.
const scaledSquares = largest + `
  let up = F(clamp(top >> 23u, 67u, 250u) << 23u);
  let down = F((254u - (U(up) >> 23u)) << 23u);
  var part = 0.0;
  for (var j = t; j < P.d; j += 64u) { let v = F($x[at + j]) * down; part += v * v; }
  let sum = sumOf(t, part);
`

// norms are the kernels of one workgroup for each row. What holds an infinity or a NaN
// follows kernels.Reference: a NaN makes the row NaN, an infinity is NaN and makes the others
// 0, except in LayerNorm, whose mean and variance have no value then.
func norms(Variant) map[string]string {
	// out writes the row, with value as the result for a finite row.
	out := func(value, gain string) string {
		return `
  for (var j = t; j < P.d; j += 64u) {
    let b = $x[at + j];
    var y = ` + value + `;
    if (top >= 0x7f800000u) { y = select(0.0, F(b | 0x7fc00000u), top > 0x7f800000u || odd(b)); }
    $y[P.y + row * P.d + j] = U(y` + gain + `);
  }
`
	}
	return map[string]string{
		"layer_norm": rows("P.n", reductions, largest+`
  var part = 0.0;
  for (var j = t; j < P.d; j += 64u) { part += F($x[at + j]) / f32(P.d); }
  let first = sumOf(t, part);
  part = 0.0;
  for (var j = t; j < P.d; j += 64u) { part += (F($x[at + j]) - first) / f32(P.d); }
  let mean = first + sumOf(t, part);
  part = 0.0;
  for (var j = t; j < P.d; j += 64u) { let v = F($x[at + j]) - mean; part += v * v; }
  let inv = 1.0 / sqrt(sumOf(t, part) / f32(P.d) + P.eps);
  for (var j = t; j < P.d; j += 64u) {
    var y = (F($x[at + j]) - mean) * inv * F($w[P.w + j]) + F($b[P.b + j]);
    if (top >= 0x7f800000u) { y = F(top | 0x7fc00000u); }
    $y[P.y + row * P.d + j] = U(y);
  }
`),
		"rms_norm": rows("P.n", reductions, scaledSquares+`
  let root = sqrt(sum / f32(P.d) + P.eps * down * down);
`+out("F(b) * down / root", " * F($w[P.w + j])")),
		"l2_normalize": rows("P.n", reductions, scaledSquares+`
  let root = max(sqrt(sum), P.eps * down);
`+out("F(b) * down / root", "")),
	}
}
