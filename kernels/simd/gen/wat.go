package main

import (
	"fmt"
	"strconv"
	"strings"
)

// Expressions of the WebAssembly text format. Each value type is a Go type, so that the Go
// compiler rejects the sum of an address and a vector. An expression is text: using it
// twice computes it twice, so assign it to a local first.
type (
	I32  string
	F32  string
	V128 string
)

// value is an expression of any type.
type value interface{ ~string }

func emit(op string, args ...string) string {
	if len(args) == 0 {
		return "(" + op + ")"
	}
	return "(" + op + " " + strings.Join(args, " ") + ")"
}

// at is the offset immediate of a load or store.
func at(op string, off int) string {
	if off == 0 {
		return op
	}
	return op + " offset=" + strconv.Itoa(off)
}

// num is an i32 constant.
func num(n int) I32 { return I32(emit("i32.const", strconv.Itoa(n))) }

// hex is an i32 constant that is a pattern of bits.
func hex(n uint32) I32 { return I32(emit("i32.const", fmt.Sprintf("%#x", n))) }

func (a I32) op(op string, b I32) I32 { return I32(emit(op, string(a), string(b))) }

// add omits the addition of a constant zero, which unrolled loops produce.
func (a I32) add(b I32) I32 {
	if b == num(0) {
		return a
	}
	return a.op("i32.add", b)
}
func (a I32) plus(n int) I32     { return a.add(num(n)) }
func (a I32) sub(b I32) I32      { return a.op("i32.sub", b) }
func (a I32) mul(b I32) I32      { return a.op("i32.mul", b) }
func (a I32) times(n int) I32    { return a.op("i32.mul", num(n)) }
func (a I32) and(n int) I32      { return a.op("i32.and", num(n)) }
func (a I32) andBits(b I32) I32  { return a.op("i32.and", b) }
func (a I32) or(b I32) I32       { return a.op("i32.or", b) }
func (a I32) xor(b I32) I32      { return a.op("i32.xor", b) }
func (a I32) shl(n int) I32      { return a.op("i32.shl", num(n)) }
func (a I32) shr(n int) I32      { return a.op("i32.shr_u", num(n)) }
func (a I32) rotr(n int) I32     { return a.op("i32.rotr", num(n)) }
func (a I32) eq(b I32) I32       { return a.op("i32.eq", b) }
func (a I32) ne(b int) I32       { return a.op("i32.ne", num(b)) }
func (a I32) less(b I32) I32     { return a.op("i32.lt_u", b) }
func (a I32) lessS(b I32) I32    { return a.op("i32.lt_s", b) }
func (a I32) greaterS(b I32) I32 { return a.op("i32.gt_s", b) }
func (a I32) atLeast(b I32) I32  { return a.op("i32.ge_u", b) }
func (a I32) atLeastS(b I32) I32 { return a.op("i32.ge_s", b) }
func (a I32) not() I32           { return I32(emit("i32.eqz", string(a))) }

// pick is a where cond is not zero, else b.
func pick[T value](cond I32, a, b T) T {
	return T(emit("select", string(a), string(b), string(cond)))
}

func minS(a, b I32) I32 { return pick(a.lessS(b), a, b) }

func (a I32) f32() F32                { return F32(emit("f32.convert_i32_u", string(a))) }
func (a F32) op(op string, b F32) F32 { return F32(emit(op, string(a), string(b))) }
func (a F32) div(b F32) F32           { return a.op("f32.div", b) }
func (a F32) mul(b F32) F32           { return a.op("f32.mul", b) }
func (a F32) greater(b F32) I32       { return I32(emit("f32.gt", string(a), string(b))) }
func (a F32) atMost(b F32) I32        { return I32(emit("f32.le", string(a), string(b))) }

func fnum(s string) F32 { return F32(emit("f32.const", s)) }

func loadI32(p I32, off int) I32  { return I32(emit(at("i32.load", off), string(p))) }
func loadF32(p I32, off int) F32  { return F32(emit(at("f32.load", off), string(p))) }
func loadV(p I32, off int) V128   { return V128(emit(at("v128.load", off), string(p))) }
func splatAt(p I32, off int) V128 { return V128(emit(at("v128.load32_splat", off), string(p))) }

// load8x8 loads 8 bytes as i16x8.
func load8x8(p I32, off int) V128 { return V128(emit(at("v128.load8x8_s", off), string(p))) }

