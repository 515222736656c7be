package siteindex

import (
	"strings"
)

const (
	repeatedPages = 10  // pages from which on repetition counts
	repeatedShare = 0.3 // share of pages from which on a block is the site's, not the page's
)

// clean takes out what pages share: blocks that stand in many pages, such as a licence or a
// navigation that nothing marks, and the site's name at the end or the beginning of titles.
func clean(pages []indexed) {
	if len(pages) < repeatedPages {
		return
	}
	seen := map[string]int{}
	for _, p := range pages {
		mine := map[string]bool{}
		for _, b := range p.Blocks {
			if !mine[b.Text] && len(b.Text) <= 1000 {
				mine[b.Text] = true
				seen[b.Text]++
			}
		}
	}
	limit := max(repeatedPages/2, int(repeatedShare*float64(len(pages))))
	for i := range pages {
		p := pages[i].Page
		kept := make([]Block, 0, len(p.Blocks))
		for _, b := range p.Blocks {
			if b.Heading > 0 || seen[b.Text] <= limit {
				kept = append(kept, b)
			}
		}
		// The page may be in a cache, which has to keep what was read.
		q := *p
		q.Blocks = kept
		pages[i].Page = &q
	}
	cleanTitles(pages)
}

var separators = []string{" — ", " – ", " | ", " - ", " · ", " :: ", ": "}

// cleanTitles removes a part of the titles that more than half of the pages share.
func cleanTitles(pages []indexed) {
	for _, sep := range separators {
		ends, begins := map[string]int{}, map[string]int{}
		for _, p := range pages {
			if i := strings.LastIndex(p.Title, sep); i > 0 {
				ends[p.Title[i:]]++
			}
			if i := strings.Index(p.Title, sep); i > 0 {
				begins[p.Title[:i+len(sep)]]++
			}
		}
		for i := range pages {
			p := pages[i].Page
			if at := strings.LastIndex(p.Title, sep); at > 0 && 2*ends[p.Title[at:]] > len(pages) {
				p.Title = p.Title[:at]
			} else if at := strings.Index(p.Title, sep); at > 0 && 2*begins[p.Title[:at+len(sep)]] > len(pages) {
				p.Title = p.Title[at+len(sep):]
			}
		}
	}
}

var commonWords = map[string]map[string]bool{
	"en": set("the and of to is that for with are this be as or it by from not on which an"),
	"de": set("der die und das ist nicht mit den von sie ein eine zu auf für dem des werden wird im"),
	"fr": set("le la les des et est une pour dans que qui sur pas par avec sont du au ce cette"),
}

// guessLanguage guesses a page's language by its most frequent words; "" if no language has
// a tenth of them.
func guessLanguage(passages []Passage) string {
	counts, total := map[string]int{}, 0
	for _, p := range passages {
		for _, w := range strings.Fields(strings.ToLower(p.Text)) {
			total++
			for l, words := range commonWords {
				if words[w] {
					counts[l]++
				}
			}
		}
		if total > 2000 {
			break
		}
	}
	best, most := "", total/10
	for _, l := range StemmedLanguages {
		if counts[l] > most {
			best, most = l, counts[l]
		}
	}
	return best
}
