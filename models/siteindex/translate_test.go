package siteindex

import (
	"os"
	"slices"
	"testing"
)

func TestGermanQueriesFindEnglishPages(t *testing.T) {
	dir := t.TempDir()
	pages := map[string]string{
		"tables.html":   "Delete a table with all of its rows. A table has columns.",
		"password.html": "The user changes the password of the database.",
		"list.html":     "Sort a list. The German article der stands here by accident, and so does das.",
	}
	var items []Item
	for name, text := range pages {
		items = append(items, Item{Address: name, Kind: "html", Open: func() ([]byte, error) {
			return []byte("<html lang=en><title>" + name[:3] + "</title><main><p>" + text + "</p></main></html>"), nil
		}})
	}
	slices.SortFunc(items, func(a, b Item) int {
		if a.Address < b.Address {
			return -1
		}
		return 1
	})
	if _, err := Build(t.Context(), items, dir, Options{}); err != nil {
		t.Fatal(err)
	}
	r, err := OpenIndex(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if r.Manifest.Translates != "de" {
		t.Fatalf("the index translates %q", r.Manifest.Translates)
	}
	for query, want := range map[string]string{
		"Tabelle":                   "tables.html",
		"Wie lösche ich Tabellen":   "tables.html",
		"Tabellenspalten":           "tables.html", // a compound of two words
		"Passwort des Benutzers":    "password.html",
		"das Passwort der Benutzer": "password.html", // two words stand in list.html as they are
		"table":                     "tables.html",   // English stays as it is
	} {
		found, err := r.Search(query, Query{Mode: Keywords})
		if err != nil || len(found.Results) == 0 {
			t.Errorf("%q: %v, %v", query, found, err)
			continue
		}
		p, err := r.Record(found.Results[0].Page)
		if err != nil || p.Address != want {
			t.Errorf("%q finds %s first, %v; %s was expected", query, p.Address, err, want)
		}
		if len(found.Corrected) > 0 {
			t.Errorf("%q was corrected: %v", query, found.Corrected)
		}
	}
}
