@group(0) @binding(2) var<storage, read_write> m0: array<u32>;
@group(0) @binding(3) var<storage, read_write> m1: array<u32>;
struct Params {
  y: u32,
  x: u32,
  w: u32,
  bias: u32,
  res: u32,
  ws: u32,
  ldy: u32,
  ldx: u32,
  ldres: u32,
  m: u32,
  k: u32,
  n: u32,
  act: u32,
  alpha: f32,
  flags: u32,
}
@group(0) @binding(0) var<uniform> P: Params;
var<workgroup> A: array<u32, 512>;
var<workgroup> B: array<u32, 1024>;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let group = wg.x + wg.z * nwg.x;
  let words = pad(P.k, 16u) / 4u;
  let i0 = wg.y * 32u;
  let j0 = group * 64u;
  let ti = t / 16u * 4u;
  let tj = t % 16u * 4u;
  var acc: array<i32, 16>;
  for (var l0 = 0u; l0 < words; l0 += 16u) {
    for (var e = t; e < 512u; e += 128u) {
      let l = l0 + e % 16u;
      let i = i0 + e / 16u;
      var v = u32(0);
      if (i < P.m && l < words) { v = m0[P.x + i * words + l]; }
      A[e % 16u * 32u + e / 16u] = v;
    }
    for (var e = t; e < 1024u; e += 128u) {
      let l = l0 + e % 16u;
      let j = j0 + e / 16u;
      var v = u32(0);
      if (j < P.n && l < words) { v = m1[P.w + j / 16u * (16u * words + 16u) + j % 16u * words + l]; }
      B[e % 16u * 64u + e / 16u] = v;
    }
    workgroupBarrier();
    for (var c = 0u; c < 16u; c++) {
      let a0 = A[c * 32u + ti + 0u];
      let a1 = A[c * 32u + ti + 1u];
      let a2 = A[c * 32u + ti + 2u];
      let a3 = A[c * 32u + ti + 3u];
      let b0 = B[c * 64u + tj + 0u];
      let b1 = B[c * 64u + tj + 1u];
      let b2 = B[c * 64u + tj + 2u];
      let b3 = B[c * 64u + tj + 3u];
      acc[0] += dot4(a0, b0);
      acc[1] += dot4(a0, b1);
      acc[2] += dot4(a0, b2);
      acc[3] += dot4(a0, b3);
      acc[4] += dot4(a1, b0);
      acc[5] += dot4(a1, b1);
      acc[6] += dot4(a1, b2);
      acc[7] += dot4(a1, b3);
      acc[8] += dot4(a2, b0);
      acc[9] += dot4(a2, b1);
      acc[10] += dot4(a2, b2);
      acc[11] += dot4(a2, b3);
      acc[12] += dot4(a3, b0);
      acc[13] += dot4(a3, b1);
      acc[14] += dot4(a3, b2);
      acc[15] += dot4(a3, b3);
    }
    workgroupBarrier();
  }
  for (var e = 0u; e < 16u; e++) {
    let i = i0 + ti + e / 4u;
    let j = j0 + tj + e % 4u;
    if (i < P.m && j < P.n) {
      let s = acc[e];
      var v = f32(s + (128 - bitcast<i32>(m0[P.x + P.m * words + P.m + i])) * bitcast<i32>(m1[P.w + j / 16u * (16u * words + 16u) + 16u * words + j % 16u])) * (F(m0[P.x + P.m * words + i]) * F(m1[P.ws + j]));
      if ((P.flags & 1u) != 0u) { v += F(m1[P.bias + j]); }
      v = act(v, P.act);
      if ((P.flags & 2u) != 0u) { v += P.alpha * F(m0[P.res + i * P.ldres + j]); }
      m0[P.y + i * P.ldy + j] = U(v);
    }
  }
}
