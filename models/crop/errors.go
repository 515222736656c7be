package crop

import "errors"

// The kinds of errors, for errors.Is.
var (
	// ErrInput: the caller's words, labels or options contradict each other.
	ErrInput = errors.New("invalid input")
	// ErrLabel: a label is not one of O, B-TYPE, I-TYPE, TYPE.
	ErrLabel = errors.New("invalid label")
	// ErrTooManyEntities: the sentence has more entities than there are markers.
	ErrTooManyEntities = errors.New("too many entities")
	// ErrReserved: the text itself holds a marker.
	ErrReserved = errors.New("reserved symbol in text")
	// ErrModel: a model's answer breaks the contract of its interface.
	ErrModel = errors.New("unusable answer of a model")
	// ErrProjection: an entity has no certain place in the sentence. That is an
	// ordinary outcome: the translation said it in other words.
	ErrProjection = errors.New("entity not placed")
)
