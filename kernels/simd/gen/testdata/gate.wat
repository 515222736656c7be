  (func $gate (export "gate") (param $y i32) (param $a i32) (param $b i32) (param $n i32) (param $act i32)
    (local $v v128)
    (if (i32.gt_s (local.get $n) (i32.const 0))
      (then
        (loop $l0
          (local.set $v (v128.load (local.get $a)))
          (if (local.get $act)
            (then
              (local.set $v (call $act (local.get $v) (local.get $act)))
            )
          )
          (if (i32.gt_s (local.get $n) (i32.const 3))
            (then
              (v128.store (local.get $y) (f32x4.mul (local.get $v) (v128.load (local.get $b))))
            )
            (else
              (call $store_tail (local.get $y) (f32x4.mul (local.get $v) (v128.load (local.get $b))) (local.get $n))
            )
          )
          (local.set $y (i32.add (local.get $y) (i32.const 16)))
          (local.set $a (i32.add (local.get $a) (i32.const 16)))
          (local.set $b (i32.add (local.get $b) (i32.const 16)))
          (local.set $n (i32.add (local.get $n) (i32.const -4)))
          (br_if $l0 (i32.gt_s (local.get $n) (i32.const 0)))
        )
      )
    )
  )
