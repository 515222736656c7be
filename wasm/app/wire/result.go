package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/host"
)

// ErrResult is the kind of every error about a result that does not have its form.
var ErrResult = errors.New("unexpected result")

func decode(what, text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("%w of %s: %w", ErrResult, what, err)
	}
	return nil
}

// Error is an error of JavaScript: its code and its message if it has both as strings, as a LodestoneError has.
func Error(code, message string) *host.EngineError {
	e := &host.EngineError{Code: "internal", Message: "the engine failed without a reason"}
	if message != "" {
		e.Message = message
	}
	if code != "" {
		e.Code = code
	}
	return e
}

// Duration is a number of milliseconds. What is no finite positive number is 0.
func Duration(milliseconds float64) time.Duration {
	if !(milliseconds > 0) || milliseconds > math.MaxInt32 {
		return 0
	}
	return time.Duration(milliseconds * float64(time.Millisecond))
}
