package main

import "fmt"

// attention passes over the keys in blocks of 64, one for each thread, and keeps the running
// maximum and sum of v.Queries queries (online softmax, arXiv 1805.02867). A workgroup
// computes 256 columns of a head. Scores are compared by key, which puts NaN above +∞: a
// query that either of them reaches is NaN.
func attention(v Variant) map[string]string {
	return map[string]string{"attention": fmt.Sprintf(`
const Q = %du;
var<workgroup> weights: array<f32, %d>;
var<workgroup> tops: array<i32, %d>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let head = wg.y;
  let first = wg.x * Q;
  let qn = min(Q, P.tq - first);
  let shared_at = head / P.group * P.h;
  let columns = wg.z * 256u;
  let none = F(0xff800000u);
  var top: array<i32, Q>;
  var part: array<f32, Q>;
  var acc: array<f32, 4u * Q>;
  for (var r = 0u; r < Q; r++) { top[r] = key(0xff800000u); }
  let end = min(P.tk, first + qn + P.causal);
  for (var base = 0u; base < end; base += 64u) {
    let j = base + t;
    var s: array<f32, Q>;
    for (var r = 0u; r < Q; r++) { s[r] = 0.0; }
    var seen = j < P.tk;
    if (seen && (P.flags & 1u) != 0u) { seen = %s != 0u; }
    if (seen) {
      for (var c = 0u; c < P.h; c++) {
        let kv = F($k[P.k + j * P.ldkv + shared_at + c]);
        for (var r = 0u; r < qn; r++) { s[r] += F($q[P.q + (first + r) * P.ldq + head * P.h + c]) * kv; }
      }
    }
    for (var r = 0u; r < Q; r++) {
      let i = first + r;
      if (seen && r < qn && j <= i + P.causal) {
        s[r] *= P.scale;
        if ((P.flags & 2u) != 0u) { s[r] += F($mask[P.mask + i * P.ldmask + j]); }
        if ((P.flags & 4u) != 0u) { s[r] += F($rel[u32(i32(P.rel + head * P.ldrel + j) + bitcast<i32>(P.relbase) - i32(i))]); }
        if (isNaN(U(s[r]))) { s[r] = F(0x7fc00000u); }
      } else {
        s[r] = none;
      }
      tops[r * 64u + t] = key(U(s[r]));
    }
    workgroupBarrier();
    for (var d = 32u; d > 0u; d >>= 1u) {
      if (t < d) { for (var r = 0u; r < Q; r++) { tops[r * 64u + t] = max(tops[r * 64u + t], tops[r * 64u + t + d]); } }
      workgroupBarrier();
    }
    var fade: array<f32, Q>;
    for (var r = 0u; r < Q; r++) {
      let now = max(top[r], tops[r * 64u]);
      let most = F(unkey(now));
      fade[r] = 0.0;
      var p = 0.0;
      if (now < 0x7f800000) {
        if (top[r] != key(0xff800000u)) { fade[r] = exp(F(unkey(top[r])) - most); }
        if (U(s[r]) != 0xff800000u) { p = exp(s[r] - most); }
      }
      top[r] = now;
      part[r] = part[r] * fade[r] + p;
      weights[r * 64u + t] = p;
    }
    workgroupBarrier();
    for (var u = 0u; u < 4u; u++) {
      let c = columns + u * 64u + t;
      if (c >= P.h) { continue; }
      for (var r = 0u; r < Q; r++) { acc[u * Q + r] *= fade[r]; }
      for (var b = 0u; b < min(64u, P.tk - base); b++) {
        let x = F($v[P.v + (base + b) * P.ldkv + shared_at + c]);
        for (var r = 0u; r < qn; r++) {
          let p = weights[r * 64u + b];
          if (p != 0.0) { acc[u * Q + r] += p * x; }
        }
      }
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < Q; r++) { weights[r * 64u + t] = part[r]; }
  workgroupBarrier();
  for (var d = 32u; d > 0u; d >>= 1u) {
    if (t < d) { for (var r = 0u; r < Q; r++) { weights[r * 64u + t] += weights[r * 64u + t + d]; } }
    workgroupBarrier();
  }
  for (var u = 0u; u < 4u; u++) {
    let c = columns + u * 64u + t;
    if (c >= P.h) { continue; }
    for (var r = 0u; r < qn; r++) {
      let sum = weights[r * 64u];
      var y = 0.0;
      if (sum != 0.0) { y = acc[u * Q + r] / sum; }
      if (top[r] >= 0x7f800000) { y = F(0x7fc00000u); }
      $y[P.y + (first + r) * P.ldy + head * P.h + c] = U(y);
    }
  }
}
`, v.Queries, 64*v.Queries, 64*v.Queries, byteAt("$keep", "P.keep + j"))}
}
