package tokenizer

import (
	"github.com/lodestone-wasm/lodestone/weights/strictjson"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Parse reads a tokenizer.json. Errors wrap [ErrInvalid] when the file is malformed
// and [ErrUnsupported], with the name of what is missing, when it needs a component
// that is not here. Truncation and padding settings of the file are checked for form and not
// applied: [Options] and [Pad] say them for each call.
func Parse(tokenizerJSON []byte) (*Tokenizer, error) {
	t := &Tokenizer{postProcessor: plain{}}
	var added []addedToken
	var post []byte
	d := strictjson.NewDecoder(tokenizerJSON)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "version":
			var v string
			if v, err = d.String(); err == nil && v != "1.0" {
				err = unsupported("tokenizer.json version", v, "1.0")
			}
		case "truncation", "padding":
			if k := d.Peek(); k != strictjson.Null && k != strictjson.Object {
				return invalid("tokenizer: %s: found %v, expected an object or null", key, k)
			}
			err = d.Skip()
		case "added_tokens":
			added, err = parseAddedTokens(d)
		case "normalizer":
			var all normalizers
			if err = optional(d, key, all.parse); len(all) > 0 {
				t.normalizer = all
			}
		case "pre_tokenizer":
			var all preTokenizers
			err = optional(d, key, all.parse)
			if t.preTokenizer = all; len(all) < 2 {
				t.preTokenizer = nil
				for _, p := range all {
					t.preTokenizer = p
				}
			}
		case "post_processor":
			post, err = d.Raw() // read once the ids are known
		case "decoder":
			if d.Peek() != strictjson.Null {
				t.decoders = decoders{}
			}
			err = optional(d, key, t.decoders.parse)
		case "model":
			t.model, err = parseModel(d)
		default:
			err = unsupported("tokenizer.json section", key, "those of version 1.0")
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, kindOf(err)
	}
	if t.model == nil {
		return nil, invalid("tokenizer: there is no model")
	}
	if t.decoders == nil {
		t.decoders = decoders{{token: spaces}}
	}
	if err := t.setAdded(added); err != nil {
		return nil, err
	}
	if post != nil {
		p := postParser{maxID: t.maxID()}
		if err := optional(strictjson.NewDecoder(post), "post_processor", p.parse); err != nil {
			return nil, kindOf(err)
		}
		if _, ok := t.model.(*unigram); ok && p.trims != nil {
			return nil, unsupported("post-processor with trim_offsets and model", "Unigram", "WordPiece, BPE")
		}
		t.trims = p.trims
		if p.template != nil {
			t.postProcessor = p.template
		}
	}
	return t, nil
}

// maxID is the largest id of any token.
func (t *Tokenizer) maxID() int64 {
	most := int64(t.model.size()) - 1
	for _, a := range t.added {
		most = max(most, int64(a.id))
	}
	return most
}

// setAdded takes over the added tokens. Ids follow from the contents, as in Hugging
// Face tokenizers: a token of the vocabulary keeps its id, others continue after the
// largest. A file that says otherwise is refused, since some reader of it would be wrong.
func (t *Tokenizer) setAdded(added []addedToken) error {
	t.added = added
	t.addedByID = make(map[int32]int, len(added))
	t.addedIDs = make(map[string]int32, len(added))
	next := int32(t.model.used())
	for i := range added {
		a := &added[i]
		if a.content == "" {
			return invalid("tokenizer: added token %d is empty", i)
		}
		if len(a.content) > maxPiece {
			return invalid("tokenizer: added token %d has %d bytes, at most %d are read", i, len(a.content), maxPiece)
		}
		if _, ok := t.addedIDs[a.content]; ok {
			return invalid("tokenizer: added token %q occurs twice", lean.Clip(a.content))
		}
		want, ok := t.model.id(a.content)
		if !ok {
			want = next
		}
		if a.id != want {
			return invalid("tokenizer: added token %q has id %d, expected %d", lean.Clip(a.content), a.id, want)
		}
		if a.id >= int32(t.model.used()) {
			next = max(next, a.id+1)
		}
		t.addedIDs[a.content] = a.id
		t.addedByID[a.id] = i
		if a.special {
			for len(t.barred) <= int(a.id) {
				t.barred = append(t.barred, false)
			}
			t.barred[a.id] = true
		}
	}

	// Special tokens come first, which decides between equal patterns.
	var tokens [2][]addedToken
	var patterns [2][]string
	for _, special := range []bool{true, false} {
		for _, a := range added {
			if a.special != special {
				continue
			}
			which, pattern := 0, a.content
			if a.normalized {
				which = 1
				if t.normalizer != nil {
					state := progress{most: 16 * maxPiece, steps: patternSteps(len(pattern))}
					text, spare := aligned{progress: &state}, aligned{}
					text.load([]byte(pattern), 0, len(pattern))
					t.normalizer.normalize(&text, &spare)
					if pattern = string(text.text); state.err != nil {
						return invalid("tokenizer: added token %q normalises to more than %d bytes", lean.Clip(a.content), 16*maxPiece)
					}
				}
				if pattern == "" {
					return invalid("tokenizer: added token %q normalises to nothing", lean.Clip(a.content))
				}
			}
			tokens[which] = append(tokens[which], a)
			patterns[which] = append(patterns[which], pattern)
		}
	}
	t.beforeNorm = newSplitter(tokens[0], patterns[0])
	t.afterNorm = newSplitter(tokens[1], patterns[1])
	return nil
}

func parseAddedTokens(d *strictjson.Decoder) (tokens []addedToken, err error) {
	err = d.Array(func(i int) error {
		var a addedToken
		id := int64(-1)
		seen := 0
		fields := []field{{"id", &id}, {"content", &a.content}, {"single_word", &a.singleWord}, {"lstrip", &a.lstrip}, {"rstrip", &a.rstrip}, {"normalized", &a.normalized}, {"special", &a.special}}
		for i, f := range fields {
			fields[i].to = func(d *strictjson.Decoder) error {
				seen++
				return readInto(d, f.to)
			}
		}
		err := readFields(d, "added token", fields)
		if err == nil && seen != len(fields) {
			err = invalid("tokenizer: added token %d has %d fields, expected id, content, single_word, lstrip, rstrip, normalized and special", i, seen)
		}
		if err == nil && (id < 0 || id > 1<<30) {
			err = invalid("tokenizer: added token %q has id %d", lean.Clip(a.content), id)
		}
		a.id = int32(id)
		tokens = append(tokens, a)
		return err
	})
	return tokens, err
}

// parseVocab reads pairs of a piece and its score. The pieces share one allocation: there are tens of thousands of them.
func parseVocab(d *strictjson.Decoder) (pieces []string, scores []float64, err error) {
	var text []byte
	var ends []int
	err = d.Array(func(i int) error {
		fields := 0
		err := d.Array(func(j int) error {
			fields++
			switch j {
			case 0:
				var err error
				text, err = d.AppendString(text)
				ends = append(ends, len(text))
				return err
			case 1:
				f, err := d.Float()
				scores = append(scores, f)
				return err
			}
			return d.Skip()
		})
		if err == nil && fields != 2 {
			err = invalid("tokenizer: model: entry %d of the vocabulary has %d fields, expected a piece and its score", i, fields)
		}
		return err
	})
	all, start := string(text), 0
	pieces = make([]string, len(ends))
	for i, end := range ends {
		pieces[i], start = all[start:end], end
	}
	return pieces, scores, err
}
