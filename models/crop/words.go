package crop

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unknownToken is what the translator writes for a symbol outside its dictionary.
const unknownToken = "<unk>"

// EnglishWords splits English text into words as the taggers were trained on, the way of
// NLTK's word_tokenize: "<unk>" is removed, the text is cut into sentences, and each
// sentence follows the rules of NLTKWordTokenizer, so punctuation and clitics ('s, n't)
// are words of their own, and a double quote becomes two backticks or apostrophes.
//
// NLTK cuts sentences with a trained model (Punkt). Here a short rule does, which matters
// only for full stops inside a text: one ends a sentence if the next word begins with a
// capital or a digit, and its own word is no initial, no abbreviation and without other
// full stops.
func EnglishWords(text string) []string {
	fields := strings.Fields(strings.ReplaceAll(text, unknownToken, ""))
	var words []string
	for len(fields) > 0 {
		n := 1
		for n < len(fields) && !endsSentence(fields[n-1], fields[n]) {
			n++
		}
		words = append(words, treebankWords(strings.Join(fields[:n], " "))...)
		fields = fields[n:]
	}
	return words
}

// abbreviations that a capital may follow inside a sentence.
const abbreviations = " mr mrs ms messrs dr prof rev hon st gen col lt sgt capt maj cmdr adm gov sen rep pres jr sr vs no nos vol pp fig dept univ ave blvd mt ft jan feb mar apr jun jul aug sep sept oct nov dec co corp inc ltd bros "

func endsSentence(word, next string) bool {
	word = strings.TrimRight(word, `"')]}>»”’`)
	next = strings.TrimLeft(next, "\"'`([{<«“‘„")
	first, _ := utf8.DecodeRuneInString(next)
	if word == "" || !unicode.IsUpper(first) && !unicode.IsTitle(first) && !unicode.IsDigit(first) {
		return false
	}
	switch word[len(word)-1] {
	case '!', '?':
		return true
	case '.':
		stem := strings.TrimLeft(word[:len(word)-1], `"'([{<«“‘„`)
		return utf8.RuneCountInString(stem) > 1 && !strings.Contains(stem, ".") &&
			!strings.Contains(abbreviations, " "+strings.ToLower(stem)+" ")
	}
	return false
}

// rule looks for a match at s[i:] and returns its length in bytes and what replaces it;
// n = 0 is no match.
type rule func(s string, i int) (n int, replacement string)

// replaceAll applies a rule to leftmost matches that do not overlap.
func replaceAll(s string, r rule) string {
	var out strings.Builder
	done := 0 // s[:done] is in out
	for i := 0; i < len(s); {
		n, replacement := r(s, i)
		if n > 0 {
			out.WriteString(s[done:i])
			out.WriteString(replacement)
			i += n
			done = i
		} else if s[i] < utf8.RuneSelf {
			i++
		} else {
			_, n = utf8.DecodeRuneInString(s[i:])
			i += n
		}
	}
	if done == 0 {
		return s
	}
	out.WriteString(s[done:])
	return out.String()
}

// treebankWords splits one sentence, whose words are separated by single spaces, by the
// substitutions of NLTKWordTokenizer (NLTK 3.9), in their order.
func treebankWords(s string) []string {
	for _, r := range openingRules() {
		s = replaceAll(s, r)
	}
	s = " " + s + " "
	s = replaceAll(s, closingQuotes)
	s = strings.ReplaceAll(s, "''", " '' ")
	s = strings.ReplaceAll(s, `"`, " '' ")
	s = strings.Join(strings.Fields(s), " ")
	s = " " + s + " "
	for _, r := range closingRules() {
		s = replaceAll(s, r)
	}
	return strings.Fields(s)
}

