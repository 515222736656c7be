package thex

// Plain is a vector of weights that ciphertexts are multiplied by or added to.
type Plain struct {
	// Name is its own among those of a model.
	Name string
	// Fill writes its Slots values into a slice of zeros.
	Fill func(v []complex128)
}

// Machine computes on ciphertexts C of Slots complex numbers: with CKKS (package
// evaluator), on plain numbers with noise ([Simulator]), or not at all ([Counter]).
//
// Values at rest have the scale 2^LogScale, up to what a product of ciphertexts makes of
// it; the machine keeps exact scales, and chooses those of a Plain so that the result has
// the scale again. Operands of different levels meet at the lower one. A machine keeps
// its first error; later calls do nothing.
type Machine[C any] interface {
	// Level is how often c can still be rescaled.
	Level(c C) int
	// Drop is c at a level that is not higher.
	Drop(c C, level int) C
	// Rotate moves slot i+k to slot i. There is a key for k (see [Plan.Rotations]).
	Rotate(c C, k int) C
	// RotateEach is c rotated by each of 0 to n−1.
	RotateEach(c C, n int) []C
	// Conjugate is the complex conjugate of every slot.
	Conjugate(c C) C
	// TimesI multiplies by the imaginary unit. It takes no level.
	TimesI(c C) C
	Add(a, b C) C
	Sub(a, b C) C
	AddPlain(c C, p Plain) C
	// MulPlain is Σ cs[i]∘ps[i], not rescaled yet. All of cs have one level and scale.
	MulPlain(cs []C, ps []Plain) C
	// Rescale makes the scale of a product a value's again and takes one level.
	Rescale(c C) C
	// Mul is Σ a[i]∘b[i], relinearised and rescaled: one level lower.
	Mul(a, b []C) C
	// Hide adds a fresh random polynomial to c, which has level 0, and keeps it. Reveal
	// subtracts it from what the client made of the sum at a higher level.
	Hide(c C) C
	Reveal(c C) C
	// Err is the first error.
	Err() error
}
