// Package route reads and writes the fragment of the page's address: which view is shown, and with what.
package route

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/format"
)

// Address is a fragment. "#/model?folder=x" names the view "model" and its parameters. A fragment without "#/" belongs to the first
// view, the search; "#q=snow" carries a query for it.
type Address struct {
	View   string // "" for the first
	Params url.Values
	Query  string // of "#q="
}

// Parse reads a fragment. Parameters that cannot be read are left out.
func Parse(hash string) Address {
	a := Address{Params: url.Values{}}
	rest, ok := strings.CutPrefix(hash, "#/")
	if !ok {
		a.Query = query(hash)
		return a
	}
	name, params, _ := strings.Cut(rest, "?")
	a.View = name
	if v, err := url.ParseQuery(params); err == nil {
		a.Params = v
	}
	return a
}

// MaxQuery is the longest query in bytes. The rest is cut off between two code points.
const MaxQuery = 1000

// Fold replaces runs of white space by single spaces and cuts q to MaxQuery bytes.
func Fold(q string) string {
	return format.Cut(strings.Join(strings.Fields(strings.ToValidUTF8(q, "\uFFFD")), " "), MaxQuery)
}

// query reads the value of "q" in a fragment, "" if there is none or it cannot be read.
func query(hash string) string {
	for part := range strings.SplitSeq(strings.TrimPrefix(hash, "#"), "&") {
		if v, ok := strings.CutPrefix(part, "q="); ok {
			q, err := url.QueryUnescape(v)
			if err != nil || !utf8.ValidString(q) {
				return ""
			}
			return Fold(q)
		}
	}
	return ""
}

// Search is the fragment of a query, "" for an empty query.
func Search(q string) string {
	if q == "" {
		return ""
	}
	return "#q=" + strings.ReplaceAll(url.QueryEscape(q), "+", "%20")
}

// Model is the fragment that shows a folder in the view "Model". The folder "" is the model of the search.
func Model(folder string) string {
	if folder = strings.TrimSpace(folder); folder == "" {
		return "#/model"
	}
	return "#/model?" + url.Values{"folder": {folder}}.Encode()
}
