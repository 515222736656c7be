package tokenizer

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// component is a section of tokenizer.json whose "type" says what it is.
type component struct {
	section, kind string
	raw           []byte
}

// parseOptional reads a component or null, which gives T's zero value.
func parseOptional[T any](d *strictjson.Decoder, section string, parse func(*component) (T, error)) (out T, err error) {
	if d.Peek() == strictjson.Null {
		return out, d.Null()
	}
	c := component{section: section}
	if c.raw, err = d.Raw(); err != nil {
		return out, err
	}
	inner := strictjson.NewDecoder(c.raw)
	err = inner.Object(func(key string) (err error) {
		if key == "type" {
			c.kind, err = inner.String()
			return err
		}
		return inner.Skip()
	})
	if err != nil {
		return out, err
	}
	return parse(&c)
}

// fields reads the members of the component other than "type". member must consume
// the values of the keys it knows and answer known=false for others, which are refused.
func (c *component) fields(member func(d *strictjson.Decoder, key string) (known bool, err error)) error {
	d := strictjson.NewDecoder(c.raw)
	return d.Object(func(key string) error {
		if key == "type" {
			return d.Skip()
		}
		known, err := member(d, key)
		if err == nil && !known {
			err = lean.Errorf("%w: tokenizer: %s: field %q of %s is not supported", ErrUnsupported, c.section, clip(key), c.kind)
		}
		return err
	})
}

// none is for components without fields.
func none(*strictjson.Decoder, string) (bool, error) { return false, nil }

// list reads an array of components of the same section.
func list[T any](d *strictjson.Decoder, section string, parse func(*component) (T, error)) (out []T, err error) {
	err = d.Array(func(int) error {
		if k := d.Peek(); k != strictjson.Object {
			return invalid("tokenizer: %s: found %v in a Sequence, expected an object", section, k)
		}
		x, err := parseOptional(d, section, parse)
		out = append(out, x)
		return err
	})
	return out, err
}

// kindOf makes an error of the JSON reader an ErrInvalid.
func kindOf(err error) error {
	if errors.Is(err, ErrInvalid) || errors.Is(err, ErrUnsupported) {
		return err
	}
	return invalid("tokenizer: tokenizer.json: %w", err)
}

func parseNormalizer(c *component) (normalizer, error) {
	switch c.kind {
	case "NFC":
		return unicodeForm{compose: true}, c.fields(none)
	case "NFKC":
		return unicodeForm{compatible: true, compose: true}, c.fields(none)
	case "NFD":
		return unicodeForm{}, c.fields(none)
	case "NFKD":
		return unicodeForm{compatible: true}, c.fields(none)
	case "Lowercase":
		return lowercase{}, c.fields(none)
	case "BertNormalizer":
		return parseBertNormalizer(c)
	case "Replace":
		return parseReplace(c)
	case "Prepend":
		var p string
		err := c.fields(func(d *strictjson.Decoder, key string) (bool, error) {
			if key != "prepend" {
				return false, nil
			}
			var err error
			p, err = d.String()
			return true, err
		})
		return prepend(p), err
	case "Sequence":
		var all normalizers
		err := c.fields(func(d *strictjson.Decoder, key string) (bool, error) {
			if key != "normalizers" {
				return false, nil
			}
			var err error
			all, err = list(d, c.section, parseNormalizer)
			return true, err
		})
		return all, err
	}
	return nil, unsupported("normalizer", c.kind, "NFC, NFKC, NFD, NFKD, Lowercase, BertNormalizer, Replace, Prepend, Sequence")
}

// parseReplace reads {"pattern": {"String": …}, "content": …}.
func parseReplace(c *component) (replace, error) {
	var r replace
	err := c.fields(func(d *strictjson.Decoder, key string) (known bool, err error) {
		switch key {
		case "content":
			r.content, err = d.String()
		case "pattern":
			err = d.Object(func(kind string) (err error) {
				if kind != "String" {
					return unsupported("Replace pattern", kind, "String")
				}
				r.pattern, err = d.String()
				return err
			})
		default:
			return false, nil
		}
		return true, err
	})
	if err == nil && r.pattern == "" {
		err = invalid("tokenizer: %s: Replace has no pattern", c.section)
	}
	return r, err
}

