package generate

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Settings is what a model folder says of generation, and what a caller says over it.
type Settings struct {
	Options Options
	// StopStrings are texts that end a sequence; see the function of that name.
	StopStrings []string
	// BOS begins a text, DecoderStart what a decoder with an encoder writes, Pad fills
	// up; −1 if nobody names one.
	BOS, DecoderStart, Pad int32
}

// SettingsOf reads config.json and, if it is not nil, generation_config.json, which
// counts for more. What they leave out is as in Hugging Face's GenerationConfig: greedy
// search; 50 likeliest tokens where tokens are drawn; beams compared by the mean of
// their logarithms. How many beams is not for the folder to say. Members that would
// change the result and are not done here are refused with transformer.ErrUnsupported.
func SettingsOf(config, generation *strictjson.Document) (*Settings, error) {
	f := &Settings{BOS: -1, DecoderStart: -1, Pad: -1, Options: Options{TopK: 50, LengthPenalty: 1}}
	if err := f.read(config, false); err != nil {
		return nil, lean.Errorf("generate: %w: config.json: %w", transformer.ErrConfig, err)
	}
	if generation != nil {
		if err := f.read(generation, false); err != nil {
			return nil, lean.Errorf("generate: %w: generation_config.json: %w", transformer.ErrConfig, err)
		}
	}
	return f, nil
}

// With is a copy of f over which a caller's options count: a JSON object of the same
// members, and of num_beams, num_return_sequences, seed and stop_strings. A member that is
// not known is refused by name, and so is a 0 where it stands for the default in Options.
// Generate checks the other bounds.
func (f *Settings) With(options []byte) (*Settings, error) {
	g := *f
	doc, err := strictjson.ReadDocument(options)
	if err == nil {
		err = g.read(doc, true)
	}
	if err != nil {
		return nil, lean.Errorf("generate: %w: %w", ErrOptions, err)
	}
	return &g, nil
}

func (f *Settings) read(doc *strictjson.Document, caller bool) error {
	o, before := &f.Options, f.Options
	o.MaxNewTokens, o.MinNewTokens = 0, 0
	lengths, sampling := [2]bool{}, false
	err := doc.Members(func(key string, d *strictjson.Decoder) error {
		if d.Peek() == strictjson.Null {
			return nil
		}
		lengths[0] = lengths[0] || key == "max_length"
		lengths[1] = lengths[1] || key == "min_length"
		sampling = sampling || key == "do_sample"
		if caller {
			if err := checkCaller(d, key); err != nil {
				return err
			}
			switch key {
			case "num_beams":
				return count(d, key, &o.Beams)
			case "num_return_sequences":
				return count(d, key, &o.Returns)
			case "seed":
				x, err := d.Float()
				if err == nil && x != math.Trunc(x) {
					err = lean.Errorf("%q is %v, expected a whole number", key, x)
				}
				o.Seed = uint64(max(x, 0))
				return err
			case "stop_strings":
				f.StopStrings = nil
				one := func(int) error {
					s, err := d.String()
					if err == nil && s == "" {
						err = lean.Errorf("%q has an empty text, which every text ends in", key)
					}
					f.StopStrings = append(f.StopStrings, s)
					return err
				}
				if d.Peek() == strictjson.String {
					return one(0)
				}
				return d.Array(one)
			}
		}
		return f.member(d, key)
	})
	// A length in all counts for more than one of new tokens that was said before.
	if o.MaxNewTokens == 0 && !lengths[0] {
		o.MaxNewTokens = before.MaxNewTokens
	}
	if o.MinNewTokens == 0 && !lengths[1] {
		o.MinNewTokens = before.MinNewTokens
	}
	if o.Beams > 1 && !sampling {
		o.Sample = false
	}
	return err
}

type neutralOption struct {
	key   string
	value float64
}

