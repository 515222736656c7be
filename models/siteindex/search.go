package siteindex

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Mode is what a search compares.
type Mode string

// The modes: keywords are BM25, static are static vectors, fused is both.
const (
	Keywords Mode = "keywords"
	Meaning  Mode = "static"
	Fused    Mode = "fused"
)

const (
	maxQuery      = 1024 // bytes of a query that count
	maxWords      = 32   // words of a query that count
	listed        = 100  // pages of a list that fusion reads
	prefixMost    = 50   // terms that a prefix stands for
	prefixPart    = 0.7
	correctedPart = 0.8
	bestPart      = 0.5 // weight of the best passage beside the sum over a page
)

// A Result is a page that a query found.
type Result struct {
	Page       int
	Passage    int // the best one, among all passages of the index
	Score      float64
	Similarity float64 // of the static vectors, 0 if there is none
}

// Query are the options of [Reader.Search].
type Query struct {
	Mode   Mode
	Limit  int // results; 0 is 10
	Probes int // clusters to read; 0 is the index's own number
	Typed  bool
	// Filter, if set, tells which pages may be found.
	Filter func(page int) bool
}

// Found is the result of [Reader.Search].
type Found struct {
	Results []Result
	// Corrected has the words that were replaced by similar ones: typed word, used word.
	Corrected map[string]string
	// Unknown is the share of the query's code points that the model of the static vectors
	// does not know.
	Unknown float64

	missing float64 // share of the words that are no term
}

// Search finds the pages for a query.
func (r *Reader) Search(query string, q Query) (*Found, error) {
	if q.Limit <= 0 {
		q.Limit = 10
	}
	query = clip(strings.ToValidUTF8(query, " "), maxQuery)
	found := &Found{Corrected: map[string]string{}}
	var lists [2][]Result
	var err error
	if q.Mode != Meaning {
		if lists[0], err = r.keywords(query, q, found); err != nil {
			return nil, err
		}
	}
	if q.Mode != Keywords && (q.Mode == Meaning || r.Manifest.Static != nil) {
		if lists[1], err = r.meaning(query, q, found); err != nil {
			return nil, err
		}
	}
	switch q.Mode {
	case Keywords:
		found.Results = lists[0]
	case Meaning:
		found.Results = lists[1]
	default:
		// Words that are no term, such as those of another language, leave it to the vectors.
		f := r.Manifest.Fusion
		f.Static += (1 - f.Static) * found.missing
		found.Results = fuse(lists[0], lists[1], f)
	}
	found.Results = found.Results[:min(q.Limit, len(found.Results))]
	return found, nil
}

// meaning ranks pages by the static vectors.
func (r *Reader) meaning(query string, q Query, found *Found) ([]Result, error) {
	v, unknown, err := r.Vector(query)
	found.Unknown = unknown
	if v == nil || err != nil {
		return nil, err
	}
	passages, err := r.nearestPassages(v, q.Probes)
	if err != nil {
		return nil, err
	}
	d, err := r.pageDir()
	if err != nil {
		return nil, err
	}
	var out []Result
	seen := map[int]bool{}
	for _, p := range passages {
		page := int(d.page[p.passage])
		if seen[page] || q.Filter != nil && !q.Filter(page) {
			continue
		}
		seen[page] = true
		if out = append(out, Result{page, int(p.passage), float64(p.score), float64(p.score)}); len(out) == listed {
			break
		}
	}
	return out, nil
}

// keywords ranks pages by BM25.
func (r *Reader) keywords(query string, q Query, found *Found) ([]Result, error) {
	d, err := r.pageDir()
	if err != nil {
		return nil, err
	}
	words := queryWords(query)
	score := newAccumulator(d)
	lists := make([][][]alternative, len(words))
	foreign := 0
	for i, w := range words {
		last := q.Typed && i == len(words)-1 && !strings.HasSuffix(query, " ")
		if lists[i], err = r.alternatives(w, last, found); err != nil {
			return nil, err
		}
		if len(lists[i]) > 0 && lists[i][0][0].translated {
			foreign++
		}
	}
	// Most words are of another language: the others stand by accident in the index as well.
	for i, w := range words {
		if 2*foreign < len(words) || !w.Letters || len(lists[i]) == 0 || lists[i][0][0].translated {
			continue
		}
		list, err := r.translations(w.Text)
		if err != nil {
			return nil, err
		}
		if translated, err := r.translatedTerms(list); err != nil {
			return nil, err
		} else if len(translated) > 0 {
			lists[i] = translated
			delete(found.Corrected, w.Text)
		}
	}
	all, missing := 0, 0
	for _, alternatives := range lists {
		all += max(1, len(alternatives))
		if len(alternatives) == 0 || alternatives[0][0].corrected {
			missing++
		}
		for _, terms := range alternatives {
			for _, a := range terms {
				list, err := r.postings(a.termEntry)
				if err != nil {
					return nil, err
				}
				weight := a.weight * idf(r.Manifest.Passages, a.df) * (r.Manifest.K1 + 1) / 255
				for _, p := range list {
					score.add(p, weight)
				}
			}
			score.next()
		}
	}
	found.missing = float64(missing) / float64(max(all, 1))
	return score.results(q.Filter), nil
}

