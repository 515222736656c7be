@group(0) @binding(2) var<storage, read_write> m0: array<u32>;
struct Params {
  y: u32,
  x: u32,
  w: u32,
  n: u32,
  d: u32,
  eps: f32,
}
@group(0) @binding(0) var<uniform> P: Params;
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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let row = wg.x + wg.y * nwg.x;
  if (row >= P.n) { return; }
  let at = P.x + row * P.d;
  var most = 0;
  for (var j = t; j < P.d; j += 64u) { most = max(most, bitcast<i32>(m0[at + j] & 0x7fffffffu)); }
  let top = bitcast<u32>(largestOf(t, most));

  let up = F(clamp(top >> 23u, 67u, 250u) << 23u);
  let down = F((254u - (U(up) >> 23u)) << 23u);
  var part = 0.0;
  for (var j = t; j < P.d; j += 64u) { let v = F(m0[at + j]) * down; part += v * v; }
  let sum = sumOf(t, part);

  let root = sqrt(sum / f32(P.d) + P.eps * down * down);

  for (var j = t; j < P.d; j += 64u) {
    let b = m0[at + j];
    var y = F(b) * down / root;
    if (top >= 0x7f800000u) { y = select(0.0, F(b | 0x7fc00000u), top > 0x7f800000u || odd(b)); }
    m0[P.y + row * P.d + j] = U(y * F(m0[P.w + j]));
  }
}
