@group(0) @binding(2) var<storage, read_write> m0: array<u32>;
struct Params {
  y: u32,
  x: u32,
  w: u32,
  bias: u32,
  res: u32,
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
var<workgroup> red: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let group = wg.x + wg.z * nwg.x;
  let kp = pad(P.k, 4u);
  let lane = t % 16u;
  let column = group * 4u + t / 16u;
  let j = min(column, P.n - 1u);
  let i0 = min(wg.y * 4u + 0u, P.m - 1u);
  let i1 = min(wg.y * 4u + 1u, P.m - 1u);
  let i2 = min(wg.y * 4u + 2u, P.m - 1u);
  let i3 = min(wg.y * 4u + 3u, P.m - 1u);
  var acc: array<f32, 4>;
  for (var l = lane; l < P.k; l += 16u) {
      let vb = F(m0[P.w + j * kp + l]);
      { let va = F(m0[P.x + i0 * P.ldx + l]); acc[0] += va * vb; }
      { let va = F(m0[P.x + i1 * P.ldx + l]); acc[1] += va * vb; }
      { let va = F(m0[P.x + i2 * P.ldx + l]); acc[2] += va * vb; }
      { let va = F(m0[P.x + i3 * P.ldx + l]); acc[3] += va * vb; }
    }
  for (var r = 0u; r < 4u; r++) {
    red[t] = acc[r];
    workgroupBarrier();
    for (var d = 8u; d > 0u; d >>= 1u) {
      if (lane < d) { red[t] += red[t + d]; }
      workgroupBarrier();
    }
    let i = wg.y * 4u + r;
    if (lane == 0u && column < P.n && i < P.m) {
      let s = red[t];
      var v = s;
      if ((P.flags & 1u) != 0u) { v += F(m0[P.bias + j]); }
      v = act(v, P.act);
      if ((P.flags & 2u) != 0u) { v += P.alpha * F(m0[P.res + i * P.ldres + j]); }
      m0[P.y + i * P.ldy + j] = U(v);
    }
    workgroupBarrier();
  }
}
