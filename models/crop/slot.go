package crop

import (
	"math"
	"strconv"
	"strings"
)

// MaxSlots is the number of entities that can be marked in one sentence. The models'
// dictionaries have fifty slots; they were trained with this many.
const MaxSlots = 14

const (
	slotBefore = "__SLOT"
	slotAfter  = "__"
	// wordStart is SentencePiece's mark of a word's first piece.
	wordStart = "▁" // U+2581
	// charMark stands for a slot while a text without spaces is segmented.
	charMark = "▂" // U+2582
)

// Slot is the marker of entity i, which stands on both sides of it. Each is one symbol of
// the models' dictionaries.
func Slot(i int) string { return slotBefore + strconv.Itoa(i) + slotAfter }

// parseSlot reads a piece that is a slot, with or without the mark of a word's start.
// A number that does not fit an int is the largest int, which no entity has.
func parseSlot(piece string) (index int, ok bool) {
	piece, ok = strings.CutPrefix(strings.Trim(piece, wordStart+" "), slotBefore)
	if !ok {
		return 0, false
	}
	digits, ok := strings.CutSuffix(piece, slotAfter)
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	index, err := strconv.Atoi(digits)
	if err != nil {
		index = math.MaxInt
	}
	return index, true
}
