package main

import (
	"fmt"
	"math/big"
)

// sha256Kernel emits sha256(state, src, n), the compression function of FIPS 180-4.
//
// Eight rounds are unrolled. The variables change roles from round to round and have their
// original roles again after eight, so that none is copied.
func sha256Kernel(m *Module) {
	f := m.export("sha256")
	state, src, n := f.int("state"), f.int("src"), f.int("n")
	var s [8]I32
	for i, name := range "abcdefgh" {
		s[i] = f.newInt(string(name))
	}
	p, x, y, t := f.newInt("p"), f.newInt("u"), f.newInt("v"), f.newInt("t")
	// The first sixteen words, big-endian, four at a time.
	words := func() {
		bytes := "3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12"
		for i := range 4 {
			v := string(loadV(src, 16*i))
			f.storeV(num(shaW), 16*i, V128(emit("i8x16.shuffle "+bytes, v, v)))
		}
	}
	f.while(n, func() {
		words()
		set(f, p, num(shaW))
		const unroll = 4
		f.repeat(func() {
			for u := range unroll {
				set(f, x, loadI32(p, 4*(u+14)))
				set(f, y, loadI32(p, 4*(u+1)))
				s1 := x.rotr(17).xor(x.rotr(19)).xor(x.shr(10))
				s0 := y.rotr(7).xor(y.rotr(18)).xor(y.shr(3))
				f.storeI(p, 4*(u+16), s1.add(loadI32(p, 4*(u+9))).add(s0.add(loadI32(p, 4*u))))
			}
			f.inc(p, num(4*unroll))
		}, p.less(num(shaW+4*48)))
		for i := range s {
			set(f, s[i], loadI32(state, 4*i))
		}
		set(f, p, num(0))
		f.repeat(func() {
			for u := range 8 {
				// r[i] is the variable in the role of "abcdefgh"[i] in this round.
				var r [8]I32
				for i := range r {
					r[i] = s[(i+8-u)%8]
				}
				a, b, c, d, e, ff, g, h := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]
				ch := g.xor(e.andBits(ff.xor(g)))
				maj := a.andBits(b).or(c.andBits(a.or(b)))
				sum1 := e.rotr(6).xor(e.rotr(11)).xor(e.rotr(25))
				sum0 := a.rotr(2).xor(a.rotr(13)).xor(a.rotr(22))
				set(f, t, h.add(loadI32(p, shaK+4*u).add(loadI32(p, shaW+4*u))).add(ch).add(sum1))
				f.inc(d, t)
				set(f, h, t.add(sum0.add(maj)))
			}
			f.inc(p, num(32))
		}, p.less(num(256)))
		for i := range s {
			f.storeI(state, 4*i, loadI32(state, 4*i).add(s[i]))
		}
		f.inc(src, num(64))
		f.inc(n, num(-1))
	})
}

// shaRoundConstants are the first 32 bits of the fractional parts of the cube roots
// of the first 64 primes (FIPS 180-4, 4.2.2).
func shaRoundConstants() (k []uint32) {
	for p := int64(2); len(k) < 64; p++ {
		if !big.NewInt(p).ProbablyPrime(0) {
			continue
		}
		// ⌊2³²·∛p⌋ is the largest r with r³ ≤ p·2⁹⁶.
		target := new(big.Int).Lsh(big.NewInt(p), 96)
		r := new(big.Int)
		for bit := 35; bit >= 0; bit-- {
			try := new(big.Int).SetBit(r, bit, 1)
			if new(big.Int).Exp(try, big.NewInt(3), nil).Cmp(target) <= 0 {
				r = try
			}
		}
		k = append(k, uint32(r.Uint64()))
	}
	if k[0] != 0x428a2f98 {
		panic(fmt.Sprintf("gen: the first round constant of SHA-256 is %#x", k[0]))
	}
	return k
}
