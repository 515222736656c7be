package sentence

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func ExampleSplit() {
	for _, s := range Split("Dr. Weber kommt am 3. Mai, d. h. morgen. „Wirklich?“ fragte sie. Ja!") {
		fmt.Println(s)
	}
	// Output:
	// Dr. Weber kommt am 3. Mai, d. h. morgen.
	// „Wirklich?“ fragte sie.
	// Ja!
}

func ExampleLanguage() {
	fmt.Println(Language("Wo ist der Bahnhof?"), Language("J'ai mal aux dents."), Language("It's raining again."))
	// Output: de fr en
}

// The expected sentences are what a reader of the language takes as sentences; "|" separates them.
func TestSplit(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"spaces only", " \n\t\u00a0 ", ""},
		{"no letters", "12.5 — 14. 2026!\n***\n", ""},
		{"one without a stop", "Good morning", "Good morning"},
		{"two", "It rains. We stay.", "It rains.|We stay."},
		{"question and exclamation", "Really?! Yes! No? Maybe.", "Really?!|Yes!|No?|Maybe."},
		{"decimals", "It costs 3.50 euros. Version 2.1 is out.", "It costs 3.50 euros.|Version 2.1 is out."},
		{"addresses of pages", "See example.org for more. It is free.", "See example.org for more.|It is free."},
		{"titles en", "Dr. Smith met Mrs. Jones at St. Mary's. They talked.", "Dr. Smith met Mrs. Jones at St. Mary's.|They talked."},
		{"inner abbreviations en", "Fruit, e.g. Apples, is good. Come at 5 p.m. today.", "Fruit, e.g. Apples, is good.|Come at 5 p.m. today."},
		{"initials", "J. S. Bach wrote it. George W. Bush did not.", "J. S. Bach wrote it.|George W. Bush did not."},
		{"the pronoun I at the end", "So am I. We agree.", "So am I.|We agree."},
		{"plan B", "We need a plan B. Then we leave.", "We need a plan B.|Then we leave."},
		{"abbreviations de", "Obst, z. B. Äpfel, d. h. Vitamine, usw. Alles gut. Vgl. Seite 3.", "Obst, z. B. Äpfel, d. h. Vitamine, usw. Alles gut.|Vgl. Seite 3."},
		{"glued abbreviation de", "Das ist z.B. Brot. Gut.", "Das ist z.B. Brot.|Gut."},
		{"ordinals de", "Am 3. Mai fährt der 2. Zug. Er kommt am 12. Juni.", "Am 3. Mai fährt der 2. Zug.|Er kommt am 12. Juni."},
		{"a year at the end", "Das war 1999. Heute ist alles anders.", "Das war 1999.|Heute ist alles anders."},
		{"a number at the end", "Ich habe 12. Du hast 3. Genug.", "Ich habe 12.|Du hast 3.|Genug."},
		{"titles fr", "M. Dupont et Mme. Martin arrivent. Ils sont là.", "M. Dupont et Mme. Martin arrivent.|Ils sont là."},
		{"space before marks fr", "Vraiment ? Oui ! C'est vrai.", "Vraiment ?|Oui !|C'est vrai."},
		{"no-break space before marks fr", "Vraiment\u00a0? Oui\u202f! Bien.", "Vraiment ?|Oui !|Bien."},
		{"guillemets fr", "Il dit : « Je viens. » Puis il part.", "Il dit : « Je viens. »|Puis il part."},
		{"guillemets de", "»Ich komme.« Dann ging er.", "»Ich komme.«|Dann ging er."},
		{"quotes de", "„Kommst du?“ fragte sie. „Ja.“ Gut.", "„Kommst du?“ fragte sie.|„Ja.“|Gut."},
		{"quotes en", "“Come in.” She smiled. \"Thanks!\" he said.", "“Come in.”|She smiled.|\"Thanks!\" he said."},
		{"brackets", "It works (mostly.) We use it.", "It works (mostly.)|We use it."},
		{"ellipsis inside", "Well... maybe. Wait… What?", "Well... maybe.|Wait…|What?"},
		{"ellipsis at the end", "I thought... Then I slept.", "I thought...|Then I slept."},
		{"lower case after a stop", "approx. three metres vs. two. ok", "approx. three metres vs. two. ok"},
		{"blank line ends", "A title\n\nThe text goes on", "A title|The text goes on"},
		{"list items", "- milk\n- bread\n* eggs\n1. wash\n2) dry", "milk|bread|eggs|wash|dry"},
		{"short lines are separate", "Buy milk\nCall Anna", "Buy milk|Call Anna"},
		{"wrapped lines are joined", "This line was wrapped by an editor that likes short lines and\nGoes on here. End.", "This line was wrapped by an editor that likes short lines and Goes on here.|End."},
		{"lower case continues", "a line\ncontinues", "a line continues"},
		{"carriage returns", "One.\r\n\r\nTwo.\rThree.", "One.|Two.|Three."},
		{"byte order mark", "\ufeffHallo Welt.", "Hallo Welt."},
		{"heading", "## Notes\nText follows.", "Notes|Text follows."},
		{"ideographic", "今日は雨です。明日は晴れ。", "今日は雨です。|明日は晴れ。"},
		{"date at the start of a line is no list", "3. Mai war ein Montag.", "3. Mai war ein Montag."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(Split(c.text), "|"); got != c.want {
				t.Errorf("Split(%q)\n got %q\nwant %q", c.text, got, c.want)
			}
		})
	}
}

