package sentence

import (
	"strings"
	"unicode"
)

// Language guesses whether s is English ("en"), German ("de") or French ("fr"), and returns "" if it cannot.
// It counts the function words of each language and the letters that only one of them uses.
func Language(s string) string {
	var en, de, fr int
	for w := range strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' }) {
		w = strings.ReplaceAll(w, "’", "'")
		if head, tail, ok := strings.Cut(w, "'"); ok { // j'ai, l'hôtel, qu'il; don't, I'm
			switch {
			case elision[head]:
				fr += 2
				w = tail
			case contraction[tail]:
				en += 2
				w = head
			}
		}
		if englishWords[w] {
			en += 2
		}
		if germanWords[w] {
			de += 2
		}
		if frenchWords[w] {
			fr += 2
		}
		for _, r := range w {
			switch r {
			case 'ß':
				de += 3
			case 'ä', 'ö':
				de += 2
			case 'ü':
				de++
			case 'é', 'è', 'ê', 'ç', 'à', 'œ', 'ù', 'î', 'ô', 'û', 'â', 'ë', 'ï':
				fr++
			}
		}
	}
	switch {
	case en > de && en > fr:
		return "en"
	case de > en && de > fr:
		return "de"
	case fr > en && fr > de:
		return "fr"
	}
	return ""
}

// Name returns the English name of a language code. The name of "" is "other"; an unknown code is its own name.
func Name(code string) string {
	switch code {
	case "en":
		return "English"
	case "de":
		return "German"
	case "fr":
		return "French"
	case "":
		return "other"
	}
	return code
}

var (
	elision     = set(`j l d c n s m t qu jusqu lorsqu puisqu aujourd`)
	contraction = set(`t s m re ve ll d`)

	englishWords = set(`the a an and or but of to in on at for with from by is are was were be been am it this that these those
		i you he she we they my your his her our their me him us them not no do does did have has had will would can could should may might
		what where when who how why which there here if than as so too very just about after before out up down over again please`)
	germanWords = set(`der die das den dem des ein eine einen einem einer eines und oder aber von zu zum zur im in an am auf für mit aus bei nach
		ist sind war waren sein bin bist wird werden wurde es dies dieser diese dieses ich du er sie wir ihr mein meine meinen meinem dein deine
		ihre unser mich mir dich dir uns nicht kein keine hat habe haben hatte kann können könnte muss soll sollte will
		was wo wann wer wie warum welche welcher welches hier da wenn als so sehr noch schon auch nur doch mal heute morgen gestern bitte geht ja nein gut`)
	frenchWords = set(`le la les un une des du de et ou mais dans sur pour avec par au aux en est sont était suis es être il elle on nous vous ils elles
		je tu mon ma mes ton ta tes son sa ses notre votre leur ce cet cette ces ne pas plus moins très que qui quoi où quand comment pourquoi
		quel quelle quels quelles ai as avons avez ont peux peut pouvez dois doit si comme ici trop bien aussi encore toujours cher chez merci oui non s'il y a à`)
)
