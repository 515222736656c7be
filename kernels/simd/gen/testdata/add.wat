  (func $add (export "add") (param $y i32) (param $a i32) (param $b i32) (param $n i32) (param $alpha f32)
    (local $va v128)
    (local.set $va (f32x4.splat (local.get $alpha)))
    (if (i32.gt_s (local.get $n) (i32.const 0))
      (then
        (loop $l0
          (if (i32.gt_s (local.get $n) (i32.const 3))
            (then
              (v128.store (local.get $y) (f32x4.add (f32x4.mul (local.get $va) (v128.load (local.get $a))) (v128.load (local.get $b))))
            )
            (else
              (call $store_tail (local.get $y) (f32x4.add (f32x4.mul (local.get $va) (v128.load (local.get $a))) (v128.load (local.get $b))) (local.get $n))
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
