package host

import "sync"

// Copier is the state behind a "Copy" button.
type Copier struct {
	host Host
	what string

	mu     sync.Mutex
	copied bool
	count  int // of requests and resets: an answer to an older one is dropped
}

// NewCopier returns the state of a button that was not pressed. what names the text in messages: "the translation".
func NewCopier(h Host, what string) *Copier { return &Copier{host: h, what: what} }

// Copy puts text on the clipboard and tells screen readers the outcome. It returns at once.
func (c *Copier) Copy(text string) {
	c.mu.Lock()
	c.copied = false
	c.count++
	mine := c.count
	c.mu.Unlock()
	go func() {
		err := Try(func() error { return c.host.Copy(text) })
		c.mu.Lock()
		c.copied = err == nil && c.count == mine
		c.mu.Unlock()
		c.host.Redraw()
		if err != nil {
			c.host.Say(capital(c.what) + " could not be copied: " + err.Error())
		} else {
			c.host.Say("Copied.")
		}
	}()
}

// Reset forgets that the text was copied, because there is another text now.
func (c *Copier) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.copied = false
	c.count++
}

// Verb is the button's text: idle, or "Copied" once the text is on the clipboard.
func (c *Copier) Verb(idle string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.copied {
		return "Copied"
	}
	return idle
}
