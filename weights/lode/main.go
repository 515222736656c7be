// Lode is Lodestone's native command line: it fetches model folders, looks into them,
// quantises and packs them, and runs them with the same kernels as the browser, under wazero.
//
// `lode help` lists the commands. Each is in a file of its own, which registers it; see
// register in command.go. Results go to stdout, everything else to stderr. The exit status
// is 0, 1 for a failure, 2 for a call that was not understood.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// env is what a command may touch.
type env struct {
	in       io.Reader
	out, err io.Writer
	ctx      context.Context // ends when the user interrupts; nil never ends
	json     bool            // --json
	offline  bool            // --offline: nothing is fetched
}

// context is e.ctx, or one that never ends.
func (e *env) context() context.Context {
	if e.ctx == nil {
		return context.Background()
	}
	return e.ctx
}

// errUsage marks a call that was not understood.
var errUsage = errors.New("usage")

// errFailed is a failure that has been reported already.
var errFailed = errors.New("failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second interrupt ends the program at once.
	context.AfterFunc(ctx, stop)
	status := run(&env{in: os.Stdin, out: os.Stdout, err: os.Stderr, ctx: ctx}, os.Args[1:])
	stop()
	os.Exit(status)
}

// errHelped is a call without a command, for which help has been printed.
var errHelped = errors.New("no command")

// run runs a command line and returns the exit status.
func run(e *env, args []string) int {
	visible := &env{in: e.in, out: &escaper{w: e.out, exact: !isTerminal(e.out)}, err: &escaper{w: e.err}, ctx: e.ctx}
	root := newRoot(visible)
	root.SetArgs(args)
	command, err := root.ExecuteC()
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return 1
	case errors.Is(err, errHelped):
		return 2
	}
	what := command.CommandPath()
	if errors.Is(err, errUsage) {
		fmt.Fprintf(visible.err, "%s: %s\nusage: %s\n`%s --help` describes the flags\n", what, strings.TrimPrefix(err.Error(), errUsage.Error()+": "), command.UseLine(), what)
		return 2
	}
	fmt.Fprintf(visible.err, "%s: %v\n", what, err)
	return 1
}