// neutral are members that are not done here, with the number that leaves results alone.
var neutral = [...]neutralOption{
	{"typical_p", 1}, {"epsilon_cutoff", 0}, {"eta_cutoff", 0}, {"min_p", 0}, {"top_h", 0}, {"penalty_alpha", 0}, {"diversity_penalty", 0},
	{"num_beam_groups", 1}, {"encoder_repetition_penalty", 1}, {"encoder_no_repeat_ngram_size", 0}, {"guidance_scale", 1},
}

// count reads a whole number.
func count(d *strictjson.Decoder, key string, to *int) error {
	x, err := d.Float()
	if err == nil && (x != math.Trunc(x) || x < 0 || x > 1<<31) {
		err = lean.Errorf("%q is %v, expected a whole number", key, x)
	}
	*to = int(x)
	return err
}

func (f *Settings) member(d *strictjson.Decoder, key string) (err error) {
	o := &f.Options
	for _, n := range neutral {
		if n.key == key && d.Peek() == strictjson.Number {
			if x, err := d.Float(); err != nil || x == n.value {
				return err
			}
			return lean.Errorf("%w: %q", transformer.ErrUnsupported, key)
		}
	}
	for _, n := range [...]struct {
		key string
		to  *int
	}{
		{"max_length", &o.MaxLength}, {"max_new_tokens", &o.MaxNewTokens}, {"min_length", &o.MinLength}, {"min_new_tokens", &o.MinNewTokens},
		{"top_k", &o.TopK}, {"no_repeat_ngram_size", &o.NoRepeatNGram},
	} {
		if n.key == key {
			return count(d, key, n.to)
		}
	}
	for _, n := range [...]struct {
		key string
		to  *float32
	}{{"temperature", &o.Temperature}, {"top_p", &o.TopP}, {"repetition_penalty", &o.RepetitionPenalty}} {
		if n.key == key {
			x, err := d.Float()
			*n.to = float32(x)
			return err
		}
	}
	switch key {
	case "bos_token_id", "decoder_start_token_id", "pad_token_id", "forced_bos_token_id", "forced_eos_token_id":
		ids, err := tokens(d, key)
		if len(ids) == 0 {
			return err
		}
		switch key[0] {
		case 'b':
			f.BOS = ids[0]
		case 'd':
			f.DecoderStart = ids[0]
		case 'p':
			f.Pad = ids[0]
		default:
			if key == "forced_bos_token_id" {
				o.ForcedBOS = &ids[0]
			} else {
				o.ForcedEOS = &ids[0]
			}
		}
		return err
	case "eos_token_id":
		o.EOS, err = tokens(d, key)
	case "suppress_tokens":
		o.Suppress, err = tokens(d, key)
	case "bad_words_ids":
		o.BadWords = nil
		return d.Array(func(int) error {
			w, err := tokens(d, key)
			if len(w) > 0 {
				o.BadWords = append(o.BadWords, w)
			}
			return err
		})
	case "length_penalty":
		o.LengthPenalty, err = d.Float()
	case "do_sample":
		o.Sample, err = d.Bool()
	case "early_stopping":
		o.EarlyStopping, o.Exhaustive = false, d.Peek() == strictjson.String // "never"
		if o.Exhaustive {
			return d.Skip()
		}
		o.EarlyStopping, err = d.Bool()
	}
	return err
}

// tokens reads an id or a list of ids; negative ones, as old files have, are none.
func tokens(d *strictjson.Decoder, key string) (ids []int32, err error) {
	one := func() error {
		x, err := d.Float()
		switch {
		case err != nil:
			return err
		case x != math.Trunc(x) || x > math.MaxInt32 || x < math.MinInt32:
			return lean.Errorf("%q has %v, expected the number of a token", key, x)
		case x >= 0:
			ids = append(ids, int32(x))
		}
		return nil
	}
	if d.Peek() == strictjson.Array {
		err = d.Array(func(int) error { return one() })
	} else {
		err = one()
	}
	return ids, err
}
