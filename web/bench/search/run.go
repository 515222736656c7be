package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/siteindex"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

func main() {
	site := flag.String("site", "", "folder of HTML pages")
	name := flag.String("name", "", "name of the site")
	work := flag.String("work", "", "folder for what is made")
	hand := flag.String("questions", "", "file of questions that were written by hand")
	want := flag.Int("headings", 200, "questions that are made of headings")
	model := flag.String("model", "weights/prompt-magneto-en-de-fr", "model folder")
	tune := flag.Bool("tune", false, "the questions for tuning instead of the others")
	grid := flag.Bool("grid", false, "compare weights of the fusion, on the questions for tuning")
	foreign := flag.String("foreign", "", "questions.json of another site: calibrate the thresholds by them, and do nothing else")
	only := flag.Bool("prepare", false, "only write the pages and the questions for the other engines")
	rerank := flag.Bool("rerank", false, "rerank the fused list by the sentence encoder too")
	table := flag.Bool("table", false, "only print the table of the results of all sites in the folder for what is made")
	flag.Parse()
	if *table {
		if err := printAll(*work); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	m := measurement{site: *site, name: *name, work: *work, hand: *hand, headings: *want, model: *model, tune: *tune, rerank: *rerank, grid: *grid, foreign: *foreign, prepare: *only}
	if err := m.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// measurement are the flags of the program.
type measurement struct {
	site, name, work, hand, model, foreign string
	headings                               int
	tune, rerank, grid, prepare            bool
}

func (m measurement) run() error {
	dir := filepath.Join(m.work, m.name)
	pages, index := filepath.Join(dir, "pages"), filepath.Join(dir, "index")
	questions, err := prepare(m.site, pages, m.headings)
	if err != nil {
		return err
	}
	if m.hand != "" {
		more, err := readQuestions(m.hand)
		if err != nil {
			return err
		}
		questions = append(questions, more...)
	}
	if err := writeJSON(filepath.Join(dir, "questions.json"), questions); err != nil {
		return err
	}
	items, err := siteindex.Directory(pages)
	if err != nil {
		return err
	}
	if err := writePages(items, filepath.Join(dir, "pages.jsonl")); err != nil || m.prepare {
		return err
	}
	task, report, took, err := build(items, index, filepath.Join(m.work, "cache", m.name), filepath.Join(m.work, "cache"), m.model)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d pages, %d passages, %d terms, %.1f MB in %d files, %d skipped, %s\n", m.name, report.Pages, report.Passages, report.Terms, float64(report.Bytes)/1e6, report.Chunks, len(report.Skipped), took.Round(time.Second))
	r, err := siteindex.OpenIndex(os.DirFS(index))
	if err != nil {
		return err
	}
	if m.foreign != "" {
		return calibrate(r, m.foreign)
	}
	if m.grid {
		return compareFusion(r, questions)
	}
	results := map[string]map[string]*quality{}
	add := func(engine, set string, found, relevant []string) {
		if results[engine] == nil {
			results[engine] = map[string]*quality{}
		}
		if results[engine][set] == nil {
			results[engine][set] = &quality{}
		}
		results[engine][set].add(found, relevant)
	}
	var bytes, files, ten []int
	kinds := map[string]int64{}
	for _, q := range questions {
		if q.Tune != m.tune {
			continue
		}
		for _, mode := range []siteindex.Mode{siteindex.Keywords, siteindex.Meaning, siteindex.Fused} {
			if mode == siteindex.Fused {
				r.Forget()
			}
			found, err := r.Search(q.Text, siteindex.Query{Mode: mode, Limit: 50})
			if err != nil {
				return err
			}
			if mode == siteindex.Fused {
				addresses(r, found.Results[:min(1, len(found.Results))])
				bytes, files = append(bytes, int(r.Fetched().Bytes)), append(files, r.Fetched().Files)
			}
			add(string(mode), q.Set, addresses(r, found.Results[:min(10, len(found.Results))]), q.Pages)
			if mode == siteindex.Fused {
				ten = append(ten, int(r.Fetched().Bytes))
				for kind, n := range r.Fetched().Kinds {
					kinds[kind] += n
				}
				if m.rerank {
					list, err := reranked(r, task, q.Text, found.Results)
					if err != nil {
						return err
					}
					add("reranked", q.Set, list, q.Pages)
				}
			}
		}
	}
	for _, other := range []string{"pagefind", "minisearch", "orama"} {
		lists, err := readLists(filepath.Join(dir, other+".json"))
		if err != nil {
			continue
		}
		for i, q := range questions {
			if q.Tune == m.tune && i < len(lists) {
				add(other, q.Set, lists[i], q.Pages)
			}
		}
	}
	printTable(results)
	sort.Ints(bytes)
	sort.Ints(files)
	sort.Ints(ten)
	n := len(bytes)
	if n == 0 {
		return fmt.Errorf("%s has no questions", m.site)
	}
	transfer := fmt.Sprintf("fused, nothing cached, until the first result with its text: median %d kB in %d files, most %d kB in %d files; until ten results with text: median %d kB, 95 %% below %d kB, most %d kB",
		bytes[n/2]/1000, files[n/2], bytes[n-1]/1000, files[n-1], ten[n/2]/1000, ten[n*95/100]/1000, ten[n-1]/1000)
	fmt.Println(transfer)
	fmt.Print("the mean of the latter, in bytes:")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Printf(" %s %d", kind, kinds[kind]/int64(n))
	}
	fmt.Println()
	if !m.tune {
		return writeResults(filepath.Join(dir, "results.tsv"), results, transfer)
	}
	return nil
}

func printTable(results map[string]map[string]*quality) {
	fmt.Printf("%-12s", "nDCG@10, recall@10")
	for _, s := range sets {
		fmt.Printf("  %-14s", s)
	}
	fmt.Println()
	for _, engine := range engines {
		if results[engine] == nil {
			continue
		}
		fmt.Printf("%-18s", engine)
		for _, s := range sets {
			if q := results[engine][s]; q != nil {
				fmt.Printf("  %-14s", q)
			} else {
				fmt.Printf("  %-14s", "")
			}
		}
		fmt.Println()
	}
}

// addresses are the files of results. Their text is read too, as a page reads it.
func addresses(r *siteindex.Reader, list []siteindex.Result) (out []string) {
	for _, x := range list {
		p, err := r.Record(x.Page)
		if err != nil {
			return out
		}
		if _, err := r.Passage(p, r.PassageInPage(x)); err != nil {
			return out
		}
		out = append(out, file(p.Address))
	}
	return out
}

// build indexes the pages with the model's vectors.
func build(items []siteindex.Item, index, cache, shared, model string) (*tasks.FeatureExtraction, *siteindex.Report, time.Duration, error) {
	b, err := simd.New(context.Background())
	if err != nil {
		return nil, nil, 0, err
	}
	task, err := pipeline.Open(kernels.NewDevice(b), pipeline.Dir(model), pipeline.FeatureExtraction, pipeline.Options{})
	if err != nil {
		return nil, nil, 0, err
	}
	text, err := os.ReadFile(filepath.Join(model, "tokenizer.json"))
	if err != nil {
		return nil, nil, 0, err
	}
	pieces, err := siteindex.ReadPieces(text)
	if err != nil {
		return nil, nil, 0, err
	}
	if err := os.MkdirAll(shared, 0o755); err != nil {
		return nil, nil, 0, err
	}
	name := filepath.Base(model)
	e, err := siteindex.Distill(nil, task, pieces, name, filepath.Join(shared, name+".rows"), name, func(int, int) {})
	if err != nil {
		return nil, nil, 0, err
	}
	start := time.Now()
	report, err := siteindex.Build(context.Background(), items, index, siteindex.Options{Cache: cache, Encoder: e})
	return task, report, time.Since(start), err
}

// reranked orders the first results by the sentence encoder: the cosine of the query and the
// best of a page's passages, among those that the index found.
func reranked(r *siteindex.Reader, task *tasks.FeatureExtraction, query string, list []siteindex.Result) ([]string, error) {
	const depth = 20
	list = list[:min(depth, len(list))]
	texts := []string{query}
	for _, x := range list {
		p, err := r.Record(x.Page)
		if err != nil {
			return nil, err
		}
		q, err := r.Passage(p, r.PassageInPage(x))
		if err != nil {
			return nil, err
		}
		texts = append(texts, strings.Join(append(append([]string{p.Title}, q.Headings...), q.Text), " "))
	}
	v, err := task.Run(nil, texts, tasks.FeatureExtractionOptions{Normalize: true})
	if err != nil {
		return nil, err
	}
	dim := v.Dims[1]
	for i := range list {
		sum := 0.0
		for k := range dim {
			sum += float64(v.Data[k]) * float64(v.Data[(i+1)*dim+k])
		}
		// The order before counts as well: two lists, fused as keywords and vectors are.
		list[i].Score, list[i].Similarity = 1/(60+float64(i+1)), sum
	}
	byCosine := make([]int, len(list))
	for i := range byCosine {
		byCosine[i] = i
	}
	sort.SliceStable(byCosine, func(a, b int) bool { return list[byCosine[a]].Similarity > list[byCosine[b]].Similarity })
	for rank, i := range byCosine {
		list[i].Score += 1 / (60 + float64(rank+1))
	}
	sort.SliceStable(list, func(a, b int) bool { return list[a].Score > list[b].Score })
	return addresses(r, list[:min(10, len(list))]), nil
}

// compareFusion prints the measures of some weights of the fusion.
func compareFusion(r *siteindex.Reader, questions []question) error {
	for _, k := range []float64{5, 10, 20, 60} {
		for _, static := range []float64{0.05, 0.1, 0.15, 0.25, 0.4, 0.6} {
			r.Manifest.Fusion = siteindex.Fusion{K: k, Keywords: 1, Static: static}
			measured := map[string]map[string]*quality{"fused": {}}
			for _, q := range questions {
				if !q.Tune {
					continue
				}
				found, err := r.Search(q.Text, siteindex.Query{Mode: siteindex.Fused})
				if err != nil {
					return err
				}
				if measured["fused"][q.Set] == nil {
					measured["fused"][q.Set] = &quality{}
				}
				measured["fused"][q.Set].add(addresses(r, found.Results), q.Pages)
			}
			fmt.Printf("k %g, static %g\n", k, static)
			printTable(measured)
		}
	}
	return nil
}

// writePages writes the pages as JSON lines, for the engines that take text.
func writePages(items []siteindex.Item, name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	out := json.NewEncoder(f)
	for _, it := range items {
		source, err := it.Open()
		if err != nil {
			return err
		}
		p, err := siteindex.ParseHTML(source, it.Address)
		if err != nil {
			continue // not to be indexed
		}
		line := map[string]string{"id": file(p.Address), "title": p.Title}
		var headings, text []string
		for _, b := range p.Blocks {
			if b.Heading > 0 {
				headings = append(headings, b.Text)
			} else {
				text = append(text, b.Text)
			}
		}
		line["headings"], line["text"] = strings.Join(headings, " "), strings.Join(text, " ")
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return f.Close()
}

// file is the file of an address.
func file(address string) string {
	if address == "" || strings.HasSuffix(address, "/") {
		return address + "index.html"
	}
	return address
}

// calibrate prints the thresholds of the static vectors: the similarity of the best page to
// questions that this site cannot answer, those of another site. Half of them are below
// related, nine of ten below close.
func calibrate(r *siteindex.Reader, foreign string) error {
	var questions []question
	b, err := os.ReadFile(foreign)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &questions); err != nil {
		return err
	}
	var best []float64
	for _, q := range questions {
		if !q.Tune {
			continue
		}
		found, err := r.Search(q.Text, siteindex.Query{Mode: siteindex.Meaning, Limit: 1})
		if err != nil {
			return err
		}
		if len(found.Results) > 0 {
			best = append(best, found.Results[0].Similarity)
		}
	}
	sort.Float64s(best)
	if len(best) == 0 {
		return fmt.Errorf("%s has no question for tuning", foreign)
	}
	fmt.Printf("%d questions of another site: related %.2f, close %.2f\n", len(best), best[len(best)/2], best[len(best)*9/10])
	return nil
}
