// Lode is Lodestone's native command line: it looks into model folders, quantises and
// packs them, and runs them with the same kernels as the browser, under wazero.
//
//	lode inspect DIR                              what a model folder holds
//	lode quantize --dtype q8|q4 IN OUT            an f32, f16 or bf16 folder becomes int8 or int4
//	lode prune MODEL --text FILE --out DIR        a mixture of experts becomes dense, for one task
//	lode merge MODEL --clusters N --out DIR       clusters of experts become one expert each
//	lode pack DIR                                 write manifest.json with SHA-256 sums
//	lode tokenize --model DIR                     JSON strings on stdin → ids and offsets
//	lode embed --model DIR [--dtype f32|q8|q4]    lines on stdin → JSON vectors
//	lode serve --model DIR [--addr ADDR]          an embeddings service, over HTTP
//	lode run TASK MODEL TEXT...                    words for masks, classes, entities, answers, texts
//	lode run crop --translator DIR --tagger DIR   entities of another language, step by step
//	lode eval sts --model DIR FILE.csv            Spearman's correlation on an STS file
//	lode eval classification --model DIR FILE.tsv accuracy of a classifier on labelled texts
//	lode eval entities --model DIR FILE           F1 of a tagger on labelled words
//	lode eval translation --model DIR FILE REF    BLEU and chrF of a translator
//	lode eval perplexity --model DIR FILE         perplexity of a language model
//	lode eval crop --translator DIR --tagger DIR FILE  F1 of CROP, and where entities are lost
//	lode encrypt-classify --server URL --model DIR TEXT...  classes by a server that cannot read the text
//	lode index DIR|SITEMAP|FILE.jsonl -o OUT --model DIR   the search index of a site
//	lode verify DIR|FILE.json...                  golden vectors
//
// Begin with commands in this file. Results go to stdout, everything else to stderr.
// The exit status is 0, 1 for a failure, 2 for a call that was not understood.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// env is what a command may touch.
type env struct {
	in       io.Reader
	out, err io.Writer
}

type command struct {
	name, args, about string
	run               func(e *env, args []string) error
}

var commands = []command{
	{"inspect", "[--svg FILE] DIR", "what a model folder holds", inspect},
	{"quantize", "[--dtype q8|q4|f32] [--force] IN OUT", "write a quantised copy of a model folder", quantize},
	{"prune", "MODEL --text FILE --out DIR [--beta 0.5] [--windows 5]", "a mixture of experts to a dense model for the task of the texts", pruneModel},
	{"merge", "MODEL --clusters N --out DIR [--text FILE]", "clusters of experts to one expert each", mergeModel},
	{"pack", "DIR", "write manifest.json with the SHA-256 of every file", pack},
	{"tokenize", "--model DIR", "JSON strings, one a line, on stdin → {\"ids\":…,\"offsets\":…}", tokenize},
	{"embed", "--model DIR [--dtype auto|f32|q8|q4] [--normalize]", "lines on stdin → JSON vectors", embed},
	{"serve", "--model [NAME=]DIR... [--addr ADDR] [--token-file FILE]", "an embeddings service over HTTP, with the calls of OpenAI, Cohere, Jina and Text Embeddings Inference (--entities, --classify, --translate [NAME=]DIR: more models)", serve},
	{"run", "TASK MODEL TEXT... [--context TEXT] [--top-k N] [--options JSON]", "what pipeline() finds: " + taskNames() + " (crop --translator DIR --tagger DIR --src-lang LANG [TEXT...])", runTask},
	{"eval", "sts|classification|entities|translation|perplexity|crop --model DIR FILE...", "Spearman's correlation with human scores; accuracy; F1 of a tagger or of CROP (--translator DIR --tagger DIR); BLEU and chrF of a translator; a language model's perplexity", eval},
	{"encrypt-classify", "--server URL --model DIR [--tokens 32] TEXT...", "classes of texts, computed under encryption by lode serve --encrypted", encryptClassify},
	{"index", "DIR|SITEMAP|FILE.jsonl -o OUT --model DIR [--base URL] [--language en] [--cache DIR]", "write the search index of a site: HTML, Markdown, JSON lines or the pages of a sitemap", index},
	{"verify", "[--dtype f32|q8|q4] DIR|FILE.json...", "hold models, and the functions of CROP and of pruning, against golden vectors", verify},
}

// errUsage marks a call that was not understood.
var errUsage = errors.New("usage")

// errFailed is a failure that has been reported already.
var errFailed = errors.New("failed")

func main() { os.Exit(run(&env{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:])) }

func run(e *env, args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		usage(e.err)
		if len(args) == 0 {
			return 2
		}
		return 0
	}
	for _, c := range commands {
		if c.name != args[0] {
			continue
		}
		switch err := c.run(e, args[1:]); {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.Is(err, errUsage):
			fmt.Fprintf(e.err, "lode %s: %v\nusage: lode %s %s\n", c.name, err, c.name, c.args)
			return 2
		case errors.Is(err, errFailed):
			return 1
		default:
			fmt.Fprintf(e.err, "lode %s: %v\n", c.name, err)
			return 1
		}
	}
	fmt.Fprintf(e.err, "lode: unknown command %q\n", args[0])
	usage(e.err)
	return 2
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: lode COMMAND …")
	for _, c := range commands {
		fmt.Fprintf(w, "  lode %-62s %s\n", c.name+" "+c.args, c.about)
	}
	fmt.Fprintln(w, "Every command takes --json (results that a program reads) and --backend simd128|reference where it computes.")
}

// flags is a flag set whose flags may stand before, between and after the arguments.
type flags struct {
	*flag.FlagSet
	json    *bool
	backend *string
}

func newFlags(e *env, c string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet("lode "+c, flag.ContinueOnError)}
	f.SetOutput(e.err)
	f.json = f.Bool("json", false, "print JSON")
	f.backend = f.String("backend", "simd128", "kernels: simd128 or reference")
	return f
}

// parse returns the arguments, of which there must be at least low and at most high
// (−1: any number).
func (f *flags) parse(args []string, low, high int) ([]string, error) {
	var rest []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, fmt.Errorf("%w: %v", errUsage, err)
		}
		if args = f.Args(); len(args) == 0 {
			break
		}
		rest = append(rest, args[0])
		args = args[1:]
	}
	if len(rest) < low || high >= 0 && len(rest) > high {
		return nil, fmt.Errorf("%w: %d arguments (%s)", errUsage, len(rest), strings.Join(rest, " "))
	}
	return rest, nil
}
