package main

// quantizers are the kernels that round numbers to integers: weights while loading, and the
// rows of activations before an integer layer.
func quantizers(Variant) map[string]string {
	const most = `
  var most = 0;
  for (var j = t; j < P.k; j += 64u) { most = max(most, bitcast<i32>($x[at + j] & 0x7fffffffu)); }
  let top = bitcast<u32>(largestOf(t, most));
`
	return map[string]string{
		"row_scales": rows("P.n", reductions, `
  let at = P.x + row * P.k;`+most+`
  if (t == 0u) { $scale[P.scale + row] = divide(top, 0x42fe0000u); }
`),
		"quantize_rows": flat("((P.q + P.n * P.k + 3u) >> 2u) - (P.q >> 2u)", `
  let word = (P.q >> 2u) + i;
  var out = $q[word];
  for (var c = 0u; c < 4u; c++) {
    let at = 4u * word + c;
    if (at < P.q || at >= P.q + P.n * P.k) { continue; }
    let v = quantum($x[P.x + at - P.q], $scale[P.scale + (at - P.q) / P.k], 127);
    out = (out & ~(255u << (8u * c))) | ((bitcast<u32>(v) & 255u) << (8u * c));
  }
  $q[word] = out;
`),
		"quantize_q4": flat("P.n * (pad(P.k, 8u) / 8u)", `
  let words = pad(P.k, 8u) / 8u;
  let r = i / words;
  let w = i % words;
  let start = w / 4u * 32u;
  var low = 0;
  var high = 0;
  var finite = true;
  for (var j = start; j < min(start + 32u, P.k); j++) {
    let b = $x[P.x + r * P.k + j];
    finite = finite && !odd(b);
    low = min(low, key(b));
    high = max(high, key(b));
  }
  let down = unkey(low) & 0x7fffffffu;
  let up = unkey(high);
  var s = 0x80000000u | divide(up, 0x41000000u);
  if (down >= up) { s = (~unkey(low) & 0x80000000u) | divide(down, 0x41000000u); }
  if ((s & 0x7fffffffu) == 0u) { s = 0u; }
  if (!finite) { s = 0x7fc00000u; }
  if (w % 4u == 0u) { $scale[P.scale + r * (pad(P.k, 32u) / 32u) + w / 4u] = s; }
  var out = 0u;
  for (var c = 0u; c < 8u; c++) {
    var v = 0;
    if (8u * w + c < P.k) { v = clamp(quantum($x[P.x + r * P.k + 8u * w + c], s, 8), -8, 7); }
    out |= u32(v + 8) << (4u * c);
  }
  $q[P.q + i] = out;
`),
		// The rows of q − 128, of 0…levels, padded with what weights of 0 are multiplied by; then
		// the scales, then the zero points.
		"quantize_x8": rows("P.m", reductions, `
  let at = P.x + row * P.ldx;`+most+`
  var low = 0;
  var high = 0;
  for (var j = t; j < P.k; j += 64u) { low = min(low, key($x[at + j])); high = max(high, key($x[at + j])); }
  low = -largestOf(t, -low);
  high = largestOf(t, high);
  let by = U(f32(P.levels));
  let below = unkey(low) & 0x7fffffffu;
  let scale = F(divide(unkey(high), by)) + F(divide(below, by));
  var s = U(scale) & 0x7fffffffu;
  if (top >= 0x7f800000u) { s = 0x7fc00000u; }
  let zero = quantum(below, s, i32(P.levels));
  let words = pad(P.k, 16u) / 4u;
  for (var l = t; l < words; l += 64u) {
    var out = 0u;
    for (var c = 0u; c < 4u; c++) {
      var v = 0;
      if (4u * l + c < P.k) { v = clamp(zero + quantum($x[at + 4u * l + c], s, i32(P.levels)), 0, i32(P.levels)); }
      out |= (bitcast<u32>(v - 128) & 255u) << (8u * c);
    }
    $q[P.q + row * words + l] = out;
  }
  if (t == 0u) {
    $q[P.q + P.m * words + row] = s;
    $q[P.q + P.m * words + P.m + row] = bitcast<u32>(zero);
  }
`),
		// Blocks of 32 as eight words, each four integers with distance two, as the shader unpacks
		// weights; then the sums of the blocks; then the scales.
		"quantize_x4": rows("P.m", reductions, `
  let at = P.x + row * P.ldx;`+most+`
  let s = divide(top, U(f32(P.levels)));
  let blocks = pad(P.k, 32u) / 32u;
  for (var b = t; b < blocks; b += 64u) {
    var sum = 0;
    for (var w = 0u; w < 8u; w++) {
      var out = 0u;
      for (var c = 0u; c < 4u; c++) {
        let j = 32u * b + w / 2u * 8u + w % 2u + 2u * c;
        var v = 0;
        if (j < P.k) { v = quantum($x[at + j], s, i32(P.levels)); }
        sum += v;
        out |= (bitcast<u32>(v) & 255u) << (8u * c);
      }
      $q[P.q + (row * blocks + b) * 8u + w] = out;
    }
    $q[P.q + P.m * blocks * 8u + row * blocks + b] = bitcast<u32>(sum);
  }
  if (t == 0u) { $q[P.q + P.m * blocks * 9u + row] = s; }
`),
	}
}
