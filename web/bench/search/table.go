package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

var (
	sets    = []string{"headings", "paraphrases", "german"}
	engines = []string{"keywords", "static", "fused", "reranked", "pagefind", "minisearch", "orama"}
)

// writeResults keeps the measures of a site in results.tsv of its folder, for the table of all sites.
func writeResults(name string, results map[string]map[string]*quality, transfer string) error {
	var b strings.Builder
	for _, engine := range engines {
		for _, set := range sets {
			if q := results[engine][set]; q != nil {
				fmt.Fprintf(&b, "%s\t%s\t%s\n", engine, set, q)
			}
		}
	}
	fmt.Fprintf(&b, "transfer\tall\t%s\n", transfer)
	return os.WriteFile(name, []byte(b.String()), 0o644)
}

// printAll prints one table, in Markdown, of the results of all sites in a folder.
func printAll(work string) error {
	files, err := filepath.Glob(filepath.Join(work, "*", "results.tsv"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("%s has no results (%w)", work, os.ErrNotExist)
	}
	sort.Strings(files)
	fmt.Println("nDCG@10, recall@10, of the questions that nothing was chosen by:")
	fmt.Println()
	fmt.Println("| site | engine | " + strings.Join(sets, " | ") + " |")
	fmt.Println("|---|---|" + strings.Repeat("---|", len(sets)))
	var transfers []string
	for _, file := range files {
		site := filepath.Base(filepath.Dir(file))
		cells, transfer, err := readResults(file)
		if err != nil {
			return err
		}
		for _, engine := range engines {
			if cells[engine] == nil {
				fmt.Printf("| %s | %s | not run |%s\n", site, engine, strings.Repeat(" |", len(sets)-1))
				continue
			}
			fmt.Printf("| %s | %s |", site, engine)
			for _, set := range sets {
				fmt.Printf(" %s |", cells[engine][set])
			}
			fmt.Println()
		}
		transfers = append(transfers, site+": "+transfer)
	}
	fmt.Println()
	fmt.Println(strings.Join(transfers, "\n"))
	return nil
}

func readResults(file string) (cells map[string]map[string]string, transfer string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	cells = map[string]map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.SplitN(lines.Text(), "\t", 3)
		switch {
		case len(fields) != 3:
			return nil, "", fmt.Errorf("%s: %q has %d fields; 3 were expected", file, lines.Text(), len(fields))
		case fields[0] == "transfer":
			transfer = fields[2]
		default:
			if cells[fields[0]] == nil {
				cells[fields[0]] = map[string]string{}
			}
			cells[fields[0]][fields[1]] = fields[2]
		}
	}
	return cells, transfer, lines.Err()
}
