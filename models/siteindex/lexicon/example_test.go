package lexicon_test

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/siteindex/lexicon"
)

func ExampleGerman() {
	terms, err := lexicon.German()
	fmt.Println(terms["tabell"][0].Term, terms["benutz"][0].Term, err) // stems of Tabelle and Benutzer
	// Output: tabl user <nil>
}
