package webgpu

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/kerneltest"
)

// tape is a Player that checks commands. It keeps bytes and does what "write" does; of other
// kernels it keeps a line of text.
type tape struct {
	segments [][]byte
	lines    []string
	failure  string
	wrong    []string
	limits   Limits
}

func (p *tape) Play(commands []uint32) {
	for len(commands) > 0 {
		kernel, count := commands[0]&255, commands[0]>>8
		if int(kernel) >= len(Kernels) {
			p.wrong = append(p.wrong, fmt.Sprintf("kernel %d with %d numbers", kernel, count))
			return
		}
		k := Kernels[kernel]
		groups, segments, numbers := commands[1:4], commands[4], commands[5:5+count]
		commands = commands[5+count:]
		if len(numbers) != len(k.Operands)+len(k.Params) {
			p.wrong = append(p.wrong, fmt.Sprintf("%s: %d numbers for %v and %v", k.Name, len(numbers), k.Operands, k.Params))
			continue
		}
		line := fmt.Sprintf("%s %v", k.Name, groups)
		for i, name := range k.Operands {
			segment := segments >> (4 * i) & 15
			at := uint64(numbers[i])
			if !Bytes[k.Name][name] {
				at *= 4
			}
			if int(segment) >= len(p.segments) || at >= uint64(len(p.segments[segment])) {
				p.wrong = append(p.wrong, fmt.Sprintf("%s: %s at byte %d of segment %d", k.Name, name, at, segment))
			}
			line += fmt.Sprintf(" %s=%d:%d", name, segment, at)
		}
		for i, name := range k.Params {
			n := numbers[len(k.Operands)+i]
			if Floats[name] {
				line += fmt.Sprintf(" %s=%g", name, math.Float32frombits(n))
			} else {
				line += fmt.Sprintf(" %s=%d", name, int32(n))
			}
		}
		for _, g := range groups {
			if g == 0 || g > p.limits.Groups {
				p.wrong = append(p.wrong, "groups: "+line)
			}
		}
		if kernel == kWrite {
			n := numbers[1]
			p.patch(segments&15, 4*numbers[0], commands[:n], numbers[3], numbers[4])
			commands = commands[n:]
			continue
		}
		p.lines = append(p.lines, line)
	}
}

// patch is the shader "write".
func (p *tape) patch(segment, at uint32, words []uint32, first, last uint32) {
	for i, w := range words {
		mask := ^uint32(0)
		if i == 0 {
			mask &= first
		}
		if i == len(words)-1 {
			mask &= last
		}
		for b := range uint32(4) {
			if mask>>(8*b)&1 != 0 {
				p.segments[segment][at+4*uint32(i)+b] = byte(w >> (8 * b))
			}
		}
	}
}

func (p *tape) Write(segment, at uint32, data []byte) {
	if at%4 != 0 || len(data)%4 != 0 {
		p.wrong = append(p.wrong, fmt.Sprintf("write of %d bytes at %d", len(data), at))
	}
	copy(p.segments[segment][at:], data)
}

func (p *tape) Grow(segment uint32, size uint64) {
	for int(segment) >= len(p.segments) {
		p.segments = append(p.segments, nil)
	}
	if size%4 != 0 || size > p.limits.Segment {
		p.wrong = append(p.wrong, fmt.Sprintf("segment of %d bytes", size))
	}
	p.segments[segment] = append(p.segments[segment], make([]byte, size-uint64(len(p.segments[segment])))...)
}

func (p *tape) Read(segment, at uint32, data []byte, done func(string)) {
	failure := p.failure
	if failure == "" {
		copy(data, p.segments[segment][at:])
	}
	go done(failure)
}

func newTape(segment uint64) (*Recorder, *tape) {
	p := &tape{limits: Limits{Segment: segment, Memory: 1 << 30, Groups: 65535}}
	return NewRecorder(p, p.limits), p
}

// Bytes come back as they were written, at every alignment and across segments.
func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, segment := range []uint64{1 << 30, 1 << 14} {
		r, p := newTape(segment)
		if err := r.Grow(40000); err != nil {
			t.Fatal(err)
		}
		want := make([]byte, 40000)
		for i, n := range []int{1, 2, 3, 4, 5, 63, 64, 65, 4095, 4096, 4097, 4099, 9000} {
			for skip := range 5 {
				at := 64 + skip + i*700
				data := bytes.Repeat([]byte{byte(1 + 5*i + skip)}, n)
				r.Write(uint32(at), data)
				copy(want[at:], data)
			}
		}
		have := make([]byte, 40000-64)
		if err := r.Read(64, have).Wait(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want[64:]) {
			t.Errorf("segments of %d bytes: other bytes came back", segment)
		}
		if len(p.wrong) > 0 {
			t.Error(p.wrong)
		}
	}
}