// queryWords are the words of a query, whole ones in front of their parts, once each.
func queryWords(query string) []Word {
	var words []Word
	seen := map[string]bool{}
	Words(Normalize(query), func(w Word) {
		if !seen[w.Text] && len(words) < maxWords {
			seen[w.Text] = true
			words = append(words, w)
		}
	})
	return words
}

// alternative is a term that may stand for a word.
type alternative struct {
	termEntry
	weight     float64
	corrected  bool
	translated bool
}

// alternatives are the terms that stand for a word: its stems, what it begins if it is being
// typed, and if there is none, its translations, or similar words. The best of a list counts;
// a compound has two lists.
func (r *Reader) alternatives(w Word, typed bool, found *Found) ([][]alternative, error) {
	var out []alternative
	for _, t := range r.stems(w) {
		e, ok, err := r.term(t)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, alternative{termEntry: e, weight: 1})
		}
	}
	if typed && utf8.RuneCountInString(w.Text) >= 2 {
		begun, err := r.begins(w.Text)
		if err != nil {
			return nil, err
		}
		for _, e := range begun {
			if len(out) == 0 || e.term != out[0].term {
				out = append(out, alternative{termEntry: e, weight: prefixPart})
			}
		}
	}
	if len(out) > 0 {
		return [][]alternative{out}, nil
	}
	if !w.Letters {
		return nil, nil
	}
	if lists, err := r.translate(w.Text); err != nil || len(lists) > 0 {
		return lists, err
	}
	similar, err := r.similar(w.Text)
	if err != nil || similar == "" {
		return nil, err
	}
	found.Corrected[w.Text] = similar
	for _, t := range r.stems(Word{Text: similar, Letters: true}) {
		if e, ok, err := r.term(t); err != nil {
			return nil, err
		} else if ok {
			out = append(out, alternative{termEntry: e, weight: correctedPart, corrected: true})
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return [][]alternative{out}, nil
}

// stems are the terms of a word in the languages of the index.
func (r *Reader) stems(w Word) []string {
	var out []string
	for _, l := range append([]string{}, r.Manifest.Languages...) {
		t := termOf(w, stemmer(l))
		known := t == ""
		for _, o := range out {
			known = known || o == t
		}
		if !known {
			out = append(out, t)
		}
	}
	if len(out) == 0 {
		if t := termOf(Word{Text: w.Text}, nil); t != "" {
			out = append(out, t)
		}
	}
	return out
}

func (r *Reader) termDir() (*termDir, error) {
	if r.terms != nil {
		return r.terms, nil
	}
	b, err := r.table("terms", r.Manifest.Tables["terms"])
	if err != nil {
		return nil, err
	}
	d, err := parseDir(b, "LSTD")
	r.terms = d
	return d, err
}

// chunkOf is the chunk that a term would be in, −1 if it is before all.
func (d *termDir) chunkOf(term string) int {
	return sort.Search(len(d.firsts), func(i int) bool { return d.firsts[i] > term }) - 1
}

func (r *Reader) termChunk(d *termDir, i int) ([]termEntry, error) {
	b, err := r.fetch(d.chunks[i])
	if err != nil {
		return nil, err
	}
	return parseTerms(b, r.Manifest.Passages)
}

// term finds a term.
func (r *Reader) term(term string) (termEntry, bool, error) {
	d, err := r.termDir()
	if err != nil {
		return termEntry{}, false, err
	}
	i := d.chunkOf(term)
	if i < 0 {
		return termEntry{}, false, nil
	}
	entries, err := r.termChunk(d, i)
	if err != nil {
		return termEntry{}, false, err
	}
	at := sort.Search(len(entries), func(k int) bool { return entries[k].term >= term })
	if at == len(entries) || entries[at].term != term {
		return termEntry{}, false, nil
	}
	return entries[at], true, nil
}

// begins are the most frequent terms that begin with a prefix, from at most two chunks.
func (r *Reader) begins(prefix string) ([]termEntry, error) {
	d, err := r.termDir()
	if err != nil {
		return nil, err
	}
	var out []termEntry
	first := max(0, d.chunkOf(prefix))
	for i := first; i < min(first+2, len(d.chunks)); i++ {
		if i > first && !strings.HasPrefix(d.firsts[i], prefix) {
			break
		}
		entries, err := r.termChunk(d, i)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if strings.HasPrefix(e.term, prefix) {
				out = append(out, e)
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].df > out[j].df })
	return out[:min(len(out), prefixMost)], nil
}

