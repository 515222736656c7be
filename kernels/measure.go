package kernels

// Measure runs a function whose operations compute nothing, and returns how many bytes
// above those that are handed out now it had at most. What it would do to memory does not
// happen; what it was handed out is gone when Measure returns. What it reads from memory
// is zeros.
//
// Since it walks the same code with the same shapes, the number is that of a real run,
// unless shapes depend on results.
func (d *Device) Measure(run func() error) (uint64, error) {
	still, top, peak := d.still, d.top, d.peak
	if err := d.Err(); err != nil {
		return 0, err
	}
	d.still, d.peak = true, d.top
	defer func() { d.still, d.top, d.peak = still, top, peak }()
	err := run()
	if e := d.Err(); e != nil {
		err = e
	}
	return d.peak - top, err
}
