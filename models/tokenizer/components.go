package tokenizer

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// component is a section of tokenizer.json whose "type" says what it is.
type component struct {
	section, kind string
	raw           []byte
	count         *int // components of the section
}

// optional reads a component with parse, or null.
func optional(d *strictjson.Decoder, section string, parse func(*component) error) error {
	if d.Peek() == strictjson.Null {
		return d.Null()
	}
	c := component{section: section, count: new(int)}
	return c.read(d, parse)
}

// maxSequence is the most components of a section, those in Sequences together.
const maxSequence = 64

// read reads the object, finds its type, and hands it to parse.
func (c *component) read(d *strictjson.Decoder, parse func(*component) error) (err error) {
	if k := d.Peek(); k != strictjson.Object {
		return c.invalid("is "+k.String(), "an object")
	}
	if *c.count++; *c.count > maxSequence {
		return c.invalid("has more than 64 components", "fewer")
	}
	if c.raw, err = d.Raw(); err != nil {
		return err
	}
	inner := strictjson.NewDecoder(c.raw)
	err = inner.Object(func(key string) error {
		if key == "type" {
			return readInto(inner, &c.kind)
		}
		return inner.Skip()
	})
	if err != nil {
		return err
	}
	return parse(c)
}

// sequence reads a Sequence, whose components are in the field name, each with parse.
func (c *component) sequence(name string, parse func(*component) error) error {
	return c.fields(field{name, func(d *strictjson.Decoder) error {
		return d.Array(func(int) error {
			inner := component{section: c.section, count: c.count}
			return inner.read(d, parse)
		})
	}})
}

// field is a member of an object and where its value goes: a *string, *[]byte, *bool, *int64,
// *float64, *rune for a string of one character, or a function that reads it.
type field struct {
	key string
	to  any
}

// fields reads the members of the component; others than these and "type" are refused.
//
//go:noinline
func (c *component) fields(fields ...field) error {
	return readFields(strictjson.NewDecoder(c.raw), c.section+" "+c.kind, append(fields, field{"type", (*strictjson.Decoder).Skip}))
}

// readFields reads an object with the members in fields.
//
//go:noinline
func readFields(d *strictjson.Decoder, what string, fields []field) error {
	return d.Object(func(key string) error {
		for i := range fields {
			if fields[i].key == key {
				return readInto(d, fields[i].to)
			}
		}
		return lean.Errorf("%w: tokenizer: %s: the field %q is not supported", ErrUnsupported, what, lean.Clip(key))
	})
}

// readInto reads a value as field says.
//
//go:noinline
func readInto(d *strictjson.Decoder, to any) (err error) {
	switch to := to.(type) {
	case *string:
		*to, err = d.String()
	case *[]byte:
		*to, err = d.AppendString(nil)
	case *bool:
		*to, err = d.Bool()
	case *int64:
		*to, err = d.Int()
	case *float64:
		*to, err = d.Float()
	case *rune:
		var s string
		s, err = d.String()
		r, n := utf8.DecodeRuneInString(s)
		if err == nil && (n == 0 || n != len(s)) {
			err = invalid("tokenizer: found %q, expected one character", lean.Clip(s))
		}
		*to = r
	case func(*strictjson.Decoder) error:
		err = to(d)
	}
	return err
}

// invalid reports a component that contradicts what it must be.
//
//go:noinline
func (c *component) invalid(found, expected string) error {
	return invalid("tokenizer: %s: %s %s, expected %s", c.section, c.kind, found, expected)
}

// unsupported refuses the component by its name.
func (c *component) unsupported(supported string) error {
	return unsupported(c.section, c.kind, supported)
}

// kindOf makes an error of the JSON reader an ErrInvalid.
func kindOf(err error) error {
	if errors.Is(err, ErrInvalid) || errors.Is(err, ErrUnsupported) {
		return err
	}
	return invalid("tokenizer: tokenizer.json: %w", err)
}

//go:noinline
func (ns *normalizers) add(n normalizer) { *ns = append(*ns, n) }

