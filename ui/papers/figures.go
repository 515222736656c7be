package papers

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/ui/depth"
)

// depthFigure is the loss of both stacks on stories that they did not see.
func depthFigure() string {
	c, err := depth.Trained()
	if err != nil {
		return "the curves cannot be read"
	}
	loss := func(norm string) string {
		if r := c.Of(norm); r != nil && r.HeldOut != nil {
			return fmt.Sprintf("%.2f", *r.HeldOut)
		}
		return "no number"
	}
	return fmt.Sprintf("%s nats a byte with DeepNorm and %s with Post-LN, %d layers of width %d after %.1f minutes of one processor; bytes alone have %.2f",
		loss("deepnorm"), loss("postln"), c.Layers, c.Width, c.Minutes, c.Alone)
}
