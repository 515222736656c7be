package tokenizer

// progress is the state of one call: whether the caller wants it to end.
type progress struct {
	check func() error // nil: nobody asks
	work  int          // bytes since check was called
	err   error        // what ends the call
	most  int          // bytes of text that normalisation may make
	steps int          // of regular expressions that are left
}

// pollEvery is the work between calls of Options.Poll, in bytes of text: a millisecond or so.
const pollEvery = 16 << 10

// poll counts n bytes of work and reports what ends the call, if anything.
func (p *progress) poll(n int) error {
	if p == nil {
		return nil
	}
	if p.work += n; p.work >= pollEvery && p.err == nil {
		p.ask()
	}
	return p.err
}

//go:noinline
func (p *progress) ask() {
	p.work = 0
	if p.check != nil {
		p.err = p.check()
	}
}

// fail ends the call; the first error counts.
//
//go:noinline
func (p *progress) fail(err error) {
	if p != nil && p.err == nil {
		p.err = err
	}
}
