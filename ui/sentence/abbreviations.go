package sentence

import "strings"

// set is the set of the words of s.
func set(s string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

// abbreviation has the words that a full stop may follow inside a sentence, in lower case and without the stop. An entry with a leading
// dot is a single letter that abbreviates although it is no initial ("z. B.", "i. d. R.", "p. ex.").
var abbreviation = set(`
	mr mrs ms dr prof st jr sr vs etc no vol fig approx dept est inc ltd co corp gen col sgt capt rev hon gov sen rep ave blvd rd mt ft
	jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat
	hr fr bzw ca evtl ggf inkl exkl max min nr str tel vgl zzgl usw usf sog geb verh dipl ing mag hl mio mrd abs art abb kap bd jh
	okt dez mo di mi do sa so mär
	mme mlle mm me av env p pp ex tél janv févr avr juil déc chap éd boul
	.b .d .h .r .u .a .o .z .g .e .p .m`)

// innerAbbreviation has abbreviations with dots inside, without the last dot. "U.S." and "a.m." often end a sentence, too. Here they never
// do, because a wrong cut leaves two fragments and a missed cut only a long sentence.
var innerAbbreviation = set(`z.b d.h u.a o.ä i.d.r s.o s.u v.a u.u u.s.w e.g i.e a.m p.m u.s u.k ph.d c.-à-d p.ex j.-c n.b p.s a.d b.c`)

var months = set(`
	januar jänner februar märz april mai juni juli august september oktober november dezember
	janvier février mars avril juin juillet août septembre octobre novembre décembre`)

func isMonth(word string) bool { return months[strings.ToLower(word)] }
