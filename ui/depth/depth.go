package depth

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// MaxLayers is the largest number of layers.
const MaxLayers = 1000

// Growth is what depth does in one stack: each list has an element for the embedding and one for each layer.
type Growth struct {
	States, Moved, Expected []float32
	Bound                   []float32 // nil where DeepNet's theorem says nothing
	Alpha, Gain             float64
	Parameters              int
	Took                    time.Duration
}

// Runner runs a stack of seeded weights.
type Runner interface {
	Run(ctx context.Context, scheme string, layers int, seed int64) (*Growth, error)
}

// Scheme is a place of LayerNorm.
type Scheme struct{ Key, Name, Class string }

// Schemes are the four, in the order in which they are run.
var Schemes = []Scheme{{"postln", "Post-LN", "s0"}, {"preln", "Pre-LN", "s1"}, {"subln", "Sub-LN", "s2"}, {"deepnorm", "DeepNorm", "s3"}}

// The ids of the boxes.
const (
	LayersBox = "depth-layers"
	NumberBox = "depth-number"
	SeedBox   = "depth-seed"
)

// Depth is the state of the view. All methods may be called from any goroutine.
type Depth struct {
	host   host.Host
	runner Runner
	runs   *host.Latest[order]

	mu      sync.Mutex
	layers  int
	place   int // of the slider
	seed    int64
	started bool // the reader has asked for a run
	running string
	ran     order
	found   map[string]*Growth
	failure *host.Failure
}

type order struct {
	layers int
	seed   int64
}

// New returns the view, which runs nothing before Start.
func New(h host.Host, r Runner) *Depth {
	d := &Depth{host: h, runner: r, layers: 100, place: placeOf(100), seed: 1, found: map[string]*Growth{}}
	d.runs = host.NewLatest(d.run)
	return d
}

// SetLayers takes the number of layers as it is typed or set by the slider, whose steps are those of place.
func (d *Depth) SetLayers(text string) {
	d.set(text, func(n float64) { d.layers = int(min(max(n, 1), MaxLayers)); d.place = placeOf(d.layers) })
}

// SetPlace takes the place of the slider, 0 to 100.
func (d *Depth) SetPlace(text string) {
	d.set(text, func(p float64) { d.place = int(min(max(p, 0), 100)); d.layers = layersAt(float64(d.place)) })
}

// SetSeed takes the seed.
func (d *Depth) SetSeed(text string) {
	d.set(text, func(n float64) { d.seed = int64(min(max(n, 1), 1<<31-1)) })
}

// set changes an option, and runs again if anything has run. A text that is no number changes nothing.
func (d *Depth) set(text string, change func(float64)) {
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(n) {
		return
	}
	d.mu.Lock()
	change(n)
	again := d.started
	o := order{d.layers, d.seed}
	d.mu.Unlock()
	d.host.Redraw()
	if again {
		d.runs.Submit(o)
	}
}

// layersAt and placeOf make the slider logarithmic: 0 is one layer, 100 a thousand.
func layersAt(place float64) int {
	return int(math.Round(math.Pow(MaxLayers, min(max(place, 0), 100)/100)))
}

func placeOf(layers int) int {
	return int(math.Round(100 * math.Log(float64(layers)) / math.Log(MaxLayers)))
}

// Press is the button: it runs the stacks, or stops them.
func (d *Depth) Press() {
	d.mu.Lock()
	if d.running != "" {
		d.mu.Unlock()
		d.runs.Cancel()
		d.host.Say("Stopped.")
		return
	}
	d.started = true
	o := order{d.layers, d.seed}
	d.mu.Unlock()
	d.runs.Submit(o)
}

// run runs the four stacks, one after the other, and shows each as it comes.
func (d *Depth) run(ctx context.Context, o order) {
	d.update(func() { d.failure, d.found, d.ran, d.running = nil, map[string]*Growth{}, o, Schemes[0].Name })
	var err error
	for _, s := range Schemes {
		d.update(func() { d.running = s.Name })
		var g *Growth
		err = host.Try(func() (err error) {
			g, err = d.runner.Run(ctx, s.Key, o.layers, o.seed)
			return err
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			break
		}
		d.update(func() { d.found[s.Key] = g })
	}
	said := ""
	d.update(func() {
		d.running = ""
		switch {
		case err == nil:
			said = d.sentence()
		case !host.Canceled(err):
			d.failure = host.FailureOf("The stacks could not be run", err)
			said = d.failure.Sentence()
		}
	})
	if said != "" {
		d.host.Announce(said)
	}
}

func (d *Depth) update(change func()) {
	d.mu.Lock()
	change()
	d.mu.Unlock()
	d.host.Redraw()
}

// sentence is the result for screen readers. The caller holds d.mu.
func (d *Depth) sentence() string {
	var parts []string
	for _, s := range Schemes {
		if g := d.found[s.Key]; g != nil {
			parts = append(parts, fmt.Sprintf("%s moved by %s", s.Name, three(float64(last(g.Moved)))))
		}
	}
	return fmt.Sprintf("After %s: %s.", format.Count(d.ran.layers, "layer", "layers"), strings.Join(parts, ", "))
}

func last(v []float32) float32 {
	if len(v) == 0 {
		return 0
	}
	return v[len(v)-1]
}

// three writes x with three significant digits.
func three(x float64) string {
	if x != 0 && (math.Abs(x) < 0.001 || math.Abs(x) >= 1e5) {
		return strconv.FormatFloat(x, 'e', 1, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}
