package crop_test

import (
	"os"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/golden"
)

// The expected values are what the official code returned (testdata/README.md). The one
// exception is its IndexError on a slot without an entity: here the slot is dropped.
func TestEveryCaseOfTheOfficialCode(t *testing.T) {
	data, err := os.ReadFile("testdata/crop_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	_, cases, err := golden.RunCases(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if c.Wrong != "" {
			t.Errorf("case %s: %s", c.Name, c.Wrong)
		}
	}
	if len(cases) != 25 {
		t.Errorf("%d cases, expected 25", len(cases))
	}
}
