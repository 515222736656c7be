package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// The groups of commands, as `lode help` lists them.
const (
	foldersGroup = "folders"
	textsGroup   = "texts"
	checksGroup  = "checks"
)

var groups = []*cobra.Group{
	{ID: foldersGroup, Title: "Model folders:"},
	{ID: textsGroup, Title: "Texts:"},
	{ID: checksGroup, Title: "Measurements:"},
}

// registered makes the commands; see register.
var registered []func(e *env) *cobra.Command

// register adds a command to lode. The file of a command calls it:
//
//	func init() {
//		register(foldersGroup, func(e *env) *flags {
//			f := newCommand(e, "pack DIR", "write manifest.json with the SHA-256 of every file")
//			force := f.Bool("force", false, "replace a manifest")
//			return f.runs(1, 1, func(args []string) error { … })
//		})
//	}
func register(group string, define func(e *env) *flags) {
	registered = append(registered, func(e *env) *cobra.Command {
		c := define(e).command
		c.GroupID = group
		return c
	})
}

// parent is a command that only has commands below it, such as run.
type parent struct {
	name, about, group string
	children           []func(e *env) *flags
}

// newParentOf is a parent that is a command of lode.
func newParentOf(name, about, group string) *parent {
	p := &parent{name: name, about: about, group: group}
	registered = append(registered, func(e *env) *cobra.Command {
		c := newParent(e, p.name+" COMMAND", p.about)
		c.GroupID = p.group
		for _, define := range p.children {
			c.AddCommand(define(e).command)
		}
		return c
	})
	return p
}

// register adds a command below p, as [register] does below lode.
func (p *parent) register(define func(e *env) *flags) { p.children = append(p.children, define) }

// newRoot is the command lode.
func newRoot(e *env) *cobra.Command {
	root := newParent(e, "lode", "language models on your own machine: fetch, inspect, quantise and run them")
	root.PersistentFlags().BoolVar(&e.json, "json", false, "print JSON, for a program")
	root.PersistentFlags().BoolVar(&e.offline, "offline", os.Getenv("HF_HUB_OFFLINE") == "1", "fetch nothing: models are on this machine (HF_HUB_OFFLINE=1)")
	root.AddGroup(groups...)
	for _, define := range registered {
		root.AddCommand(define(e))
	}
	root.SetIn(e.in)
	root.SetOut(e.out)
	root.SetErr(e.err)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	root.InitDefaultCompletionCmd()
	return root
}

// newParent is a command that only has commands below it.
func newParent(e *env, use, about string) *cobra.Command {
	c := &cobra.Command{Use: use, Short: about, Args: cobra.ArbitraryArgs}
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("%w: there is no command %q; did you mean %q?", errUsage, args[0], nearest(args[0], names(c)))
		}
		c.SetOut(e.err)
		_ = c.Help()
		return errHelped
	}
	return c
}

// names are those of the commands below c.
func names(c *cobra.Command) []string {
	var all []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			all = append(all, sub.Name())
		}
	}
	return all
}

// nearest is the name that takes the fewest changed letters to become what was written.
func nearest(written string, names []string) string {
	best, least := "", math.MaxInt
	for _, name := range names {
		if n := lean.Edits(name, written); n < least {
			best, least = name, n
		}
	}
	return best
}

// flagError names the nearest flag in the error of an unknown one.
func flagError(c *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		name := unknown.GetSpecifiedName()
		return fmt.Errorf("%w: there is no flag --%s; did you mean --%s?", errUsage, name, nearest(name, known))
	}
	return fmt.Errorf("%w: %v", errUsage, err)
}

// flags is a command while it is defined: its flags, and those that every command has.
type flags struct {
	*pflag.FlagSet
	command *cobra.Command
	env     *env
	json    *bool
	backend *string
}

// newCommand is a command. use is its name and the arguments, about what it does.
func newCommand(e *env, use, about string) *flags {
	c := &cobra.Command{Use: use, Short: about, DisableFlagsInUseLine: false}
	f := &flags{FlagSet: c.Flags(), command: c, env: e, json: &e.json}
	f.SortFlags = false
	return f
}

// computes adds the flags of a command that runs a model.
func (f *flags) computes() *flags {
	f.backend = f.String("backend", "simd128", "kernels: simd128 or reference")
	return f
}

// describe is what --help prints above the flags.
func (f *flags) describe(text string) *flags {
	f.command.Long = f.command.Short + "\n\n" + strings.TrimSpace(text)
	return f
}

// runs says what the command does with its arguments, of which there must be at least low
// and at most high (−1: any number).
func (f *flags) runs(low, high int, do func(args []string) error) *flags {
	f.command.Args = func(_ *cobra.Command, args []string) error {
		if len(args) < low || high >= 0 && len(args) > high {
			return fmt.Errorf("%w: %s (%s)", errUsage, plural(len(args), "argument"), strings.Join(args, " "))
		}
		return nil
	}
	f.command.RunE = func(_ *cobra.Command, args []string) error { return do(args) }
	return f
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// usage is the error of a call that was not understood.
func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, args...))
}
