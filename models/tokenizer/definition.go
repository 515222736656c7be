package tokenizer

import (
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// definition writes a tokenizer.json for a folder that has none.
type definition struct {
	out    []byte
	added  []byte
	lstrip string // the added token that swallows white space before it
	ids    map[string]int
	parts  string // the sections before the model
}

func (w *definition) text(s string) { w.out = strictjson.AppendString(w.out, s) }

func (w *definition) sections(normalizer, preTokenizer, postProcessor, decoder string) {
	if postProcessor == "" {
		postProcessor = "null"
	}
	w.ids = make(map[string]int)
	w.parts = `"normalizer":` + normalizer + `,"pre_tokenizer":` + preTokenizer + `,"decoder":` + decoder + `,"post_processor":` + postProcessor
}

// addToken adds a token of the vocabulary, or one behind it.
func (w *definition) addToken(id int, text string, special bool) {
	if _, ok := w.ids[text]; ok {
		return
	}
	w.ids[text] = id
	if len(w.added) > 0 {
		w.added = append(w.added, ',')
	}
	w.added = append(append(w.added, `{"id":`...), strconv.Itoa(id)...)
	w.added = strictjson.AppendString(append(w.added, `,"content":`...), text)
	w.added = append(w.added, `,"single_word":false,"lstrip":`...)
	w.added = strconv.AppendBool(w.added, text == w.lstrip)
	w.added = append(w.added, `,"rstrip":false,"normalized":false,"special":`...)
	w.added = append(strconv.AppendBool(w.added, special), '}')
}

// templateJSON is a TemplateProcessing, written as words: A, B and special tokens, whose ids
// bytes fills in; :1 behind a word is its type id.
func templateJSON(single, pair string) string {
	special := ""
	pieces := func(template string) string {
		var out []string
		for _, word := range strings.Fields(template) {
			kind, typeID := "SpecialToken", "0"
			if name, ok := strings.CutSuffix(word, ":1"); ok {
				word, typeID = name, "1"
			}
			if word == "A" || word == "B" {
				kind = "Sequence"
			}
			name := string(strictjson.AppendString(nil, word))
			out = append(out, `{"`+kind+`":{"id":`+name+`,"type_id":`+typeID+`}}`)
			if token := name + `:{"id":` + name + `,"ids":[@` + word + `@],"tokens":[` + name + `]}`; kind != "Sequence" && !strings.Contains(special, token) {
				special += "," + token
			}
		}
		return "[" + strings.Join(out, ",") + "]"
	}
	out := `{"type":"TemplateProcessing","single":` + pieces(single) + `,"pair":` + pieces(pair)
	return out + `,"special_tokens":{` + strings.TrimPrefix(special, ",") + `}}`
}

func (w *definition) unigram(pieces []spPiece, unk int, byteFallback bool) {
	w.out = append(w.out, `{"type":"Unigram","unk_id":`...)
	w.out = append(strconv.AppendInt(w.out, int64(unk), 10), `,"byte_fallback":`...)
	w.out = append(strconv.AppendBool(w.out, byteFallback), `,"vocab":[`...)
	for i, p := range pieces {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(w.out, '[')
		w.text(p.text)
		w.out = append(w.out, ',')
		w.out = append(strconv.AppendFloat(w.out, float64(p.score), 'g', -1, 64), ']')
	}
	w.out = append(w.out, "]}"...)
}

func (w *definition) bpe(pieces []spPiece, byteFallback bool, unk int) {
	w.out = append(w.out, `{"type":"BPE","fuse_unk":true,"unk_token":`...)
	w.text(pieces[unk].text)
	w.out = append(w.out, `,"byte_fallback":`...)
	w.out = append(strconv.AppendBool(w.out, byteFallback), `,"vocab":`...)
	tokens := make([]string, len(pieces))
	for i, p := range pieces {
		tokens[i] = p.text
	}
	w.vocabulary(tokens)
	w.merges(spMerges(pieces))
}

// vocabulary writes tokens as a map to their positions.
func (w *definition) vocabulary(tokens []string) {
	for i, token := range tokens {
		w.out = append(w.out, "{,"[min(i, 1)])
		w.text(token)
		w.out = strconv.AppendInt(append(w.out, ':'), int64(i), 10)
	}
	w.out = append(w.out, '}')
}

func (w *definition) merges(merges []string) {
	w.out = append(w.out, `,"merges":[`...)
	for i := 0; i < len(merges); i += 2 {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(w.out, '[')
		w.text(merges[i])
		w.out = append(w.out, ',')
		w.text(merges[i+1])
		w.out = append(w.out, ']')
	}
	w.out = append(w.out, "]}"...)
}

// bytes is the file. An id that is still not filled in is of a token that is missing; Parse
// refuses it.
func (w *definition) bytes() []byte {
	parts := w.parts
	for text, id := range w.ids {
		parts = strings.ReplaceAll(parts, "[@"+text+"@]", "["+strconv.Itoa(id)+"]")
	}
	parts = strings.ReplaceAll(parts, `"ids":[@`, `"ids":[-1],"missing":[`)
	out := append([]byte(`{"version":"1.0",`), parts...)
	out = append(append(append(out, `,"added_tokens":[`...), w.added...), `],"model":`...)
	return append(append(out, w.out...), '}')
}
