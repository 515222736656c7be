package main

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Module collects the functions and the constant data of one kernel module.
type Module struct {
	v     Variant
	funcs []*Func
	// pool is the bytes from poolAt on: constants that loops load from memory, which takes
	// one instruction; materialising a constant takes three.
	pool  []byte
	index map[uint32]int
}

// Layout of the memory below dataBase, in bytes. Offset 0 means "absent".
const (
	poolAt   = 64
	shaK     = 512 // u32 [64], the round constants of SHA-256
	shaW     = 768 // u32 [64], its message schedule
	dataBase = 1024
)

// k is a vector of four times c.
func (m *Module) k(c float64) V128 {
	bits := math.Float32bits(float32(c))
	off, ok := m.index[bits]
	if !ok {
		off = poolAt + len(m.pool)
		m.pool = binary.LittleEndian.AppendUint32(m.pool, bits)
		m.index[bits] = off
	}
	if off+4 > shaK {
		panic("gen: the pool of constants is full")
	}
	return splatAt(num(0), off)
}

// Func is a function under construction.
type Func struct {
	m      *Module
	name   string
	export bool
	as     string // the name of the export, if it differs
	result string
	params []string
	locals []string
	body   strings.Builder
	depth  int
	labels int
}

// export begins a function that the host calls, helper one for other kernels.
func (m *Module) export(name string) *Func {
	f := &Func{m: m, name: name, export: true, depth: 2}
	m.funcs = append(m.funcs, f)
	return f
}

func (m *Module) helper(name string) *Func {
	f := m.export(name)
	f.export = false
	return f
}

func typeName[T value]() string {
	var x T
	switch any(x).(type) {
	case I32:
		return "i32"
	case F32:
		return "f32"
	case V128:
		return "v128"
	}
	panic("gen: not a value type")
}

func param[T value](f *Func, name string) T {
	f.params = append(f.params, "(param $"+name+" "+typeName[T]()+")")
	return local[T](name)
}

// int, float and vec declare a parameter; newInt and newVec declare a local.
func (f *Func) int(name string) I32     { return param[I32](f, name) }
func (f *Func) float(name string) F32   { return param[F32](f, name) }
func (f *Func) vec(name string) V128    { return param[V128](f, name) }
func (f *Func) newInt(name string) I32  { return declare[I32](f, name) }
func (f *Func) newVec(name string) V128 { return declare[V128](f, name) }

func declare[T value](f *Func, name string) T {
	f.locals = append(f.locals, "(local $"+name+" "+typeName[T]()+")")
	return local[T](name)
}

// let declares a local and sets it.
func let[T value](f *Func, name string, v T) T {
	x := declare[T](f, name)
	set(f, x, v)
	return x
}

func set[T value](f *Func, x, v T) { f.line("(local.set $%s %s)", nameOf(x), string(v)) }

// inc adds to a local.
func (f *Func) inc(x, by I32) { set(f, x, x.add(by)) }

func (f *Func) line(format string, args ...any) {
	f.body.WriteString(strings.Repeat("  ", f.depth))
	fmt.Fprintf(&f.body, format, args...)
	f.body.WriteByte('\n')
}

func (f *Func) nest(open string, body func()) {
	f.line("%s", open)
	f.depth++
	body()
	f.depth--
	f.line(")")
}

// when runs body if cond is not zero.
func (f *Func) when(cond I32, body func()) {
	f.nest("(if "+string(cond), func() { f.nest("(then", body) })
}

func (f *Func) choose(cond I32, yes, no func()) {
	f.nest("(if "+string(cond), func() {
		f.nest("(then", yes)
		f.nest("(else", no)
	})
}

// repeat runs body at least once, and again while cond holds after it.
func (f *Func) repeat(body func(), cond I32) {
	label := "$l" + strconv.Itoa(f.labels)
	f.labels++
	f.nest("(loop "+label, func() {
		body()
		f.line("(br_if %s %s)", label, string(cond))
	})
}

// while runs body while cond holds.
func (f *Func) while(cond I32, body func()) {
	f.when(cond, func() { f.repeat(body, cond) })
}

func (f *Func) store(op string, p I32, off int, v string) {
	f.line("%s", emit(at(op, off), string(p), v))
}
func (f *Func) storeV(p I32, off int, v V128) { f.store("v128.store", p, off, string(v)) }
func (f *Func) storeI(p I32, off int, v I32)  { f.store("i32.store", p, off, string(v)) }
func (f *Func) storeF(p I32, off int, v F32)  { f.store("f32.store", p, off, string(v)) }
func (f *Func) store8(p I32, off int, v I32)  { f.store("i32.store8", p, off, string(v)) }
func (f *Func) store16(p I32, off int, v I32) { f.store("i32.store16", p, off, string(v)) }
func (f *Func) storeLane(p I32, off, lane int, v V128) {
	f.line("%s", emit(at("v128.store32_lane", off)+" "+strconv.Itoa(lane), string(p), string(v)))
}

// call calls a function for its effect.
func (f *Func) call(name string, args ...string) { f.line("%s", emit("call $"+name, args...)) }

// apply calls a function for its value.
func apply[T value](name string, args ...string) T { return T(emit("call $"+name, args...)) }

// strs converts arguments of several types to text.
func strs(args ...any) []string {
	var s []string
	for _, a := range args {
		switch a := a.(type) {
		case I32:
			s = append(s, string(a))
		case F32:
			s = append(s, string(a))
		case V128:
			s = append(s, string(a))
		default:
			panic(fmt.Sprintf("gen: %T is not an expression", a))
		}
	}
	return s
}

// returns ends a function with a result.
func returns[T value](f *Func, v T) {
	f.result = "(result " + typeName[T]() + ")"
	f.line("%s", string(v))
}

// text is the function in WAT.
func (f *Func) text() string {
	var b strings.Builder
	b.WriteString("  (func $" + f.name)
	if f.export {
		fmt.Fprintf(&b, " (export %q)", cmp.Or(f.as, f.name))
	}
	for _, p := range f.params {
		b.WriteString(" " + p)
	}
	if f.result != "" {
		b.WriteString(" " + f.result)
	}
	b.WriteByte('\n')
	for _, l := range f.locals {
		b.WriteString("    " + l + "\n")
	}
	b.WriteString(f.body.String())
	b.WriteString("  )\n")
	return b.String()
}
