package tokenizer_test

import (
	"fmt"
	"log"
	"os"

	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

func Example() {
	data, err := os.ReadFile("../../weights/prompt-magneto-en-de-fr/tokenizer.json")
	if err != nil {
		log.Fatal(err)
	}
	t, err := tokenizer.Parse(data)
	if err != nil {
		log.Fatal(err)
	}
	const text = "Die Katze saß auf der Matte."
	e, err := t.Encode(text, tokenizer.Options{AddSpecialTokens: true})
	if err != nil {
		log.Fatal(err)
	}
	for i, id := range e.IDs {
		at := e.Offsets[i]
		fmt.Printf("%d %q\n", id, text[at.Start:at.End])
	}
	fmt.Println(t.Decode(e.IDs, true))
	// Output:
	// 0 ""
	// 181 "Die"
	// 2161 " Katze"
	// 2022 " saß"
	// 97 " auf"
	// 63 " der"
	// 9930 " Matt"
	// 37 "e"
	// 21 "."
	// 2 ""
	// Die Katze saß auf der Matte.
}

func ExamplePad() {
	a := tokenizer.Encoding{IDs: []int32{0, 313, 206, 2}}
	b := tokenizer.Encoding{IDs: []int32{0, 2}}
	ids, mask, columns := tokenizer.Pad([]tokenizer.Encoding{a, b}, tokenizer.Padding{ID: 1})
	fmt.Println(columns, ids, mask)
	// Output: 4 [0 313 206 2 0 2 1 1] [1 1 1 1 1 1 0 0]
}

func ExampleUTF16Offsets() {
	fmt.Println(tokenizer.UTF16Offsets("é😀!", []tokenizer.Offset{{Start: 0, End: 2}, {Start: 2, End: 6}, {Start: 6, End: 7}}))
	// Output: [{0 1} {1 3} {3 4}]
}
