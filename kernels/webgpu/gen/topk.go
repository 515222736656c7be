package main

// topK is the kernel of one workgroup for each row. Each pass over the row finds the largest
// number that comes after the last one, by value and then by column. Numbers are compared as
// the integers that order their bits, so that infinities are safe.
func topK(Variant) map[string]string {
	return map[string]string{"top_k": `
var<workgroup> keys: array<i32, 256>;
var<workgroup> columns: array<u32, 256>;
fn rank(b: u32) -> i32 {
  if (isNaN(b)) { return key(0xff800000u); }
  return select(key(b), 0, b == 0x80000000u); // −0 equals 0
}
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let row = wg.x + wg.y * nwg.x;
  if (row >= P.m) { return; }
  let at = P.x + row * P.ldx;
  var last = 0x7fffffff;
  var column = 0u;
  for (var c = 0u; c < P.k; c++) {
    var top = -0x7fffffff - 1;
    var j = 0xffffffffu;
    for (var i = t; i < P.n; i += 256u) {
      let r = rank($x[at + i]);
      if (r > top && (r < last || (r == last && i > column))) { top = r; j = i; }
    }
    keys[t] = top;
    columns[t] = j;
    workgroupBarrier();
    for (var s = 128u; s > 0u; s >>= 1u) {
      if (t < s && (keys[t + s] > keys[t] || (keys[t + s] == keys[t] && columns[t + s] < columns[t]))) {
        keys[t] = keys[t + s];
        columns[t] = columns[t + s];
      }
      workgroupBarrier();
    }
    last = workgroupUniformLoad(&keys[0]);
    column = workgroupUniformLoad(&columns[0]);
    if (t == 0u) {
      let b = $x[at + column];
      $ids[P.ids + row * P.k + c] = column;
      $y[P.y + row * P.k + c] = select(b, 0xff800000u, isNaN(b));
    }
  }
}
`}
}
