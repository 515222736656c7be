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
  var s0_0 = vec4<i32>();
  var s1_0 = vec4<i32>();
  var s2_0 = vec4<i32>();
  var s3_0 = vec4<i32>();
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
      let b0 = vec4<u32>(B[c * 64u + tj + 0u], B[c * 64u + tj + 1u], B[c * 64u + tj + 2u], B[c * 64u + tj + 3u]);
      s0_0 += vec4<i32>(dot4(a0, b0.x), dot4(a0, b0.y), dot4(a0, b0.z), dot4(a0, b0.w));
      s1_0 += vec4<i32>(dot4(a1, b0.x), dot4(a1, b0.y), dot4(a1, b0.z), dot4(a1, b0.w));
      s2_0 += vec4<i32>(dot4(a2, b0.x), dot4(a2, b0.y), dot4(a2, b0.z), dot4(a2, b0.w));
      s3_0 += vec4<i32>(dot4(a3, b0.x), dot4(a3, b0.y), dot4(a3, b0.z), dot4(a3, b0.w));
    }
    workgroupBarrier();
  }
  let acc = array<i32, 16>(s0_0.x, s0_0.y, s0_0.z, s0_0.w, s1_0.x, s1_0.y, s1_0.z, s1_0.w, s2_0.x, s2_0.y, s2_0.z, s2_0.w, s3_0.x, s3_0.y, s3_0.z, s3_0.w);
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