//go:noinline
func (ps *preTokenizers) add(p preTokenizer) { *ps = append(*ps, p) }

// parse reads a normaliser and appends it.
func (ns *normalizers) parse(c *component) (err error) {
	var n normalizer
	switch c.kind {
	case "NFC", "NFKC", "NFD", "NFKD":
		n = &unicodeForm{compatible: strings.Contains(c.kind, "K"), compose: strings.HasSuffix(c.kind, "C")}
	case "Lowercase":
		n = &bertNormalizer{lowercase: true}
	case "StripAccents":
		n = dropClass(isMark)
	case "Nmt":
		n = nmt{}
	case "Strip":
		s := &stripSpace{true, true}
		ns.add(s)
		return c.fields(field{"strip_left", &s.left}, field{"strip_right", &s.right})
	case "ByteLevel":
		n = &byteLevel{}
	case "Precompiled":
		if n, err = parsePrecompiled(c); err != nil {
			return err
		}
		ns.add(n)
		return nil
	case "BertNormalizer":
		n, err = parseBertNormalizer(c)
		ns.add(n)
		return err
	case "Replace":
		r := new(replace)
		ns.add(r)
		return c.patternFields(r, field{"content", &r.content})
	case "Prepend":
		p := new(prepend)
		ns.add(p)
		return c.fields(field{"prepend", (*string)(p)})
	case "Sequence":
		return c.sequence("normalizers", ns.parse)
	default:
		return c.unsupported("NFC, NFKC, NFD, NFKD, Lowercase, BertNormalizer, StripAccents, Strip, Nmt, Precompiled, Replace, Prepend, ByteLevel, Sequence")
	}
	ns.add(n)
	return c.fields()
}

// patternFields reads {"pattern": {"String": …}, …} or {"pattern": {"Regex": …}, …} into r, and
// other fields.
func (c *component) patternFields(r *replace, others ...field) error {
	regex := ""
	err := c.fields(append(others, field{"pattern", func(d *strictjson.Decoder) error {
		return readFields(d, c.kind+" pattern", []field{{"String", &r.pattern}, {"Regex", &regex}})
	}})...)
	if err == nil && (r.pattern == "") == (regex == "") {
		err = c.invalid("has no pattern", "String or Regex")
	}
	if err == nil && regex != "" {
		r.regex, err = parsePattern(c.section, regex)
	}
	return err
}

// parse reads a pre-tokenizer and appends it.
func (ps *preTokenizers) parse(c *component) (err error) {
	var p preTokenizer
	switch c.kind {
	case "Metaspace":
		m := new(metaspace)
		ps.add(m)
		return m.parse(c)
	case "ByteLevel":
		b := &byteLevel{}
		ps.add(b)
		return b.parse(c)
	case "Digits":
		x := &digits{}
		ps.add(x)
		return c.fields(field{"individual_digits", &x.individual})
	case "BertPreTokenizer":
		p = bertPreTokenizer{}
	case "Whitespace", "WhitespaceSplit":
		p = &whitespace{words: c.kind == "Whitespace"}
	case "Split":
		s := new(split)
		ps.add(s)
		behavior := ""
		err := c.patternFields(&s.replace, field{"behavior", &behavior}, field{"invert", &s.invert})
		if err == nil {
			s.behavior, err = parseBehavior(behavior)
		}
		return err
	case "Punctuation", "CharDelimiterSplit":
		s := new(splitRunes)
		ps.add(s)
		if c.kind != "Punctuation" {
			if err = c.fields(field{"delimiter", &s.char}); err == nil && s.char == 0 {
				err = c.invalid("has no delimiter", "one")
			}
			return err
		}
		behavior := "Isolated"
		s.class = isPunctuation
		if err = c.fields(field{"behavior", &behavior}); err == nil {
			s.behavior, err = parseBehavior(behavior)
		}
		return err
	case "Sequence":
		return c.sequence("pretokenizers", ps.parse)
	default:
		return c.unsupported("Metaspace, BertPreTokenizer, ByteLevel, Digits, Whitespace, WhitespaceSplit, Split, Punctuation, CharDelimiterSplit, Sequence")
	}
	ps.add(p)
	return c.fields()
}