// Every case of the table records commands that a GPU accepts: known kernels, as many numbers
// as they take, operands inside of segments, workgroups within the limits.
func TestEveryCaseRecordsValidCommands(t *testing.T) {
	for _, segment := range []uint64{1 << 30, 1 << 22} {
		r, p := newTape(segment)
		seen := map[string]bool{}
		for _, c := range kerneltest.Cases() {
			kerneltest.Record(r, c)
			r.flush()
			if len(p.wrong) > 0 {
				t.Fatalf("%s %s: %s", c.Op, c.Name, p.wrong[0])
			}
			for _, line := range p.lines {
				seen[strings.Fields(line)[0]] = true
			}
			p.lines = nil
		}
		for _, k := range Kernels[1:] {
			if !seen[k.Name] {
				t.Errorf("no case runs the kernel %s", k.Name)
			}
		}
	}
}

// The commands of two layers and of attention, as text.
func TestCommandsOfALayer(t *testing.T) {
	r, p := newTape(1 << 20)
	if err := r.Grow(1 << 16); err != nil {
		t.Fatal(err)
	}
	r.LinearF32(64, 20, 1088, 33, 2112, 0, 64, 20, 40, 32, 20, kernels.GELU, 0.5)
	r.LinearQ8(64, 20, 1088, 32, 2112, 3136, 4160, 0, 0, 3, 32, 20, kernels.None, 0, 255, 5184)
	r.Attention(64, 8, 128, 8, 256, 512, 8, 5, 70, 2, 1, 4, 0.5, 1025, 0, 0, 2048, 90, -3, 70, 0)
	r.flush()
	want := []string{
		"linear_f32 [1 2 1] y=0:64 x=0:1088 w=0:2112 bias=0:0 res=0:64 ldy=20 ldx=33 ldres=20 m=40 k=32 n=20 act=2 alpha=0.5 flags=2",
		"quantize_x8 [3 1 1] q=0:5184 x=0:1088 ldx=32 m=3 k=32 levels=255",
		"few_q8 [5 1 1] y=0:64 x=0:5184 w=0:2112 bias=0:4160 res=0:0 ws=0:3136 ldy=20 ldx=0 ldres=0 m=3 k=32 n=20 act=0 alpha=0 flags=1",
		"attention [2 2 1] y=0:64 q=0:128 k=0:256 v=0:512 keep=0:1025 mask=0:0 rel=0:2048 ldy=8 ldq=8 ldkv=8 tq=5 tk=70 group=1 h=4 scale=0.5 ldmask=0 ldrel=90 relbase=-3 causal=70 flags=5",
	}
	if have := strings.Join(p.lines, "\n"); have != strings.Join(want, "\n") {
		t.Errorf("have\n%s\nwant\n%s", have, strings.Join(want, "\n"))
	}
}

// An object that is larger than a segment has no place, and Device says so.
func TestPlaceKeepsObjectsInOneSegment(t *testing.T) {
	r, _ := newTape(1 << 16)
	d := kernels.NewDevice(r)
	for range 40 {
		at := d.Alloc(5000)
		if at/(1<<16) != (at+5000+kernels.Alignment-1)/(1<<16) {
			t.Errorf("an object at %d straddles two segments", at)
		}
	}
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	d.Alloc(1 << 17)
	if err := d.Err(); !errors.Is(err, kernels.ErrMemory) {
		t.Errorf("error %v, want %v", err, kernels.ErrMemory)
	}
}

// What failed on the GPU is the error of the Read, of its kind.
func TestReadReportsWhatFailed(t *testing.T) {
	for failure, kind := range map[string]error{"lost: destroyed": kernels.ErrLost, "out of memory: memory 0": kernels.ErrMemory, "rms_norm: invalid": nil} {
		r, p := newTape(1 << 20)
		d := kernels.NewDevice(r)
		x := d.NewTensor(1, 4)
		p.failure = failure
		d.Get(make([]float32, 4), x)
		err := d.Err()
		if err == nil || kind != nil && !errors.Is(err, kind) || !strings.Contains(err.Error(), failure[len(failure)-7:]) {
			t.Errorf("%s: error %v, want %v", failure, err, kind)
		}
	}
}

// The commands of one operation take no memory of Go's heap.
func TestRecordingDoesNotAllocate(t *testing.T) {
	r := NewRecorder(nothing{}, Limits{Segment: 1 << 30, Memory: 1 << 31, Groups: 65535})
	if err := r.Grow(1 << 20); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() {
		r.LinearQ8(64, 20, 1088, 32, 2112, 3136, 4160, 0, 0, 3, 32, 20, kernels.None, 0, 255, 5184)
		r.LayerNorm(64, 64, 128, 256, 3, 20, 1e-5)
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// BenchmarkRecord is the time of Go for one command.
func BenchmarkRecord(b *testing.B) {
	r := NewRecorder(nothing{}, Limits{Segment: 1 << 30, Memory: 1 << 31, Groups: 65535})
	for b.Loop() {
		r.LinearF32(64, 20, 1088, 33, 2112, 0, 64, 20, 40, 32, 20, kernels.GELU, 0.5)
	}
}

// nothing is a Player that does nothing.
type nothing struct{}

func (nothing) Play([]uint32)                                 {}
func (nothing) Write(_, _ uint32, _ []byte)                   {}
func (nothing) Grow(uint32, uint64)                           {}
func (nothing) Read(_, _ uint32, _ []byte, done func(string)) { done("") }