func openingRules() []rule {
	return []rule{
		func(s string, i int) (int, string) { // opening quotes; a run of ` is one
			if n := len(s[i:]) - len(strings.TrimLeft(s[i:], "`")); n > 0 {
				return n, " " + s[i:i+n] + " "
			}
			return pad(s, i, "«“‘„")
		},
		func(s string, i int) (int, string) { // a " at the start opens
			if i == 0 && s[0] == '"' {
				return 1, "``"
			}
			return 0, ""
		},
		func(s string, i int) (int, string) {
			if strings.HasPrefix(s[i:], "``") {
				return 2, " `` "
			}
			return 0, ""
		},
		func(s string, i int) (int, string) { // a " or '' behind a space or bracket opens
			if !strings.ContainsRune(" ([{<", rune(s[i])) {
				return 0, ""
			}
			switch rest := s[i+1:]; {
			case strings.HasPrefix(rest, `"`):
				return 2, s[i:i+1] + " `` "
			case strings.HasPrefix(rest, "''"):
				return 3, s[i:i+1] + " `` "
			}
			return 0, ""
		},
		func(s string, i int) (int, string) { // a ' that opens a word which is no clitic
			if s[i] != '\'' || isWord(lastRune(s[:i])) || !isWord(firstRune(s[i+1:])) {
				return 0, ""
			}
			for _, clitic := range []string{"re", "ve", "ll", "m", "t", "s", "d", "n"} {
				if hasFold(s[i+1:], clitic) && !isWord(firstRune(s[i+1+len(clitic):])) {
					return 0, ""
				}
			}
			return 1, "' "
		},
		finalStop("])}>\"'»”’ ", " "),
		func(s string, i int) (int, string) { // : and , unless a digit follows
			if s[i] != ':' && s[i] != ',' || i+1 == len(s) {
				return 0, ""
			}
			next, n := utf8.DecodeRuneInString(s[i+1:])
			if unicode.IsDigit(next) {
				return 0, ""
			}
			return 1 + n, " " + s[i:i+1] + " " + s[i+1:i+1+n]
		},
		func(s string, i int) (int, string) {
			if i+1 == len(s) {
				return pad(s, i, ":,")
			}
			return 0, ""
		},
		func(s string, i int) (int, string) { // an ellipsis
			if n := len(s[i:]) - len(strings.TrimLeft(s[i:], ".")); n > 1 {
				return n, " " + s[i:i+n] + " "
			}
			return 0, ""
		},
		func(s string, i int) (int, string) { return pad(s, i, ";@#$%&\u2012\u2013\u2014\u2015") },
		finalStop("])}>\"'", ""),
		func(s string, i int) (int, string) { return pad(s, i, "?!") },
		func(s string, i int) (int, string) { // a ' that ends a word
			_, n := utf8.DecodeRuneInString(s[i:])
			if s[i] != '\'' && strings.HasPrefix(s[i+n:], "' ") {
				return n + 2, s[i:i+n] + " ' "
			}
			return 0, ""
		},
		func(s string, i int) (int, string) { return pad(s, i, "*[](){}<>") },
		func(s string, i int) (int, string) {
			if strings.HasPrefix(s[i:], "--") {
				return 2, " -- "
			}
			return 0, ""
		},
	}
}

func closingQuotes(s string, i int) (int, string) { return pad(s, i, "»”’") }

// closingRules want a space at both ends of the text.
func closingRules() []rule {
	return []rule{
		clitics("'s", "'S", "'m", "'M", "'d", "'D", "'"),
		clitics("'ll", "'LL", "'re", "'RE", "'ve", "'VE", "n't", "N'T"),
		contraction("can", "not"), contraction("d", "'ye"), contraction("gim", "me"), contraction("gon", "na"),
		contraction("got", "ta"), contraction("lem", "me"), contraction("more", "'n"),
		func(s string, i int) (int, string) { // wanna, before a space only
			if n, replacement := contraction("wan", "na")(s, i); n > 0 && unicode.IsSpace(firstRune(s[i+n:])) {
				return n, replacement
			}
			return 0, ""
		},
		twas("is"), twas("was"),
	}
}

// pad puts spaces around one of the runes.
func pad(s string, i int, runes string) (int, string) {
	r, n := utf8.DecodeRuneInString(s[i:])
	if (r != utf8.RuneError || n > 1) && strings.ContainsRune(runes, r) {
		return n, " " + s[i:i+n] + " "
	}
	return 0, ""
}

// finalStop splits the full stop of the sentence off its last word. Only runes of closers
// may follow it, between comes before those.
func finalStop(closers, between string) rule {
	return func(s string, i int) (int, string) {
		_, n := utf8.DecodeRuneInString(s[i:])
		if s[i] == '.' || i+n == len(s) || s[i+n] != '.' {
			return 0, ""
		}
		tail := s[i+n+1:]
		after := strings.TrimLeft(tail, closers)
		if strings.TrimSpace(after) != "" {
			return 0, ""
		}
		return len(s) - i, s[i:i+n] + " ." + between + tail[:len(tail)-len(after)] + " "
	}
}

// clitics splits the ends of words before a space, unless a ' or a space is before them.
func clitics(ends ...string) rule {
	return func(s string, i int) (int, string) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == '\'' || r == ' ' {
			return 0, ""
		}
		for _, end := range ends {
			if strings.HasPrefix(s[i+n:], end+" ") {
				return n + len(end) + 1, s[i:i+n] + " " + end + " "
			}
		}
		return 0, ""
	}
}

// contraction splits the word a+b in two.
func contraction(a, b string) rule {
	return func(s string, i int) (int, string) {
		n := len(a) + len(b)
		if !hasFold(s[i:], a+b) || isWord(lastRune(s[:i])) || isWord(firstRune(s[i+n:])) {
			return 0, ""
		}
		return n, " " + s[i:i+len(a)] + " " + s[i+len(a):i+n] + " "
	}
}

// twas splits 'tis and 'twas.
func twas(verb string) rule {
	return func(s string, i int) (int, string) {
		n := len(" 't") + len(verb)
		if !hasFold(s[i:], " 't"+verb) || isWord(firstRune(s[i+n:])) {
			return 0, ""
		}
		return n, " " + s[i+1:i+3] + " " + s[i+3:i+n] + " "
	}
}

// hasFold tells whether s begins with a prefix of small ASCII letters and apostrophes, in
// any case.
func hasFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// firstRune and lastRune are a space, which is in no word, for an empty text.
func firstRune(s string) rune {
	if s == "" {
		return ' '
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func lastRune(s string) rune {
	if s == "" {
		return ' '
	}
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}
