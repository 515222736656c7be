// Command testdata makes the indexes of the example sites, and what the Go reader finds in
// one of them: go run ./web/elements/search/testdata
//
// The search of the page reads the same index (../site.test.mjs) and has to find the same.
// Hugo's site has static vectors, for the pieces that stand in its pages and in the queries
// and for the most frequent ones, so that the index stays small; the two others have keywords only.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unicode"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/siteindex"
)

const (
	sites    = "web/examples/sites"
	expected = "web/elements/search/testdata/queries.jsonl"
	model    = "prompt-magneto-en-de-fr"
	frequent = 1500 // pieces
)

// queries are typed as they are; a space at the end says that the last word is whole.
var queries = []string{
	"backup", "make a backup ", "how do I save my notes", "restore ", "instal", "installation ", "encryption key lost",
	"bakcup ", "tempalte ", "exit code", "backup.folder", "macOS ", "pictures", "two machines ", "sel", "b", "",
	"Sicherung der Notizen ", "Einstellungen ändern ", "Schlüssel vergessen ", "copier mes notes ", "日本語", "😀", "of the and ",
}

// row is a query and the pages that the Go reader finds, the best first.
type row struct {
	Query     string            `json:"query"`
	Keywords  []int             `json:"keywords"`
	Static    []int             `json:"static"`
	Fused     []int             `json:"fused"`
	Similar   []int             `json:"similar"` // pages of fused whose similarity reaches the threshold
	Corrected map[string]string `json:"corrected"`
}

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	for _, site := range []string{"hugo", "astro", "mkdocs"} {
		dir := filepath.Join(sites, site, "site")
		out := filepath.Join(dir, "search")
		if err := os.RemoveAll(out); err != nil {
			return err
		}
		items, err := siteindex.Directory(dir)
		if err != nil {
			return err
		}
		o := siteindex.Options{Threshold: siteindex.Threshold{Close: 0.6, Related: 0.4}}
		if site == "hugo" {
			if o.Encoder, err = encoder(ctx, items); err != nil {
				return err
			}
		}
		report, err := siteindex.Build(ctx, items, out, o)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d pages, %d passages, %d chunks, %d bytes\n", site, report.Pages, report.Passages, report.Chunks, report.Bytes)
	}
	return find(filepath.Join(sites, "hugo/site/search"))
}

// encoder distils the vectors of the pieces that matter here.
func encoder(ctx context.Context, items []siteindex.Item) (*siteindex.Encoder, error) {
	tokenizer, err := os.ReadFile(filepath.Join("weights", model, "tokenizer.json"))
	if err != nil {
		return nil, err
	}
	pieces, err := siteindex.ReadPieces(tokenizer)
	if err != nil {
		return nil, err
	}
	texts := append([]string{}, queries...)
	for _, item := range items {
		b, err := item.Open()
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(b))
	}
	wanted := map[string]bool{}
	for _, word := range strings.FieldsFunc(strings.Join(texts, " "), unicode.IsSpace) {
		word = "▁" + word
		for i := range word {
			for j := i + 1; j <= len(word) && j-i <= 40; j++ {
				wanted[word[i:j]] = true
			}
		}
	}
	byScore := append([]siteindex.Piece{}, pieces...)
	sort.SliceStable(byScore, func(i, j int) bool { return byScore[i].Score > byScore[j].Score })
	var kept []siteindex.Piece
	for i, p := range byScore {
		if i < frequent || wanted[p.Text] {
			kept = append(kept, p)
		}
	}
	backend, err := simd.New(ctx)
	if err != nil {
		return nil, err
	}
	defer backend.Close()
	task, err := pipeline.Open(kernels.NewDevice(backend), pipeline.Dir(filepath.Join("weights", model)), pipeline.FeatureExtraction, pipeline.Options{})
	if err != nil {
		return nil, err
	}
	return siteindex.Distill(ctx, task, kept, model, "", "", func(int, int) {})
}

// find writes what the Go reader finds.
func find(index string) error {
	r, err := siteindex.OpenIndex(os.DirFS(index))
	if err != nil {
		return err
	}
	f, err := os.Create(expected)
	if err != nil {
		return err
	}
	defer f.Close()
	out := json.NewEncoder(f)
	out.SetEscapeHTML(false)
	for _, query := range queries {
		x := row{Query: query, Similar: []int{}}
		for _, mode := range []siteindex.Mode{siteindex.Keywords, siteindex.Meaning, siteindex.Fused} {
			found, err := r.Search(query, siteindex.Query{Mode: mode, Limit: 100, Typed: true})
			if err != nil {
				return err
			}
			pages := []int{}
			for _, result := range found.Results {
				pages = append(pages, result.Page)
				if mode == siteindex.Fused && result.Similarity >= r.Manifest.Static.Threshold.Related {
					x.Similar = append(x.Similar, result.Page)
				}
			}
			switch mode {
			case siteindex.Keywords:
				x.Keywords, x.Corrected = pages, found.Corrected
			case siteindex.Meaning:
				x.Static = pages
			default:
				x.Fused = pages
			}
		}
		if err := out.Encode(x); err != nil {
			return err
		}
	}
	return f.Close()
}
