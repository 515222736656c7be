package kernels

// Measure runs a function whose operations compute nothing, and returns how many bytes
// above those that are handed out now it had at most. What it would do to memory does not
// happen; what it was handed out is gone when Measure returns. What it reads from memory
// is zeros.
//
// Since it walks the same code with the same shapes, the number is that of a real run,
// unless shapes depend on results.
func (d *Device) Measure(run func() error) (uint64, error) {
	b, top, peak := d.b, d.top, d.peak
	if err := d.Err(); err != nil {
		return 0, err
	}
	d.b, d.peak = still{b}, d.top
	defer func() { d.b, d.top, d.peak = b, top, peak }()
	err := run()
	if e := d.Err(); e != nil {
		err = e
	}
	return d.peak - top, err
}

// still is a backend on which nothing happens. Its sizes are those of the one that it
// stands for; a test holds it against Backend, whose every operation it has to have.
type still struct{ Backend }

func (still) Size() uint64            { return MaxMemory }
func (still) Grow(uint64) error       { return nil }
func (still) Write(uint32, []byte)    {}
func (still) Read(_ uint32, p []byte) { clear(p) }

func (still) PackF32(_, _, _, _ uint32)         {}
func (still) PackQ8(_, _, _, _ uint32)          {}
func (still) PackQ4(_, _, _, _, _ uint32)       {}
func (still) QuantizeRows(_, _, _, _, _ uint32) {}
func (still) QuantizeQ4(_, _, _, _, _ uint32)   {}
func (still) WidenF16(_, _, _ uint32)           {}
func (still) WidenBF16(_, _, _ uint32)          {}
func (still) SHA256(_, _, _ uint32)             {}

func (still) EmbedF32(_, _, _, _, _ uint32, _ float32, _ uint32)                        {}
func (still) EmbedQ8(_, _, _, _, _, _ uint32, _ float32, _ uint32)                      {}
func (still) LinearF32(_, _, _, _, _, _, _, _, _, _, _ uint32, _ Activation, _ float32) {}
func (still) LinearQ8(_, _, _, _, _, _, _, _, _, _, _, _ uint32, _ Activation, _ float32, _, _ uint32) {
}
func (still) LinearQ4(_, _, _, _, _, _, _, _, _, _, _ uint32, _ Activation, _ float32, _, _ uint32) {}
func (still) LayerNorm(_, _, _, _, _, _ uint32, _ float32)                                          {}
func (still) RMSNorm(_, _, _, _, _ uint32, _ float32)                                               {}
func (still) Activate(_, _, _ uint32, _ Activation)                                                 {}
func (still) Add(_, _, _, _ uint32, _ float32)                                                      {}
func (still) Gate(_, _, _, _ uint32, _ Activation)                                                  {}
func (still) Attention(_, _, _, _, _, _, _, _, _, _, _, _ uint32, _ float32, _, _, _, _, _ uint32, _ int32, _, _ uint32) {
}
func (still) Rotate(_, _, _, _, _, _, _ uint32)          {}
func (still) RotateHalves(_, _, _, _, _, _, _, _ uint32) {}
func (still) MeanRows(_, _, _, _ uint32)                 {}
func (still) L2Normalize(_, _, _, _ uint32, _ float32)   {}
