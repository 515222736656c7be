package quant

import (
	"errors"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"slices"
	"strconv"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

const member = "quantization_config"

// Config is what a quantization_config leaves open once the scheme is known to be ours.
type Config struct {
	Targets []string // modules that are quantised to 8 bits, by kind, as "Linear", or by name
	FourBit []string // those that are quantised to 4 bits
	Ignore  []string // modules that are not, although they are targets
}

// The formats of compressed-tensors that are read, and the one whose groups have their own.
const (
	eightBits = "int-quantized"
	fourBits  = "pack-quantized"
	mixed     = "mixed-precision"
)

// ReadConfig is [ConfigOf] of the text of a config.json.
func ReadConfig(configJSON []byte) (*Config, error) {
	doc, err := strictjson.ReadDocument(configJSON)
	if err != nil {
		return nil, asConfig(err)
	}
	return ConfigOf(doc)
}

// ConfigOf finds quantization_config in a config.json and checks that it
// says compressed-tensors, symmetric integers, and activations that are dynamic per token
// or not quantised; and of each group of modules either int-quantized, 8 bits, one scale
// per channel, or pack-quantized, 4 bits, one scale per channel or per group of a multiple
// of 32 weights. It is nil if config.json has none.
//
// Another scheme is [ErrUnsupported] and named; so is any member that is not known,
// because it might change what the numbers mean. Malformed text is [ErrConfig].
func ConfigOf(doc *strictjson.Document) (*Config, error) {
	if _, ok := doc.Member("compression_config"); ok {
		return nil, refuse(ErrUnsupported, "config.json: compression_config is an old name; expected %s", member)
	}
	v, ok := doc.Member(member)
	if !ok || v.Peek() == strictjson.Null {
		return nil, nil
	}
	raw, err := v.Raw()
	if err != nil {
		return nil, asConfig(err)
	}
	if err := checkMethod(raw); err != nil {
		return nil, asConfig(err)
	}
	c, err := readScheme(raw)
	if err != nil {
		return nil, asConfig(err)
	}
	return c, nil
}

// asConfig makes an error of the JSON reader one of ours.
func asConfig(err error) error {
	if errors.Is(err, strictjson.ErrSyntax) {
		return refuse(ErrConfig, "config.json: %v", err)
	}
	return err
}

// checkMethod comes first, so that bitsandbytes or gptq are refused by that name and
// not by their first unknown member.
func checkMethod(raw []byte) error {
	method := ""
	d := strictjson.NewDecoder(raw)
	err := d.Object(func(key string) (err error) {
		if key != "quant_method" {
			return d.Skip()
		}
		method, err = d.String()
		return err
	})
	if err == nil && method != "compressed-tensors" {
		return refuse(ErrUnsupported, "config.json: %s: quant_method %q is not supported; supported: \"compressed-tensors\"", member, lean.Clip(method))
	}
	return err
}

// reader reads members of fixed value, naming their path in errors.
type reader struct{ *strictjson.Decoder }

func (r reader) text(path string, want ...string) error {
	s, err := r.String()
	if err == nil && !slices.Contains(want, s) {
		return refuse(ErrUnsupported, "config.json: %s.%s %q is not supported; supported: %q", member, path, lean.Clip(s), want)
	}
	return err
}

func (r reader) flag(path string, want bool) error {
	b, err := r.Bool()
	if err == nil && b != want {
		return refuse(ErrUnsupported, "config.json: %s.%s is %v; supported: %v", member, path, b, want)
	}
	return err
}

// nothing accepts null, false, {} and [].
func (r reader) nothing(path string) error {
	some := false
	var err error
	switch r.Peek() {
	case strictjson.Null:
		return r.Null()
	case strictjson.Bool:
		some, err = r.Bool()
	case strictjson.Object:
		err = r.Object(func(string) error { some = true; return r.Skip() })
	case strictjson.Array:
		err = r.Array(func(int) error { some = true; return r.Skip() })
	default:
		some, err = true, r.Skip()
	}
	if err == nil && some {
		return refuse(ErrUnsupported, "config.json: %s.%s is not supported; supported: null", member, path)
	}
	return err
}

func (r reader) unknown(path string) error {
	return refuse(ErrUnsupported, "config.json: %s.%s is not known, and might change what the weights mean", member, lean.Clip(path))
}

func (r reader) list(out *[]string) error {
	return r.Array(func(int) error {
		s, err := r.String()
		*out = append(*out, s)
		return err
	})
}

// scheme is what a group of modules says of its weights.
type scheme struct {
	path, format string // where it stands; empty format: as the whole
	targets      []string
	bits, group  int64 // group is 0 for one scale per channel
	strategy     string
	order        string
}

func readScheme(raw []byte) (*Config, error) {
	c := &Config{}
	r := reader{strictjson.NewDecoder(raw)}
	format := ""
	var groups []scheme
	err := r.Object(func(key string) (err error) {
		switch key {
		case "quant_method":
			return r.Skip()
		case "format":
			format, err = r.String()
			return err
		case "quantization_status":
			return r.text("quantization_status", "compressed")
		case "ignore":
			if r.Peek() == strictjson.Null {
				return r.Null()
			}
			return r.list(&c.Ignore)
		case "config_groups":
			return r.Object(func(name string) error {
				g := scheme{path: "config_groups." + name}
				err := r.group(&g)
				groups = append(groups, g)
				return err
			})
		case "kv_cache_scheme", "sparsity_config", "transform_config":
			return r.nothing(key)
		case "global_compression_ratio", "version":
			return r.Skip() // a remark, not a rule
		}
		return r.unknown(key)
	})
	switch {
	case err != nil:
		return nil, err
	case len(groups) == 0:
		return nil, refuse(ErrConfig, "config.json: %s has no config_groups", member)
	case format == "":
		return nil, refuse(ErrConfig, "config.json: %s has no format, expected %q or %q", member, eightBits, fourBits)
	case format != eightBits && format != fourBits && format != mixed:
		return nil, refuse(ErrUnsupported, "config.json: %s.format %q is not supported; supported: %q", member, lean.Clip(format), []string{eightBits, fourBits, mixed})
	}
	for _, g := range groups {
		if g.format == "" {
			g.format = format
		}
		if format != mixed && g.format != format && (g.format == eightBits || g.format == fourBits) {
			return nil, refuse(ErrUnsupported, "config.json: %s.format %q is not %q, which %s says; expected %q for both together", member, format, g.format, lean.Clip(g.path), mixed)
		}
		if err := g.check(); err != nil {
			return nil, err
		}
		if g.format == fourBits {
			c.FourBit = append(c.FourBit, g.targets...)
		} else {
			c.Targets = append(c.Targets, g.targets...)
		}
	}
	return c, nil
}

// check tells whether the weights of a group are of one of the two schemes.
func (g *scheme) check() error {
	bad := func(key, is, want string) error {
		return refuse(ErrUnsupported, "config.json: %s.%s.weights.%s is %s; supported with format %q: %s", member, lean.Clip(g.path), key, lean.Clip(is), g.format, want)
	}
	bits, group := strconv.FormatInt(g.bits, 10), strconv.FormatInt(g.group, 10)
	if g.format == fourBits {
		switch {
		case g.bits != 4:
			return bad("num_bits", bits, "4")
		case g.strategy == "channel" && g.group != 0, g.strategy == "group" && (g.group <= 0 || g.group%Block != 0):
			return bad("group_size", group, "a multiple of 32")
		case g.strategy != "group" && g.strategy != "channel":
			return refuse(ErrUnsupported, "config.json: %s.%s.weights.strategy %q is not supported; supported: %q", member, lean.Clip(g.path), lean.Clip(g.strategy), []string{"group", "channel"})
		case g.order != "" && g.order != "weight" && g.order != "static":
			return bad("actorder", g.order, "null, weight, static")
		}
		return nil
	}
	switch {
	case g.format != eightBits:
		return refuse(ErrUnsupported, "config.json: %s.%s.format %q is not supported; supported: %q", member, lean.Clip(g.path), lean.Clip(g.format), []string{eightBits, fourBits})
	case g.bits != 8:
		return bad("num_bits", bits, "8")
	case g.strategy != "channel":
		return refuse(ErrUnsupported, "config.json: %s.%s.weights.strategy %q is not supported; supported: %q", member, lean.Clip(g.path), lean.Clip(g.strategy), []string{"channel"})
	case g.group != 0:
		return bad("group_size", group, "null")
	case g.order != "":
		return bad("actorder", g.order, "null")
	}
	return nil
}

func (r reader) group(g *scheme) error {
	weights := false
	err := r.Object(func(key string) (err error) {
		path := g.path + "." + key
		switch key {
		case "targets":
			return r.list(&g.targets)
		case "weights":
			weights = true
			return r.scheme(path, g)
		case "input_activations":
			if r.Peek() == strictjson.Null {
				return r.Null()
			}
			return r.scheme(path, nil)
		case "output_activations":
			return r.nothing(path)
		case "format":
			if r.Peek() == strictjson.Null {
				return r.Null()
			}
			g.format, err = r.String()
			return err
		}
		return r.unknown(path)
	})
	if err == nil && !weights {
		err = refuse(ErrConfig, "config.json: %s.%s has no weights", member, g.path)
	}
	return err
}

// scheme reads the arguments of one quantisation: those of weights into g, whose scales
// are stored, or those of activations, g nil, whose scales are found while running.
func (r reader) scheme(path string, g *scheme) error {
	need := map[string]bool{"num_bits": true, "type": true, "symmetric": true, "strategy": true}
	if g == nil {
		need["dynamic"] = true // it defaults to false
	}
	err := r.Object(func(key string) (err error) {
		delete(need, key)
		path := path + "." + key
		switch key {
		case "num_bits":
			n, err := r.Int()
			if err == nil && g == nil && n != 8 {
				err = refuse(ErrUnsupported, "config.json: %s.%s is %d; supported: 8", member, path, n)
			}
			if g != nil {
				g.bits = n
			}
			return err
		case "type":
			return r.text(path, "int")
		case "symmetric":
			return r.flag(path, true)
		case "strategy":
			if g == nil {
				return r.text(path, "token")
			}
			g.strategy, err = r.String()
			return err
		case "dynamic":
			return r.flag(path, g == nil)
		case "group_size":
			if g == nil || r.Peek() == strictjson.Null {
				return r.nothing(path)
			}
			g.group, err = r.Int()
			return err
		case "actorder":
			if g == nil || r.Peek() != strictjson.String {
				return r.nothing(path)
			}
			g.order, err = r.String()
			return err
		case "block_structure", "zp_dtype":
			return r.nothing(path)
		case "observer", "observer_kwargs", "scale_dtype":
			return r.Skip() // how the scales were found, and their type, which the tensors state
		}
		return r.unknown(path)
	})
	for _, key := range []string{"num_bits", "type", "symmetric", "strategy", "dynamic"} {
		if err == nil && need[key] {
			err = refuse(ErrConfig, "config.json: %s.%s has no %s", member, path, key)
		}
	}
	return err
}