func TestSplitCutsLongSentencesAtClauses(t *testing.T) {
	long := strings.Repeat("eine sehr lange Aufzählung, ", 40)
	parts := Split(long)
	if len(parts) < 3 {
		t.Fatalf("%d parts from %d letters", len(parts), len(long))
	}
	for _, p := range parts {
		if n := utf8.RuneCountInString(p); n > MaxRunes {
			t.Errorf("part of %d code points, limit %d", n, MaxRunes)
		}
		if !strings.HasSuffix(p, ",") {
			t.Errorf("cut inside a clause: %q", p[max(0, len(p)-20):])
		}
	}
	if got := Split(strings.Repeat("x", 1000)); len(got) != 3 {
		t.Errorf("a word of 1000 letters gives %d parts, want 3", len(got))
	}
}

// A quarter of a megabyte of each shape must take about linear time: the page splits what people drop on it.
func TestSplitIsLinear(t *testing.T) {
	for _, unit := range []string{"a? b ", "a. ", "«", "\" . ", "1. ", "A. ", "…", "( ", "x"} {
		text := strings.Repeat(unit, 1<<18/len(unit))
		start := time.Now()
		Split(text)
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("256 kB of %q took %v", unit, d)
		}
	}
}

// Joined as they stand, the parts give the text again but for its white space.
func TestParagraphsKeepWhatStandsBetweenSentences(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"One. Two!", "[One.][Two!]"},
		{"A title\n\nThe text. Goes on\nand on.", "[A title]\n\n[The text.][Goes on and on.]"},
		{"Buy:\n- milk\n* two eggs\n\n\n12 %\nEnd.", "[Buy:]\n- [milk]\n* [two eggs]\n\n[12 %]\n[End.]"},
		{"\n\n## Notes\n1. wash\n3. Mai", "## [Notes]\n1. [wash]\n[3. Mai]"},
		{" \n *** \n", "[***]"},
	} {
		var b strings.Builder
		for _, p := range Paragraphs(c.text) {
			b.WriteString(p.Lead)
			for _, s := range p.Sentences {
				b.WriteString("[" + s + "]")
			}
		}
		if b.String() != c.want {
			t.Errorf("Paragraphs(%q)\n got %q\nwant %q", c.text, b.String(), c.want)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"12345", ""}, {"Kubernetes", ""},
		{"Where can I buy a ticket?", "en"}, {"don't panic", "en"}, {"my tooth hurts", "en"},
		{"Ich will Geld sparen", "de"}, {"schönes Wetter", "de"}, {"Straße", "de"}, {"Mein Rechner hat sich aufgehängt.", "de"},
		{"je suis fatigué", "fr"}, {"l’hôtel", "fr"}, {"Pleut-il encore ?", "fr"}, {"est-ce cher ?", "fr"},
	} {
		if got := Language(c.text); got != c.want {
			t.Errorf("Language(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"Dr. A. B. C? » « ... ", "1. x\n2. y", "\xff\xfe.", "a.\u00a0»b", ".", "... ...", "I. I. I."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, p := range Split(s) {
			if strings.TrimSpace(p) != p || p == "" || utf8.RuneCountInString(p) > MaxRunes {
				t.Fatalf("bad piece %q", p)
			}
		}
		if want, got := strings.FieldsFunc(string([]rune(strings.TrimPrefix(s, "\uFEFF"))), isSpace), joined(Paragraphs(s)); strings.Join(want, "") != got {
			t.Fatalf("Paragraphs lose text: %q", got)
		}
		if a, b := Split(s), Split(s); !slices.Equal(a, b) {
			t.Fatal("two runs differ")
		}
	})
}

// joined is the text of paragraphs without white space.
func joined(all []Paragraph) string {
	var b strings.Builder
	for _, p := range all {
		for _, s := range append([]string{p.Lead}, p.Sentences...) {
			b.WriteString(strings.Join(strings.FieldsFunc(s, isSpace), ""))
		}
	}
	return string([]rune(b.String()))
}
