package host

import "context"

// Host is the page that a view runs in. All methods may be called from any goroutine. None blocks, except Copy, Fetch and Pause.
type Host interface {
	// Redraw asks for a render, because the state has changed. Many calls in a short time cause one render.
	Redraw()
	// Announce tells screen readers a sentence after a short pause. A newer sentence replaces one that still waits, so that
	// typing is not interrupted.
	Announce(text string)
	// Say tells screen readers a sentence at once.
	Say(text string)
	// Guard runs f. If f panics, the page shows the fault and continues. what names the work in the message.
	Guard(what string, f func())
	// Pause lets the browser paint and handle input. Long computations call it every few milliseconds.
	Pause()

	// Copy puts text on the clipboard.
	Copy(text string) error
	// Fetch returns a text file of this site; path is relative to the page.
	Fetch(ctx context.Context, path string) (string, error)
	// Store keeps a text under a name on this device, "" removes it. It is an error if the browser has no room, or keeps nothing.
	Store(name, text string) error
	// Stored returns what Store has kept, "" if there is nothing.
	Stored(name string) string
	// PickFiles opens the browser's file dialog and calls take with the files that the reader chose.
	PickFiles(take func([]File))

	// MoveFocus moves the keyboard focus to the element with the id to, if the focus is at from or from is empty.
	MoveFocus(from, to string)
	// Navigate sets the fragment of the page's address and adds an entry to the history.
	Navigate(hash string)
	// Replace sets the fragment of the page's address without an entry in the history.
	Replace(hash string)
	// Link returns the page's address with another fragment.
	Link(hash string) string
}

// File is a file that the reader chose or dropped. Read may block.
type File struct {
	Name string
	Size int64 // bytes
	Read func() ([]byte, error)
}
