package kernels

// Measure calls run on a backend that computes nothing, and returns the most device memory
// that run has allocated at a time, in bytes, beyond what was allocated before.
//
// Memory does not change and does not grow. What run allocates is released when Measure
// returns; what it reads is zeros. Because run walks the same code with the same shapes,
// the result is that of a real run, unless shapes depend on numbers that were computed.
func (d *Device) Measure(run func() error) (uint64, error) {
	if err := d.Err(); err != nil {
		return 0, err
	}
	b, top, peak := d.b, d.top, d.peak
	d.b, d.peak = &measurer{b}, d.top
	defer func() { d.b, d.top, d.peak = b, top, peak }()
	err := run()
	if e := d.Err(); e != nil {
		err = e
	}
	return d.peak - top, err
}

// measurer is a Backend that takes as much memory as another one and does nothing.
type measurer struct{ of Backend }

var _ Backend = (*measurer)(nil)

// Sizes, places and limits are those of the backend that is measured.

func (m *measurer) Name() string                           { return m.of.Name() }
func (m *measurer) Base() uint32                           { return m.of.Base() }
func (m *measurer) Place(from, n uint64) uint64            { return m.of.Place(from, n) }
func (m *measurer) PackedSize(t DType, n, k uint32) uint64 { return m.of.PackedSize(t, n, k) }
func (m *measurer) Levels(t DType, k uint32) uint32        { return m.of.Levels(t, k) }
func (m *measurer) LinearScratch(t DType, rows, k uint32) uint64 {
	return m.of.LinearScratch(t, rows, k)
}
func (m *measurer) AttentionScratch(tq, tk, h uint32) uint64 { return m.of.AttentionScratch(tq, tk, h) }

// The memory is as large as memory can be, and holds zeros.

func (m *measurer) Size() uint64         { return MaxMemory }
func (m *measurer) Grow(uint64) error    { return nil }
func (m *measurer) Write(uint32, []byte) {}
func (m *measurer) Read(_ uint32, p []byte) Pending {
	clear(p)
	return nil
}

// Loading and operations do nothing.

func (m *measurer) PackF32(_, _, _, _ uint32)                            {}
func (m *measurer) PackF16(_, _, _, _ uint32)                            {}
func (m *measurer) PackQ8(_, _, _, _ uint32)                             {}
func (m *measurer) PackQ4(_, _, _, _, _ uint32)                          {}
func (m *measurer) QuantizeRows(_, _, _, _, _ uint32)                    {}
func (m *measurer) QuantizeQ4(_, _, _, _, _ uint32)                      {}
func (m *measurer) WidenF16(_, _, _ uint32)                              {}
func (m *measurer) WidenBF16(_, _, _ uint32)                             {}
func (m *measurer) NarrowF16(_, _, _, _ uint32)                          {}
func (m *measurer) SHA256(_, _, _ uint32)                                {}
func (m *measurer) EmbedF32(_, _, _, _, _ uint32, _ float32, _ uint32)   {}
func (m *measurer) EmbedF16(_, _, _, _, _ uint32, _ float32, _ uint32)   {}
func (m *measurer) EmbedQ8(_, _, _, _, _, _ uint32, _ float32, _ uint32) {}
func (m *measurer) LayerNorm(_, _, _, _, _, _ uint32, _ float32)         {}
func (m *measurer) RMSNorm(_, _, _, _, _ uint32, _ float32)              {}
func (m *measurer) L2Normalize(_, _, _, _ uint32, _ float32)             {}
func (m *measurer) MeanRows(_, _, _, _ uint32)                           {}
func (m *measurer) Activate(_, _, _ uint32, _ Activation)                {}
func (m *measurer) Add(_, _, _, _ uint32, _ float32)                     {}
func (m *measurer) ScanQ8(_, _, _, _, _, _, _ uint32)                    {}
func (m *measurer) TopK(_, _, _, _, _, _, _ uint32)                      {}
func (m *measurer) Gate(_, _, _, _ uint32, _ Activation)                 {}
func (m *measurer) Rotate(_, _, _, _, _, _, _ uint32)                    {}
func (m *measurer) RotateHalves(_, _, _, _, _, _, _, _ uint32)           {}
func (m *measurer) LinearF32(_, _, _, _, _, _, _, _, _, _, _ uint32, _ Activation, _ float32) {
}
func (m *measurer) LinearF16(_, _, _, _, _, _, _, _, _, _, _ uint32, _ Activation, _ float32, _ uint32) {
}
func (m *measurer) LinearQ8(_, _, _, _, _, _, _, _, _, _, _, _ uint32, _ Activation, _ float32, _, _ uint32) {
}
func (m *measurer) LinearQ4(_, _, _, _, _, _, _, _, _, _, _ uint32, _ Activation, _ float32, _, _ uint32) {
}
func (m *measurer) Attention(_, _, _, _, _, _, _, _, _, _, _, _ uint32, _ float32, _, _, _, _, _ uint32, _ int32, _, _ uint32) {
}
