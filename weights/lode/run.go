package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// runTasks are the commands below `lode run`, one for each task, with the names of
// pipeline() in the page.
var runTasks = newParentOf("run", "what pipeline() returns in the page, for each task", textsGroup)

// taskFlags is a command of `lode run` while it is defined. Flags that are added to it are
// the options of the task: the page has them with underscores, and --options takes them so.
type taskFlags struct {
	*flags
	dtype   *string
	options *string
	common  map[string]bool // flags that are no options of the task
	set     func() error    // takes --options
}

// newTask is a command of `lode run` for a task of one model.
func newTask(e *env, task, arguments, about string) *taskFlags {
	f := newCommand(e, task+" MODEL "+arguments, about).computes()
	t := &taskFlags{flags: f, dtype: f.dtypeFlag(), common: map[string]bool{}}
	t.options = f.String("options", "", `the options below as a JSON object, with the names of the page: {"top_k": 5}`)
	f.VisitAll(func(x *pflag.Flag) { t.common[x.Name] = true })
	t.set = t.setOptions
	return t
}

// runs is [flags.runs] with the options of --options set first. least is how many arguments
// the task needs besides the model; without any, where least is 0, the texts are the lines
// of standard input.
func (t *taskFlags) runs(least int, do func(model string, texts []string) error) *flags {
	return t.flags.runs(1+least, -1, func(args []string) error {
		if err := t.set(); err != nil {
			return err
		}
		texts, err := t.env.texts(args[1:])
		if err != nil {
			return err
		}
		return do(args[0], texts)
	})
}

// texts are those of the command line or, without any, the lines of standard input that are
// not empty.
func (e *env) texts(given []string) (texts []string, err error) {
	if len(given) > 0 {
		return given, nil
	}
	err = eachLine(e.in, func(_ int, line []byte) error {
		if s := strings.TrimSuffix(string(line), "\r"); strings.TrimSpace(s) != "" {
			texts = append(texts, s)
		}
		return nil
	})
	if err == nil && len(texts) == 0 {
		err = usage("no text, neither as an argument nor on standard input")
	}
	return texts, err
}

// setOptions sets the flags that --options names.
func (t *taskFlags) setOptions() error {
	if *t.options == "" {
		return nil
	}
	var known []string
	t.VisitAll(func(x *pflag.Flag) {
		if !t.common[x.Name] && x.Name != "help" {
			known = append(known, strings.ReplaceAll(x.Name, "-", "_"))
		}
	})
	doc, err := strictjson.ReadDocument([]byte(*t.options))
	if err != nil {
		return usage("--options: %v; expected a JSON object", err)
	}
	err = doc.Members(func(name string, d *strictjson.Decoder) error {
		if !slices.Contains(known, name) {
			if len(known) == 0 {
				return fmt.Errorf("the task has no options, found %q", name)
			}
			return fmt.Errorf("there is no option %q; did you mean %q?", name, nearest(name, known))
		}
		return t.setOption(t.Lookup(strings.ReplaceAll(name, "_", "-")), d)
	})
	if err != nil {
		return usage("--options: %v", err)
	}
	return nil
}

// setOption sets a flag to a JSON value. A flag that was given counts for more, and null is
// the default.
func (t *taskFlags) setOption(flag *pflag.Flag, d *strictjson.Decoder) error {
	if d.Peek() == strictjson.Null {
		return d.Skip()
	}
	values, err := optionValues(d)
	if err == nil && !flag.Changed {
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			flag.Changed = true
			err = list.Replace(values)
		} else if len(values) != 1 {
			err = fmt.Errorf("expected one value, found a list of %d", len(values))
		} else {
			err = t.Set(flag.Name, values[0])
		}
	}
	if err != nil {
		return fmt.Errorf("%q: %w", strings.ReplaceAll(flag.Name, "-", "_"), err)
	}
	return nil
}

// optionValues are the values of an option, as a flag takes them.
func optionValues(d *strictjson.Decoder) (values []string, err error) {
	one := func(int) error {
		var s string
		var err error
		switch d.Peek() {
		case strictjson.String:
			s, err = d.String()
		case strictjson.Number:
			var x float64
			x, err = d.Float()
			s = strconv.FormatFloat(x, 'f', -1, 64)
		case strictjson.Bool:
			var b bool
			b, err = d.Bool()
			s = strconv.FormatBool(b)
		default:
			err = errors.New("expected a text, a number, true or false")
		}
		values = append(values, s)
		return err
	}
	if d.Peek() == strictjson.Array {
		return values, d.Array(one)
	}
	err = one(0)
	return values, err
}

// finding is a line of `lode run --json`: positions are in code points of the text.
type finding struct {
	Text      int     `json:"text"`           // which of the arguments
	Mask      *int    `json:"mask,omitempty"` // which of its masks
	Label     string  `json:"label,omitempty"`
	Found     string  `json:"found,omitempty"`
	Sequence  string  `json:"sequence,omitempty"`
	Score     float64 `json:"score"`
	Start     *int    `json:"start,omitempty"`
	End       *int    `json:"end,omitempty"`
	Truncated bool    `json:"truncated,omitempty"` // the text was longer than the model reads
}

// at is the finding with its place in text, given in bytes.
func (y finding) at(text string, start, end int) finding {
	at := tokenizer.CodePointOffsets(text, []tokenizer.Offset{{Start: start, End: end}})[0]
	y.Start, y.End = &at.Start, &at.End
	return y
}

// print writes a line for each finding.
func (f *flags) print(e *env, all []finding) error {
	out := json.NewEncoder(e.out)
	for _, y := range all {
		if *f.json {
			if err := out.Encode(y); err != nil {
				return err
			}
			continue
		}
		line := fmt.Sprintf("%d\t%.4f", y.Text, y.Score)
		for _, s := range []string{y.Label, y.Found, y.Sequence} {
			if s != "" {
				line += "\t" + printable(s)
			}
		}
		if y.Start != nil {
			line += fmt.Sprintf("\t%d-%d", *y.Start, *y.End)
		}
		if y.Truncated {
			line += "\ttruncated"
		}
		if _, err := fmt.Fprintln(e.out, line); err != nil {
			return err
		}
	}
	return nil
}
