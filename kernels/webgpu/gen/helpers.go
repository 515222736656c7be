package main

// helpers are the functions that kernels share.
//
// WGSL lets a compiler assume that there are no NaN and infinities, flush subnormal numbers
// and divide with an error. Where the contract asks for more, the functions compute with
// the bits: quantum and divide are exact, like those of kernels.Reference.
const helpers = `
fn F(b: u32) -> f32 { return bitcast<f32>(b); }
fn U(x: f32) -> u32 { return bitcast<u32>(x); }
fn odd(b: u32) -> bool { return (b & 0x7f800000u) == 0x7f800000u; }
fn isNaN(b: u32) -> bool { return (b & 0x7fffffffu) > 0x7f800000u; }
fn pad(n: u32, to: u32) -> u32 { return (n + to - 1u) / to * to; }
// Orders the bits of numbers as the numbers are ordered, −0 below 0.
fn key(b: u32) -> i32 { return bitcast<i32>(b ^ ((0u - (b >> 31u)) & 0x7fffffffu)); }
fn unkey(k: i32) -> u32 { let b = bitcast<u32>(k); return b ^ ((0u - (b >> 31u)) & 0x7fffffffu); }
// The mantissa, with its leading bit at 23, and the exponent of a finite number other than 0.
fn parts(b: u32) -> vec2<i32> {
  let e = (b >> 23u) & 255u;
  let f = b & 0x7fffffu;
  if (e == 0u) {
    let s = countLeadingZeros(f) - 8u;
    return vec2<i32>(i32(f << s), 1 - i32(s));
  }
  return vec2<i32>(i32(f | 0x800000u), i32(e));
}
// The quotient of two magnitudes: 26 bits q, the last one also set by a remainder, and e; the
// quotient is q·2^(e−25).
fn ratio(a: u32, b: u32) -> vec2<i32> {
  let x = parts(a);
  let y = parts(b);
  var rest = u32(x.x);
  let by = u32(y.x);
  var e = x.y - y.y;
  if (rest < by) { rest <<= 1u; e -= 1; }
  var q = 0u;
  for (var i = 0; i < 26; i++) {
    q <<= 1u;
    if (rest >= by) { rest -= by; q |= 1u; }
    rest <<= 1u;
  }
  if (rest != 0u) { q |= 1u; }
  return vec2<i32>(i32(q), e);
}
fn even(q: u32, drop: u32) -> u32 {
  let r = q >> drop;
  let rest = q & ((1u << drop) - 1u);
  let half = 1u << (drop - 1u);
  if (rest > half || (rest == half && (r & 1u) == 1u)) { return r + 1u; }
  return r;
}
// The bits of a/b, correctly rounded; b is positive and finite.
fn divide(a: u32, b: u32) -> u32 {
  let m = a & 0x7fffffffu;
  let sign = a & 0x80000000u;
  if (m == 0u || odd(a)) { return a; }
  let r = ratio(m, b);
  if (r.y >= -126) { return sign | ((u32(r.y + 126) << 23u) + even(u32(r.x), 2u)); }
  let s = u32(-126 - r.y);
  if (s > 25u) { return sign; }
  var q = u32(r.x) >> s;
  if ((u32(r.x) & ((1u << s) - 1u)) != 0u) { q |= 1u; }
  return sign | even(q, 2u);
}
// v in units of s, rounded to even and clamped to ±limit, as f32 arithmetic gives it.
fn quantum(v: u32, s: u32, limit: i32) -> i32 {
  let m = v & 0x7fffffffu;
  let by = s & 0x7fffffffu;
  if (m == 0u || by == 0u || odd(s) || isNaN(v)) { return 0; }
  var n = limit;
  if (!odd(v)) {
    let r = ratio(m, by);
    if (r.y < -2) { return 0; }
    if (r.y < 20) {
      let q = even(u32(r.x), 2u);
      n = min(limit, i32(even(q, u32(23 - r.y))));
    }
  }
  return select(n, -n, ((v ^ s) >> 31u) == 1u);
}
fn widen(h: u32) -> u32 {
  let sign = (h >> 15u) << 31u;
  let e = (h >> 10u) & 31u;
  let f = h & 1023u;
  if (e == 31u) { return sign | 0x7f800000u | (f << 13u); }
  if (e != 0u) { return sign | ((e + 112u) << 23u) | (f << 13u); }
  if (f == 0u) { return sign; }
  let s = countLeadingZeros(f) - 21u;
  return sign | ((113u - s) << 23u) | (((f << s) & 1023u) << 13u);
}
// Activation of kernels.Activation. The error function is that of Abramowitz and Stegun,
// 7.1.26, within 1.5e-7.
fn act(x: f32, kind: u32) -> f32 {
  if (kind == 0u) { return x; }
  let b = U(x);
  if (odd(b)) { return select(x, 0.0, b == 0xff800000u); }
  if (kind == 1u) { return max(x, 0.0); }
  if (kind == 2u) {
    let z = abs(x) * 0.70710678;
    let t = 1.0 / (1.0 + 0.3275911 * z);
    let tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * exp(-min(z * z, 100.0));
    return x * select(0.5 * tail, 1.0 - 0.5 * tail, x > 0.0);
  }
  if (kind == 3u) { return x / (1.0 + exp(-max(x, -87.0))); }
  let c = clamp(x, -100.0, 100.0);
  return x / (1.0 + exp(-max(1.5957691216 * (c + 0.044715 * c * c * c), -87.0)));
}
`

// dotBuiltin and dotEmulated are the dot product of two words of four int8, with and without
// packed_4x8_integer_dot_product.
const dotBuiltin = `
fn dot4(a: u32, b: u32) -> i32 { return dot4I8Packed(a, b); }
`

const dotEmulated = `
fn dot4(a: u32, b: u32) -> i32 {
  let shift = vec4<u32>(24u, 16u, 8u, 0u);
  let p = (bitcast<vec4<i32>>(vec4<u32>(a) << shift) >> vec4<u32>(24u)) * (bitcast<vec4<i32>>(vec4<u32>(b) << shift) >> vec4<u32>(24u));
  return p.x + p.y + p.z + p.w;
}
`
