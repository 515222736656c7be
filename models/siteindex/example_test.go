package siteindex_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/siteindex"
)

func Example() {
	out, err := os.MkdirTemp("", "index")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(out)
	items, err := siteindex.Lines(strings.NewReader(`
		{"url": "horses.html", "title": "Horses", "language": "en", "text": "Horses gallop over the meadow."}
		{"url": "bread.html", "title": "Bread", "language": "en", "text": "Bread is baked in an oven."}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := siteindex.Build(context.Background(), items, out, siteindex.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	r, err := siteindex.OpenIndex(os.DirFS(out))
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := r.Search("galloping", siteindex.Query{})
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err := r.Record(found.Results[0].Page)
	fmt.Println(page.Address, page.Title, err)
	// Output: horses.html Horses <nil>
}
