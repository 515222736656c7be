package crop

import "strings"

// threes is the segmenter of crop_cases.json: pieces of three characters.
func threes(text string) ([]string, error) {
	var pieces []string
	for _, word := range strings.Fields(text) {
		runes := []rune(word)
		for i := 0; i < len(runes); i += 3 {
			piece := string(runes[i:min(i+3, len(runes))])
			if i == 0 {
				piece = wordStart + piece
			}
			pieces = append(pieces, piece)
		}
	}
	return pieces, nil
}
