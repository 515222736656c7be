// Train makes de-en.txt.gz of package lexicon from parallel texts:
//
//	xz -dc PAIRS.tsv.xz … | go run ./models/siteindex/lexicon/train -o models/siteindex/lexicon/de-en.txt.gz
//
// A line of the input is an English sentence, a tab, the German one, and perhaps a tab and the
// name of the collection. -sets has the names of the collections that are read; lines without a name are.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/german"

	"github.com/lodestone-wasm/lodestone/models/siteindex"
	"github.com/lodestone-wasm/lodestone/models/siteindex/lexicon"
)

const (
	seldom   = 3   // a German term that stands in fewer sentences is left out
	most     = 3   // translations of a term
	probable = .10 // the least probable one
)

func main() {
	log.SetFlags(0)
	out := flag.String("o", "de-en.txt.gz", "file to write")
	sets := flag.String("sets", "php-manual,libreoffice-help,fastapi-docs,gnome-user-docs,mozilla-www", "collections to read, of those with a name")
	flag.Parse()
	if err := run(*out, strings.Split(*sets, ",")); err != nil {
		log.Fatal(err)
	}
}

func run(out string, sets []string) error {
	var pairs, back []lexicon.Pair
	counts := map[string]int{}
	de, en := terms(german.Stem), terms(english.Stem)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		if len(f) < 2 || len(f) > 2 && !slices.Contains(sets, f[2]) {
			continue
		}
		p := lexicon.Pair{From: de(f[1]), To: en(f[0])}
		pairs, back = append(pairs, p), append(back, lexicon.Pair{From: p.To, To: p.From})
		for _, t := range p.From {
			counts[t]++
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	forward, backward := lexicon.Model1(pairs), lexicon.Model1(back)
	var text bytes.Buffer
	n := 0
	for _, d := range sorted(forward) {
		if counts[d] < seldom {
			continue
		}
		type candidate struct {
			term string
			p    float64
		}
		var list []candidate
		for e, p := range forward[d] {
			// A true translation is one in both directions.
			if p := math.Sqrt(p * backward[e][d]); p >= probable {
				list = append(list, candidate{e, p})
			}
		}
		sort.Slice(list, func(i, j int) bool {
			return list[i].p > list[j].p || list[i].p == list[j].p && list[i].term < list[j].term
		})
		if len(list) == 0 || len(list) == 1 && list[0].term == d {
			continue
		}
		text.WriteString(d)
		for _, c := range list[:min(most, len(list))] {
			fmt.Fprintf(&text, " %s %d", c.term, int(math.Round(100*c.p)))
		}
		text.WriteByte('\n')
		n++
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text.Bytes()); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	log.Printf("%d pairs of sentences, %d German terms, %d bytes", len(pairs), n, b.Len())
	return os.WriteFile(out, b.Bytes(), 0o644)
}

// terms are the stems of a text's words of letters.
func terms(stem func(*snowballstem.Env) bool) func(string) []string {
	env := snowballstem.NewEnv("")
	known := map[string]string{}
	return func(text string) (out []string) {
		siteindex.Words(siteindex.Normalize(text), func(w siteindex.Word) {
			if !w.Letters {
				return
			}
			t, ok := known[w.Text]
			if !ok {
				env.SetCurrent(w.Text)
				stem(env)
				t = env.Current()
				known[w.Text] = t
			}
			out = append(out, t)
		})
		return out
	}
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
