package generate

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Defaults is what a model folder says of generation.
type Defaults struct {
	Options Options
	// BOS begins a text, DecoderStart what a decoder with an encoder writes, Pad fills
	// up; −1 if the folder names none.
	BOS, DecoderStart, Pad int32
}

// ReadDefaults reads config.json and, if it is not nil, generation_config.json, which
// counts for more. What they leave out is as in Hugging Face's GenerationConfig: greedy
// search; 50 likeliest tokens where tokens are drawn; beams compared by the mean of
// their logarithms. How many beams is not for the folder to say. Members that would
// change the result and are not done here are refused with transformer.ErrUnsupported.
func ReadDefaults(config, generation []byte) (*Defaults, error) {
	f := &Defaults{BOS: -1, DecoderStart: -1, Pad: -1, Options: Options{TopK: 50, LengthPenalty: 1}}
	for _, file := range []struct {
		name string
		text []byte
	}{{"config.json", config}, {"generation_config.json", generation}} {
		if file.text == nil {
			continue
		}
		d := strictjson.NewDecoder(file.text)
		err := d.Object(func(key string) error { return f.member(d, key) })
		if err == nil {
			err = d.End()
		}
		if err != nil {
			return nil, lean.Errorf("generate: %w: %s: %w", transformer.ErrConfig, file.name, err)
		}
	}
	return f, nil
}

// neutral are members that are not done here, with the number that leaves results alone.
var neutral = map[string]float64{
	"typical_p": 1, "epsilon_cutoff": 0, "eta_cutoff": 0, "min_p": 0, "top_h": 0, "penalty_alpha": 0, "diversity_penalty": 0,
	"num_beam_groups": 1, "encoder_repetition_penalty": 1, "encoder_no_repeat_ngram_size": 0, "guidance_scale": 1,
}

func (f *Defaults) member(d *strictjson.Decoder, key string) (err error) {
	o := &f.Options
	if d.Peek() == strictjson.Null {
		return d.Skip()
	}
	if want, ok := neutral[key]; ok && d.Peek() == strictjson.Number {
		if x, err := d.Float(); err != nil || x == want {
			return err
		}
		return lean.Errorf("%w: %q", transformer.ErrUnsupported, key)
	}
	count := func(to *int) error {
		x, err := d.Float()
		if err == nil && (x != math.Trunc(x) || x < 0 || x > 1<<20) {
			err = lean.Errorf("%q is %v, expected a whole number up to %d", key, x, 1<<20)
		}
		*to = int(x)
		return err
	}
	number := func(to *float32) error {
		x, err := d.Float()
		*to = float32(x)
		return err
	}
	one := func(to *int32) error {
		ids, err := tokens(d, key)
		if len(ids) > 0 {
			*to = ids[0]
		}
		return err
	}
	forced := func(to **int32) error {
		ids, err := tokens(d, key)
		if len(ids) > 0 {
			*to = &ids[0]
		}
		return err
	}
	switch key {
	case "bos_token_id":
		return one(&f.BOS)
	case "decoder_start_token_id":
		return one(&f.DecoderStart)
	case "pad_token_id":
		return one(&f.Pad)
	case "eos_token_id":
		o.EOS, err = tokens(d, key)
	case "forced_bos_token_id":
		return forced(&o.ForcedBOS)
	case "forced_eos_token_id":
		return forced(&o.ForcedEOS)
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
	case "max_length":
		return count(&o.MaxLength)
	case "max_new_tokens":
		return count(&o.MaxNewTokens)
	case "min_length":
		return count(&o.MinLength)
	case "min_new_tokens":
		return count(&o.MinNewTokens)
	case "top_k":
		return count(&o.TopK)
	case "no_repeat_ngram_size":
		return count(&o.NoRepeatNGram)
	case "temperature":
		return number(&o.Temperature)
	case "top_p":
		return number(&o.TopP)
	case "repetition_penalty":
		return number(&o.RepetitionPenalty)
	case "length_penalty":
		o.LengthPenalty, err = d.Float()
	case "do_sample":
		o.Sample, err = d.Bool()
	case "early_stopping":
		o.EarlyStopping, o.Exhaustive = false, d.Peek() == strictjson.String
		if o.Exhaustive {
			return d.Skip()
		}
		o.EarlyStopping, err = d.Bool()
	default:
		return d.Skip()
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
