package main

import "testing"

// The file that the page loads must be the script of the version of Vugu in go.mod.
func TestScriptIsFresh(t *testing.T) {
	t.Chdir("../..")
	if err := run(target, true); err != nil {
		t.Error(err)
	}
}