//go:noinline
func parseBehavior(name string) (splitBehavior, error) {
	n := splitBehavior(0)
	for rest := splitBehaviors; rest != ""; n++ {
		var first string
		if first, rest, _ = strings.Cut(rest, ","); first == name {
			return n, nil
		}
	}
	return 0, unsupported("split behavior", name, splitBehaviors[:len(splitBehaviors)-1])
}

// parse reads both the present fields and those of files before 0.15: add_prefix_space for
// prepend_scheme, and str_rep, which repeats replacement.
//
//go:noinline
func (m *metaspace) parse(c *component) error {
	m.split = true
	prefix, scheme := true, "always"
	err := c.fields(field{"replacement", &m.replacement}, field{"add_prefix_space", &prefix}, field{"prepend_scheme", &scheme},
		field{"split", &m.split}, field{"str_rep", (*strictjson.Decoder).Skip})
	if err == nil && m.replacement == 0 {
		err = c.invalid("has no replacement", "one")
	}
	if err != nil {
		return err
	}
	switch scheme {
	case "always":
	case "first":
		m.scheme = prependFirst
	case "never":
		m.scheme = prependNever
	default:
		return unsupported("Metaspace prepend_scheme", scheme, "always, first, never")
	}
	if !prefix && m.scheme != prependNever {
		return c.invalid("has add_prefix_space false and another prepend_scheme", "\"never\"")
	}
	return nil
}

// parse reads a decoder and appends it.
func (ds *decoders) parse(c *component) (err error) {
	var d decoder
	switch c.kind {
	case "Metaspace":
		m := new(metaspace)
		err = m.parse(c)
		d.token = m.decodeToken
	case "Replace":
		r := new(replace)
		err = c.patternFields(r, field{"content", &r.content})
		d.token = r.decodeToken
		growth := len(r.content)
		if n := len(r.pattern); n > 0 {
			growth = (growth + n - 1) / n
		}
		if d.growth = growth; err == nil && ds.growth()*growth > maxDecodedGrowth {
			err = c.invalid("and those before make a token longer and longer", "at most 8 times")
		}
	case "WordPiece":
		w := &wordPieceDecoder{prefix: "##", cleanup: true}
		err = c.fields(field{"prefix", &w.prefix}, field{"cleanup", &w.cleanup})
		d.token = w.decodeToken
	case "BPEDecoder":
		x := &suffixDecoder{"</w>"}
		if err = c.fields(field{"suffix", &x.suffix}); err == nil && x.suffix == "" {
			err = c.invalid("has no suffix", "one")
		}
		d.token = x.decodeToken
	case "CTC":
		x := &ctcDecoder{"<pad>", "|", true}
		err = c.fields(field{"pad_token", &x.pad}, field{"word_delimiter_token", &x.delimiter}, field{"cleanup", &x.cleanup})
		if err == nil && (x.pad == "" || x.delimiter == "") {
			err = c.invalid("has an empty token", "pad_token and word_delimiter_token")
		}
		d.token = x.decodeToken
	case "ByteLevel":
		err = new(byteLevel).parse(c)
		d = byteLevelDecoder
	case "ByteFallback":
		err = c.fields()
		d = byteFallback
	case "Fuse":
		err = c.fields()
		d = fuse
	case "Strip":
		s := &strip{}
		err = c.fields(field{"content", &s.content}, field{"start", &s.start}, field{"stop", &s.stop})
		if err == nil && s.content == 0 {
			err = c.invalid("has no content", "one character")
		}
		d.token = s.decodeToken
	case "Sequence":
		return c.sequence("decoders", ds.parse)
	default:
		return c.unsupported("Metaspace, WordPiece, BPEDecoder, CTC, ByteLevel, Replace, ByteFallback, Fuse, Strip, Sequence")
	}
	*ds = append(*ds, d)
	return err
}