func parsePreTokenizer(c *component) (preTokenizer, error) {
	switch c.kind {
	case "Metaspace":
		return parseMetaspace(c)
	case "BertPreTokenizer":
		return bertPreTokenizer{}, c.fields(none)
	case "ByteLevel":
		return parseByteLevel(c)
	case "Digits":
		var x digits
		_, _, err := c.bools([]string{"individual_digits"}, []*bool{&x.individual}, "")
		return x, err
	case "Sequence":
		var all preTokenizers
		err := c.fields(func(d *strictjson.Decoder, key string) (bool, error) {
			if key != "pretokenizers" {
				return false, nil
			}
			var err error
			all, err = list(d, c.section, parsePreTokenizer)
			return true, err
		})
		return all, err
	}
	return nil, unsupported("pre-tokenizer", c.kind, "Metaspace, BertPreTokenizer, ByteLevel, Digits, Sequence")
}

// parseMetaspace reads both the present fields and those of files before 0.15:
// add_prefix_space for prepend_scheme, and str_rep, which repeats replacement.
func parseMetaspace(c *component) (metaspace, error) {
	m := metaspace{scheme: prependAlways, split: true}
	prefix, scheme := true, "always"
	err := c.fields(func(d *strictjson.Decoder, key string) (known bool, err error) {
		switch key {
		case "replacement":
			m.replacement, err = parseRune(d, "Metaspace: replacement")
		case "add_prefix_space":
			prefix, err = d.Bool()
		case "prepend_scheme":
			scheme, err = d.String()
		case "split":
			m.split, err = d.Bool()
		case "str_rep":
			_, err = d.String()
		default:
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return m, err
	}
	if m.replacement == 0 {
		return m, invalid("tokenizer: %s: Metaspace has no replacement", c.section)
	}
	switch scheme {
	case "always":
	case "first":
		m.scheme = prependFirst
	case "never":
		m.scheme = prependNever
	default:
		return m, unsupported("Metaspace prepend_scheme", scheme, "always, first, never")
	}
	if !prefix && m.scheme != prependNever {
		return m, invalid("tokenizer: %s: Metaspace has add_prefix_space false and prepend_scheme %q, expected \"never\"", c.section, scheme)
	}
	return m, nil
}

func parseDecoder(c *component) (decoders, error) {
	switch c.kind {
	case "Metaspace":
		m, err := parseMetaspace(c)
		return decoders{{token: m.decodeToken}}, err
	case "Replace":
		r, err := parseReplace(c)
		return decoders{{token: r.decodeToken}}, err
	case "WordPiece":
		w, err := parseWordPieceDecoder(c)
		return decoders{{token: w.decodeToken}}, err
	case "ByteLevel":
		_, err := parseByteLevel(c)
		return decoders{byteLevelDecoder}, err
	case "ByteFallback":
		return decoders{byteFallback}, c.fields(none)
	case "Fuse":
		return decoders{fuse}, c.fields(none)
	case "Strip":
		var s strip
		err := c.fields(func(d *strictjson.Decoder, key string) (known bool, err error) {
			var n int64
			switch key {
			case "content":
				s.content, err = parseRune(d, "Strip: content")
			case "start":
				n, err = d.Int()
				s.start = int(min(max(n, 0), 1<<20))
			case "stop":
				n, err = d.Int()
				s.stop = int(min(max(n, 0), 1<<20))
			default:
				return false, nil
			}
			return true, err
		})
		if err == nil && s.content == 0 {
			err = invalid("tokenizer: %s: Strip has no content", c.section)
		}
		return decoders{{token: s.decodeToken}}, err
	case "Sequence":
		all := decoders{}
		err := c.fields(func(d *strictjson.Decoder, key string) (bool, error) {
			if key != "decoders" {
				return false, nil
			}
			parts, err := list(d, c.section, parseDecoder)
			for _, p := range parts {
				all = append(all, p...)
			}
			return true, err
		})
		return all, err
	}
	return nil, unsupported("decoder", c.kind, "Metaspace, WordPiece, ByteLevel, Replace, ByteFallback, Fuse, Strip, Sequence")
}
