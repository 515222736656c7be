package main

import "testing"

// The file that the page loads must be the script of the Vugu that go.mod names: a new Vugu speaks another language to it.
func TestScriptIsFresh(t *testing.T) {
	t.Chdir("../..")
	if err := run(target, true); err != nil {
		t.Error(err)
	}
}