// postings are all postings of a term.
func (r *Reader) postings(e termEntry) ([]posting, error) {
	list, err := parsePostings(e.postings, e.n, r.Manifest.Passages)
	if err != nil || e.n == e.df {
		return list, err
	}
	b, err := r.fetch(e.tail)
	if err != nil {
		return nil, err
	}
	tail, err := parseTail(b, r.Manifest.Passages)
	return append(list, tail...), err
}

// similar is the most similar word of the spelling table, "" if none is similar enough.
func (r *Reader) similar(word string) (string, error) {
	n := utf8.RuneCountInString(word)
	if n < 4 || n > maxWord {
		return "", nil
	}
	if r.spelling == nil {
		b, err := r.table("spelling", r.Manifest.Tables["spelling"])
		if err != nil {
			return "", err
		}
		if r.spelling, err = parseSpellingDir(b); err != nil {
			return "", err
		}
	}
	most := 1
	if n >= 8 {
		most = 2
	}
	runes := []rune(word)
	found, edits, first, weight := "", most+1, false, byte(0)
	for l := min(n-most, spellingLong); l <= min(n+most, spellingLong); l++ {
		name, ok := r.spelling[l]
		if !ok {
			continue
		}
		b, err := r.fetch(name)
		if err != nil {
			return "", err
		}
		words, err := parseSpelling(b)
		if err != nil {
			return "", err
		}
		for _, w := range words {
			e := distance(runes, []rune(w.text), most)
			if e > most {
				continue
			}
			same := runes[0] == firstRune(w.text)
			if e < edits || e == edits && (same && !first || same == first && w.weight > weight) {
				found, edits, first, weight = w.text, e, same, w.weight
			}
		}
	}
	return found, nil
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// distance is the number of edits between two words (insert, delete, replace, swap
// neighbours; no place twice), or more than most.
func distance(a, b []rune, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		low := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			low = min(low, row[j])
		}
		if low > most {
			return most + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// accumulator sums the shares of the words of a query.
type accumulator struct {
	d     *pageDir
	word  map[uint32]float64 // best share of the current word, by passage
	whole map[uint32]float64 // sum of the words, by passage
	pages map[uint32]float64 // sum over words of the best share, by page
}

func newAccumulator(d *pageDir) *accumulator {
	return &accumulator{d, map[uint32]float64{}, map[uint32]float64{}, map[uint32]float64{}}
}

func (a *accumulator) add(p posting, weight float64) {
	share := weight * float64(p.impact)
	if share > a.word[p.passage] {
		a.word[p.passage] = share
	}
}

// next ends a word.
func (a *accumulator) next() {
	best := make(map[uint32]float64, len(a.word))
	for passage, share := range a.word {
		a.whole[passage] += share
		page := a.d.page[passage]
		best[page] = max(best[page], share)
	}
	for page, share := range best {
		a.pages[page] += share
	}
	clear(a.word)
}

func (a *accumulator) results(filter func(int) bool) []Result {
	top := make(map[uint32]scored, len(a.pages))
	for passage, score := range a.whole {
		page := a.d.page[passage]
		t, ok := top[page]
		if s := float32(score); !ok || s > t.score || s == t.score && passage < t.passage {
			top[page] = scored{passage, s}
		}
	}
	out := make([]Result, 0, len(a.pages))
	for page, sum := range a.pages {
		if filter == nil || filter(int(page)) {
			t := top[page]
			out = append(out, Result{Page: int(page), Passage: int(t.passage), Score: sum + bestPart*float64(t.score)})
		}
	}
	sortResults(out)
	return out[:min(len(out), listed)]
}

func sortResults(out []Result) {
	sort.Slice(out, func(i, j int) bool {
		if out[i].Score != out[j].Score {
			return out[i].Score > out[j].Score
		}
		return out[i].Page < out[j].Page
	})
}

// fuse merges two lists by reciprocal rank.
func fuse(keywords, static []Result, f Fusion) []Result {
	byPage := map[int]*Result{}
	var order []*Result
	ranks := map[int]int{}
	for l, list := range [][]Result{keywords, static} {
		weight := f.Keywords
		if l == 1 {
			weight = f.Static
		}
		for i, x := range list {
			r, ok := byPage[x.Page]
			if !ok {
				r = &Result{Page: x.Page, Passage: x.Passage}
				byPage[x.Page] = r
				order = append(order, r)
				ranks[x.Page] = i
			} else if i < ranks[x.Page] {
				r.Passage = x.Passage
			}
			r.Score += weight / (f.K + float64(i+1))
			r.Similarity = max(r.Similarity, x.Similarity)
		}
	}
	out := make([]Result, len(order))
	for i, r := range order {
		out[i] = *r
	}
	sortResults(out)
	return out
}
