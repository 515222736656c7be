package quant

import (
	"errors"
	"slices"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

const member = "quantization_config"

// Config is what a quantization_config leaves open once the scheme is known to be ours.
type Config struct {
	Targets []string // kinds of modules that are quantised, as "Linear"
	Ignore  []string // modules that are not, although they are targets
}

// ReadConfig finds quantization_config in the text of a config.json and checks that it
// says compressed-tensors, int-quantized, 8-bit symmetric integers with one scale per
// channel, and activations that are dynamic per token or not quantised. It is nil if
// config.json has none.
//
// Another scheme is [ErrUnsupported] and named; so is any member that is not known,
// because it might change what the numbers mean. Malformed text is [ErrConfig].
func ReadConfig(configJSON []byte) (*Config, error) {
	var raw []byte
	d := strictjson.NewDecoder(configJSON)
	err := d.Object(func(key string) (err error) {
		switch key {
		case member:
			if d.Peek() == strictjson.Null {
				return d.Null()
			}
			raw, err = d.Raw()
			return err
		case "compression_config":
			return refuse(ErrUnsupported, "config.json: compression_config is an old name; expected %s", member)
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, asConfig(err)
	}
	if raw == nil {
		return nil, nil
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
		return refuse(ErrUnsupported, "config.json: %s: quant_method %q is not supported; supported: \"compressed-tensors\"", member, clip(method))
	}
	return err
}

// reader reads members of fixed value, naming their path in errors.
type reader struct{ *strictjson.Decoder }

func (r reader) text(path string, want ...string) error {
	s, err := r.String()
	if err == nil && !slices.Contains(want, s) {
		return refuse(ErrUnsupported, "config.json: %s.%s %q is not supported; supported: %q", member, path, clip(s), want)
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
	return refuse(ErrUnsupported, "config.json: %s.%s is not known, and might change what the weights mean", member, clip(path))
}

func (r reader) list(out *[]string) error {
	return r.Array(func(int) error {
		s, err := r.String()
		*out = append(*out, s)
		return err
	})
}

func readScheme(raw []byte) (*Config, error) {
	c := &Config{}
	r := reader{strictjson.NewDecoder(raw)}
	groups, format := 0, false
	err := r.Object(func(key string) error {
		switch key {
		case "quant_method":
			return r.Skip()
		case "format":
			format = true
			return r.text("format", "int-quantized")
		case "quantization_status":
			return r.text("quantization_status", "compressed")
		case "ignore":
			if r.Peek() == strictjson.Null {
				return r.Null()
			}
			return r.list(&c.Ignore)
		case "config_groups":
			return r.Object(func(name string) error {
				groups++
				return r.group(c, "config_groups."+name)
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
	case groups == 0:
		return nil, refuse(ErrConfig, "config.json: %s has no config_groups", member)
	case !format:
		return nil, refuse(ErrConfig, "config.json: %s has no format, expected \"int-quantized\"", member)
	}
	return c, nil
}

func (r reader) group(c *Config, path string) error {
	weights := false
	err := r.Object(func(key string) error {
		path := path + "." + key
		switch key {
		case "targets":
			return r.list(&c.Targets)
		case "weights":
			weights = true
			return r.scheme(path, "channel", false)
		case "input_activations":
			if r.Peek() == strictjson.Null {
				return r.Null()
			}
			return r.scheme(path, "token", true)
		case "output_activations":
			return r.nothing(path)
		case "format":
			if r.Peek() == strictjson.Null {
				return r.Null()
			}
			return r.text(path, "int-quantized")
		}
		return r.unknown(path)
	})
	if err == nil && !weights {
		err = refuse(ErrConfig, "config.json: %s.%s has no weights", member, path)
	}
	return err
}

// scheme reads the arguments of one quantisation. dynamic says when its scales are found.
func (r reader) scheme(path, strategy string, dynamic bool) error {
	need := map[string]bool{"num_bits": true, "type": true, "symmetric": true, "strategy": true}
	if dynamic {
		need["dynamic"] = true // it defaults to false
	}
	err := r.Object(func(key string) error {
		delete(need, key)
		path := path + "." + key
		switch key {
		case "num_bits":
			n, err := r.Int()
			if err == nil && n != 8 {
				err = refuse(ErrUnsupported, "config.json: %s.%s is %d; supported: 8", member, path, n)
			}
			return err
		case "type":
			return r.text(path, "int")
		case "symmetric":
			return r.flag(path, true)
		case "strategy":
			return r.text(path, strategy)
		case "dynamic":
			return r.flag(path, dynamic)
		case "group_size", "block_structure", "actorder", "zp_dtype":
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