// loadLane loads one 32-bit lane of v.
func loadLane(p I32, off, lane int, v V128) V128 {
	return V128(emit(at("v128.load32_lane", off)+" "+strconv.Itoa(lane), string(p), string(v)))
}

func un(op string, a V128) V128     { return V128(emit(op, string(a))) }
func bin(op string, a, b V128) V128 { return V128(emit(op, string(a), string(b))) }

// Vectors of four float32. fmax returns NaN where an operand is NaN.
func fadd(a, b V128) V128 { return bin("f32x4.add", a, b) }
func fsub(a, b V128) V128 { return bin("f32x4.sub", a, b) }
func fmul(a, b V128) V128 { return bin("f32x4.mul", a, b) }
func fdiv(a, b V128) V128 { return bin("f32x4.div", a, b) }
func fmax(a, b V128) V128 { return bin("f32x4.max", a, b) }

// pmin and pmax are single instructions on all processors; they return a where an operand
// is NaN.
func pmin(a, b V128) V128 { return bin("f32x4.pmin", a, b) }
func pmax(a, b V128) V128 { return bin("f32x4.pmax", a, b) }

func flt(a, b V128) V128   { return bin("f32x4.lt", a, b) }
func feq(a, b V128) V128   { return bin("f32x4.eq", a, b) }
func fne(a, b V128) V128   { return bin("f32x4.ne", a, b) }
func nearest(a V128) V128  { return un("f32x4.nearest", a) }
func truncSat(a V128) V128 { return un("i32x4.trunc_sat_f32x4_s", a) }
func toF32(a V128) V128    { return un("f32x4.convert_i32x4_s", a) }
func iadd(a, b V128) V128  { return bin("i32x4.add", a, b) }
func isub(a, b V128) V128  { return bin("i32x4.sub", a, b) }
func vand(a, b V128) V128  { return bin("v128.and", a, b) }
func vor(a, b V128) V128   { return bin("v128.or", a, b) }

// vandnot is a & ^b.
func vandnot(a, b V128) V128 { return bin("v128.andnot", a, b) }

// blend takes a where mask has ones, else b.
func blend(mask, a, b V128) V128 {
	return V128(emit("v128.bitselect", string(a), string(b), string(mask)))
}

// dot16 multiplies i16x8 and adds adjacent products: i32x4.
func dot16(a, b V128) V128 { return bin("i32x4.dot_i16x8_s", a, b) }

func splatF(a F32) V128 { return V128(emit("f32x4.splat", string(a))) }
func splatI(a I32) V128 { return V128(emit("i32x4.splat", string(a))) }

func shiftL(a V128, n int) V128 { return V128(emit("i32x4.shl", string(a), string(num(n)))) }

// lanes shuffles 32-bit lanes: 0…3 are those of a, 4…7 those of b.
func lanes(a, b V128, i ...int) V128 {
	var s []string
	for _, l := range i {
		for c := range 4 {
			s = append(s, strconv.Itoa(4*l+c))
		}
	}
	return V128(emit("i8x16.shuffle "+strings.Join(s, " "), string(a), string(b)))
}

// every repeats one lane.
func every(a V128, lane int) V128 { return lanes(a, a, lane, lane, lane, lane) }

func laneF(a V128, lane int) F32 {
	return F32(emit("f32x4.extract_lane "+strconv.Itoa(lane), string(a)))
}

// consts is a vector constant of four bit patterns.
func consts(a, b, c, d uint32) V128 {
	return V128(fmt.Sprintf("(v128.const i32x4 %#x %#x %#x %#x)", a, b, c, d))
}

var (
	zeroV = consts(0, 0, 0, 0)
	absV  = consts(0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff)
	infV  = consts(0x7f800000, 0x7f800000, 0x7f800000, 0x7f800000)
	ninfV = consts(0xff800000, 0xff800000, 0xff800000, 0xff800000)
	iota4 = consts(0, 1, 2, 3)
)

// local is the expression that reads a local.
func local[T value](name string) T { return T("(local.get $" + name + ")") }

// nameOf is the name of a local from the expression that reads it.
func nameOf[T value](x T) string {
	s, ok := strings.CutPrefix(string(x), "(local.get $")
	if !ok || strings.ContainsAny(s, " (") {
		panic("gen: not a local: " + string(x))
	}
	return strings.TrimSuffix(s, ")")
}
