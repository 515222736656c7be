package notes

import (
	"strings"
	"unicode"

	"github.com/lodestone-wasm/lodestone/ui/format"
)

// Lines are the notes of a text: its lines without those that are empty.
func Lines(text string) []string {
	var out []string
	for line := range strings.Lines(strings.ToValidUTF8(text, "\uFFFD")) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// Answers are the answers of a box, separated by commas or lines, each once.
func Answers(text string) []string {
	var out []string
	for _, a := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == ';' }) {
		out = add(out, strings.Join(strings.Fields(a), " "))
	}
	return out
}

// add appends an answer, unless it is empty, there, or one too many.
func add(list []string, answer string) []string {
	if answer == "" || len(list) == MaxAnswers {
		return list
	}
	for _, a := range list {
		if strings.EqualFold(a, answer) {
			return list
		}
	}
	return append(list, answer)
}

// fromNotes are the last words of the notes: where the facts that the model knows have their answers.
func fromNotes(notes []string) []string {
	var out []string
	for _, line := range notes {
		words := strings.Fields(line)
		out = add(out, strings.TrimFunc(words[len(words)-1], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }))
	}
	return out
}

// helpful reports whether one of the notes shares a name or a long word with the question. Question words and short words say nothing.
func helpful(question string, notes []string) bool {
	asked := map[string]bool{}
	for _, w := range words(question) {
		if len([]rune(w)) >= 4 && !common[w] {
			asked[w] = true
		}
	}
	for _, note := range notes {
		for _, w := range words(note) {
			if asked[w] {
				return true
			}
		}
	}
	return false
}

// common are words of questions that stand in no fact.
var common = map[string]bool{"where": true, "what": true, "does": true, "which": true, "when": true, "whom": true, "whose": true, "live": true,
	"lives": true, "like": true, "likes": true, "have": true, "work": true, "works": true, "this": true, "that": true, "with": true}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// Set is notes to try.
type Set struct{ Name, Text, Question string }

// Sets are notes in the wording that the model knows. The names are made up.
func Sets() []Set {
	return []Set{
		{"Where people live", "Mirvela lives in Lisbon.\nZordunfa lives in Berlin.\nTrobalka lives in Rome.\nPelinosha lives in Boston.\nMirvela works as a baker.\nZordunfa works as a pilot.\nTrobalka works as a nurse.\nPelinosha works as a singer.",
			"Where does Zordunfa live?"},
		{"The same people, moved", "Mirvela lives in Boston.\nZordunfa lives in Rome.\nTrobalka lives in Lisbon.\nPelinosha lives in Berlin.\nMirvela works as a singer.\nZordunfa works as a nurse.\nTrobalka works as a pilot.\nPelinosha works as a baker.",
			"Where does Zordunfa live?"},
		{"No helpful note", "Dravenul likes chess.\nHulinetam likes tea.\nOsbalfa likes horses.\nQuipelka likes snow.", "Where does Zordunfa live?"},
		{"10,000 notes", many(10_000), "Where does Zordunfa live?"},
	}
}

// many are n notes about made-up people. Eight of them are those of the first set.
func many(n int) string {
	syllables := strings.Fields("mir vel ka zor dun fa lin tro es bal ri no sha qui pel ato dra ve hul ine os tam")
	places := strings.Fields("Lisbon Boston Paris Berlin London Tokyo Rome Vienna Madrid Sydney")
	var b strings.Builder
	first := Set{}
	first.Text = "Mirvela lives in Lisbon.\nZordunfa lives in Berlin.\nTrobalka lives in Rome.\nPelinosha lives in Boston.\n"
	b.WriteString(first.Text)
	k := len(syllables)
	for i := range n - 4 {
		name := syllables[i%k] + syllables[i/k%k] + syllables[i/k/k%k] + "na"
		b.WriteString(strings.ToUpper(name[:1]) + name[1:] + " lives in " + places[(i*7+i/k)%len(places)] + ".\n")
	}
	return b.String()
}

// clip shortens a note for the list of those that were read.
func clip(note string) string { return format.Clip(note, shown) }
