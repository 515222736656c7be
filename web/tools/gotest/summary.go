package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action, Package, Test, Output string
}

// counts are the tests, subtests included, by outcome.
type counts struct{ Passed, Failed, Skipped int }

// summarise reads the events of go test -json from r and writes to w the result
// line of every package and everything that a failed test or package printed.
func summarise(r io.Reader, w io.Writer) (counts, error) {
	var total counts
	output := map[string][]string{} // by package and test, until the outcome is known
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(w, line) // go test also prints plain lines, such as those of a failed build
			} else {
				total.add(e)
				show(w, e, output)
			}
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func (c *counts) add(e event) {
	if e.Test == "" {
		return
	}
	switch e.Action {
	case "pass":
		c.Passed++
	case "fail":
		c.Failed++
	case "skip":
		c.Skipped++
	}
}

func show(w io.Writer, e event, output map[string][]string) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(w, e.Output)
	case "output":
		if e.Test == "" && isResult(e.Output) {
			fmt.Fprint(w, e.Output)
			return
		}
		output[key] = append(output[key], e.Output)
	case "skip":
		if e.Test != "" {
			fmt.Fprintf(w, "SKIP\t%s %s\n", e.Package, e.Test)
		}
		delete(output, key)
	case "pass":
		delete(output, key)
	case "fail":
		for _, s := range output[key] {
			fmt.Fprint(w, s)
		}
		delete(output, key)
	}
}

// isResult tells whether s is the line that sums a package up.
func isResult(s string) bool {
	for _, prefix := range []string{"ok  \t", "FAIL\t", "?   \t"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}
