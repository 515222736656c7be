package main

import (
	"fmt"
	"strings"
)

// loading are the kernels that bring weights into the layout of the linear layers
// (webgpu/layout.go), and those that convert numbers.
func loading(Variant) map[string]string {
	return map[string]string{
		"pack_f32": flat("P.n * pad(P.k, 4u)", `
  let kp = pad(P.k, 4u);
  let l = i % kp;
  var v = 0u;
  if (l < P.k) { v = $x[P.x + i / kp * P.k + l]; }
  $y[P.y + i] = v;
`),
		"pack_f16": flat("P.n * pad(P.k, 8u) / 2u", `
  let words = pad(P.k, 8u) / 2u;
  let l = i % words * 2u;
  let at = P.x + 2u * (i / words * P.k + l);
  var v = 0u;
  if (l < P.k) { v = `+halfAt("$x", "at")+`; }
  if (l + 1u < P.k) { v |= `+halfAt("$x", "at + 2u")+` << 16u; }
  $y[P.y + i] = v;
`),
		"pack_q8": flat("P.n * pad(P.k, 16u) / 4u", `
  let words = pad(P.k, 16u) / 4u;
  let r = i / words;
  let l = i % words * 4u;
  let at = P.x + r * P.k + l;
  var v = 0u;
  for (var c = 0u; c < 4u; c++) {
    if (l + c < P.k) { v |= `+byteAt("$x", "at + c")+` << (8u * c); }
  }
  $y[P.y + r / 16u * (16u * words + 16u) + r % 16u * words + i % words] = v;
`),
		"sum_q8": flat("P.n", `
  let words = pad(P.k, 16u) / 4u;
  let panel = P.y + i / 16u * (16u * words + 16u);
  var sum = 0;
  for (var l = 0u; l < words; l++) { sum += dot4($y[panel + i % 16u * words + l], 0x01010101u); }
  $y[panel + 16u * words + i % 16u] = bitcast<u32>(sum);
`),
		"pack_q4": flat("P.n * (pad(P.k, 32u) / 32u) * 5u", `
  let blocks = pad(P.k, 32u) / 32u;
  let r = i / (5u * blocks);
  let l = i % (5u * blocks);
  let panel = P.y + r / 16u * (80u * blocks);
  if (l < 4u * blocks) {
    let words = pad(P.k, 8u) / 8u;
    var v = 0x88888888u;
    if (l < words) {
      let at = P.x + 4u * (r * words + l);
      v = $x[at >> 2u] >> ((at & 3u) * 8u);
      if ((at & 3u) != 0u) { v |= $x[(at >> 2u) + 1u] << (32u - (at & 3u) * 8u); }
    }
    $y[panel + r % 16u * (4u * blocks) + l] = v;
  } else {
    let b = l - 4u * blocks;
    $y[panel + 64u * blocks + r % 16u * blocks + b] = $scale[P.scale + r * blocks + b];
  }
`),
		"widen_f16": flat("P.n", `
  let at = P.x + 2u * i;
  $y[P.y + i] = widen(`+byteAt("$x", "at")+` | (`+byteAt("$x", "at + 1u")+` << 8u));
`),
		"widen_bf16": flat("P.n", `
  let at = P.x + 2u * i;
  $y[P.y + i] = (`+byteAt("$x", "at")+` << 16u) | (`+byteAt("$x", "at + 1u")+` << 24u);
`),
		"narrow_f16": `
fn narrow(v: u32) -> u32 {
  let sign = (v >> 16u) & 0x8000u;
  let b = v & 0x7fffffffu;
  if (b > 0x7f800000u) { return sign | 0x7e00u; }
  if (b >= 0x47800000u) { return sign | 0x7c00u; }
  if (b >= 0x38800000u) {
    let c = b - (112u << 23u);
    return sign | ((c + 0xfffu + ((c >> 13u) & 1u)) >> 13u);
  }
  if (b >= 0x33000000u) { return sign | even((b & 0x7fffffu) | 0x800000u, 126u - (b >> 23u)); }
  return sign;
}
` + flat("((P.y + 2u * P.n + 3u) >> 2u) - (P.y >> 2u)", `
  let word = (P.y >> 2u) + i;
  var out = $y[word];
  for (var c = 0u; c < 4u; c += 2u) {
    let at = 4u * word + c;
    if (at < P.y || at >= P.y + 2u * P.n) { continue; }
    let v = $x[P.x + (at - P.y) / 2u];
    let h = narrow(v);
    if (!odd(v) && (h & 0x7fffu) == 0x7c00u) { $beyond[P.beyond] = 1u; }
    out = (out & ~(65535u << (8u * c))) | (h << (8u * c));
  }
  $y[word] = out;
`),
		"sha256": sha256Text(),
	}
}

// sha256Text is the compression function of FIPS 180-4, whose blocks follow each other: one
// thread computes.
func sha256Text() string {
	constants := []uint32{
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
		0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
		0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
		0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
		0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
		0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
		0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
	}
	var k strings.Builder
	for _, c := range constants {
		fmt.Fprintf(&k, "%#xu, ", c)
	}
	return `
const K = array<u32, 64>(` + strings.TrimSuffix(k.String(), ", ") + `);
fn rotr(x: u32, n: u32) -> u32 { return (x >> n) | (x << (32u - n)); }
` + flat("1u", `
  var h: array<u32, 8>;
  for (var j = 0u; j < 8u; j++) { h[j] = $state[P.state + j]; }
  for (var block = 0u; block < P.n; block++) {
    var w: array<u32, 64>;
    for (var j = 0u; j < 16u; j++) {
      let at = P.x + 64u * block + 4u * j;
      w[j] = (`+byteAt("$x", "at")+` << 24u) | (`+byteAt("$x", "at + 1u")+` << 16u) | (`+byteAt("$x", "at + 2u")+` << 8u) | `+byteAt("$x", "at + 3u")+`;
    }
    for (var j = 16u; j < 64u; j++) {
      let a = w[j - 15u];
      let b = w[j - 2u];
      w[j] = w[j - 16u] + (rotr(a, 7u) ^ rotr(a, 18u) ^ (a >> 3u)) + w[j - 7u] + (rotr(b, 17u) ^ rotr(b, 19u) ^ (b >> 10u));
    }
    var s = h;
    for (var j = 0u; j < 64u; j++) {
      let e = s[4];
      let a = s[0];
      let t1 = s[7] + (rotr(e, 6u) ^ rotr(e, 11u) ^ rotr(e, 25u)) + ((e & s[5]) ^ (~e & s[6])) + K[j] + w[j];
      let t2 = (rotr(a, 2u) ^ rotr(a, 13u) ^ rotr(a, 22u)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
      s = array<u32, 8>(t1 + t2, a, s[1], s[2], s[3] + t1, e, s[5], s[6]);
    }
    for (var j = 0u; j < 8u; j++) { h[j] += s[j]; }
  }
  for (var j = 0u; j < 8u; j++) { $state[P.state + j] = h[j]; }
`)
}
