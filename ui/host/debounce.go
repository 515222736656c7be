package host

import (
	"sync"
	"time"
)

// Debounce calls a function once no newer call has been requested for a while. The zero Debounce is ready to use.
type Debounce struct {
	mu    sync.Mutex
	timer *time.Timer
}

// After calls f in a goroutine of its own once wait has passed, unless After or Stop is called before.
func (d *Debounce) After(wait time.Duration, f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer = time.AfterFunc(wait, f)
}

// Stop drops the call that waits, if there is one.
func (d *Debounce) Stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
}
