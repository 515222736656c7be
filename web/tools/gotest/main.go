// Command gotest runs go test and prints one line a package, the output of what
// failed, and how many tests passed:
//
//	go run ./web/tools/gotest -race ./models/...
//
// All arguments go to go test. Plain go test prints no number of tests, and a run
// in which half of them vanished looks like one in which all of them passed.
package main

import (
	"fmt"
	"os"
	"os/exec"
)

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(2)
	}
	total, err := summarise(out, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest: reading go test:", err)
	}
	failed := cmd.Wait() != nil || err != nil || total.Failed > 0
	if failed && total.Failed == 0 {
		total.Failed = 1 // a package that does not build counts as a test that failed
	}
	if total.Passed == 0 && !failed {
		fmt.Fprintln(os.Stderr, "gotest: no test ran")
		failed = true
	}
	fmt.Printf("go test: %d passed, %d failed, %d skipped\n", total.Passed, total.Failed, total.Skipped)
	if failed {
		os.Exit(1)
	}
}
