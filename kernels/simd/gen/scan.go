package main

import "fmt"

// scanRows is the number of rows that share the loads of the query.
const scanRows = 4

// scanQ8 emits scan_q8(y, q, x, s, keep, n, k): four rows at a time. Products are widened to
// 16 bits, so the sums are exact in every variant.
func scanQ8(m *Module) {
	f := m.export("scan_q8")
	y, q, x, s, keep, n, k := f.int("y"), f.int("q"), f.int("x"), f.int("s"), f.int("keep"), f.int("n"), f.int("k")
	var rows [scanRows]I32
	var sums [scanRows]V128
	for r := range rows {
		rows[r] = f.newInt(fmt.Sprintf("x%d", r))
		sums[r] = f.newVec(fmt.Sprintf("s%d", r))
	}
	low, high, v, p, end, last, kept := f.newVec("low"), f.newVec("high"), f.newVec("v"), f.newInt("p"), f.newInt("end"), f.newInt("last"), f.newInt("kept")
	set(f, end, q.add(k))
	set(f, kept, num(-1))
	f.while(n.greaterS(num(0)), func() {
		f.when(keep, func() {
			set(f, kept, loadI32(keep, 0))
			f.inc(keep, num(scanRows))
		})
		set(f, v, ninfV)
		f.when(kept, func() {
			// The rows after the last one are the last one again.
			set(f, last, x.add(n.plus(-1).mul(k)))
			set(f, rows[0], x)
			for r := 1; r < scanRows; r++ {
				set(f, rows[r], rows[r-1].add(k))
				set(f, rows[r], pick(rows[r].less(last), rows[r], last))
			}
			clear(f, [][]V128{sums[:]})
			set(f, p, q)
			f.repeat(func() {
				set(f, v, loadV(p, 0))
				set(f, low, un("i16x8.extend_low_i8x16_s", v))
				set(f, high, un("i16x8.extend_high_i8x16_s", v))
				for r := range rows {
					set(f, v, loadV(rows[r], 0))
					set(f, sums[r], iadd(sums[r], iadd(dot16(un("i16x8.extend_low_i8x16_s", v), low), dot16(un("i16x8.extend_high_i8x16_s", v), high))))
					f.inc(rows[r], num(16))
				}
				f.inc(p, num(16))
			}, p.less(end))
			// The sums of four vectors become one vector of four sums.
			set(f, sums[0], iadd(lanes(sums[0], sums[1], 0, 1, 4, 5), lanes(sums[0], sums[1], 2, 3, 6, 7)))
			set(f, sums[2], iadd(lanes(sums[2], sums[3], 0, 1, 4, 5), lanes(sums[2], sums[3], 2, 3, 6, 7)))
			set(f, sums[0], iadd(lanes(sums[0], sums[2], 0, 2, 4, 6), lanes(sums[0], sums[2], 1, 3, 5, 7)))
			set(f, v, fmul(loadV(s, 0), toF32(sums[0])))
			f.when(keep, func() {
				// A byte of kept is a lane.
				set(f, low, un("i32x4.extend_low_i16x8_u", un("i16x8.extend_low_i8x16_u", splatI(kept))))
				set(f, v, blend(bin("i32x4.eq", low, zeroV), ninfV, v))
			})
		})
		f.storeTail(y, 0, v, n)
		f.inc(y, num(4*scanRows))
		f.inc(s, num(4*scanRows))
		f.inc(x, k.times(scanRows))
		f.inc(n, num(-scanRows))
	})
}
