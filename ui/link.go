package ui

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// MaxQuery is the longest query, in bytes, that a link may carry and the box accepts; the rest is cut at a letter.
const MaxQuery = 1000

// QueryFromHash reads the query out of the fragment of the page's address, "#q=..."; "" when there is none or it is broken.
func QueryFromHash(hash string) string {
	for part := range strings.SplitSeq(strings.TrimPrefix(hash, "#"), "&") {
		if v, ok := strings.CutPrefix(part, "q="); ok {
			q, err := url.QueryUnescape(v)
			if err != nil || !utf8.ValidString(q) {
				return ""
			}
			return cutQuery(q)
		}
	}
	return ""
}

// HashForQuery is the fragment that QueryFromHash reads back; "" for an empty query.
func HashForQuery(q string) string {
	if q == "" {
		return ""
	}
	return "#q=" + strings.ReplaceAll(url.QueryEscape(q), "+", "%20")
}

// cutQuery folds white space and cuts q to MaxQuery bytes at a letter.
func cutQuery(q string) string {
	q = strings.Join(strings.Fields(strings.ToValidUTF8(q, "\uFFFD")), " ")
	if len(q) <= MaxQuery {
		return q
	}
	cut := MaxQuery
	for cut > 0 && !utf8.RuneStart(q[cut]) {
		cut--
	}
	return q[:cut]
}
