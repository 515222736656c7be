package sentence

import (
	"slices"
	"strings"
	"unicode"
)

// Items returns what a reader would look for in a text: the rows of a table, or the sentences of [Split]. name is that of the file, ""
// for text that was typed; it tells a table (.csv, .tsv) and Markdown (.md).
//
// A row is its cells with a comma between them. Without a name, lines are rows if all of them have the same number of tabs, semicolons or
// commas without a space behind them. Of Markdown the marks are left out: emphasis, the addresses of links, fences, rules.
func Items(name, text string) []string {
	text = strings.TrimPrefix(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\uFEFF")
	name = strings.ToLower(name)
	if rows := table(text, strings.HasSuffix(name, ".csv") || strings.HasSuffix(name, ".tsv")); rows != nil {
		var out []string
		for _, cells := range rows {
			cells = slices.DeleteFunc(cells, func(c string) bool { return c == "" })
			if s := strings.Join(cells, ", "); strings.IndexFunc(s, unicode.IsLetter) >= 0 {
				out = appendCut(out, s)
			}
		}
		return out
	}
	if strings.HasSuffix(name, ".md") || strings.HasSuffix(name, ".markdown") || strings.Contains(text, "](") || strings.Contains(text, "\n```") {
		text = withoutMarkdown(text)
	}
	return Split(text)
}

// fewest is how many lines without a name look like a table.
const fewest = 3

// table returns the rows of a table with their cells, nil if the text is none. named: its file is a table's.
func table(text string, named bool) [][]string {
	if named {
		best := ','
		for _, d := range []rune{';', '\t'} {
			if strings.Count(text, string(d)) > strings.Count(text, string(best)) {
				best = d
			}
		}
		return rows(text, best)
	}
	for _, d := range []rune{'\t', ';', ','} {
		all := rows(text, d)
		if len(all) < fewest || len(all[0]) < 2 || d == ',' && strings.Contains(text, ", ") && !strings.Contains(text, `"`) {
			continue
		}
		if !slices.ContainsFunc(all, func(r []string) bool { return len(r) != len(all[0]) }) {
			return all
		}
	}
	return nil
}

// rows splits a text at newlines and a mark, but for those between quotation marks (RFC 4180). Empty rows are left out; cells are
// trimmed and have single spaces.
func rows(text string, mark rune) (all [][]string) {
	var row []string
	var cell strings.Builder
	quoted := false
	end := func() {
		row = append(row, strings.Join(strings.Fields(cell.String()), " "))
		cell.Reset()
	}
	rs := []rune(text)
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		switch {
		case quoted && r == '"' && i+1 < len(rs) && rs[i+1] == '"':
			cell.WriteRune('"')
			i++
		case r == '"' && (quoted || strings.TrimSpace(cell.String()) == ""):
			quoted = !quoted
		case !quoted && r == mark:
			end()
		case !quoted && r == '\n':
			end()
			if len(row) > 1 || row[0] != "" {
				all = append(all, row)
			}
			row = nil
		default:
			cell.WriteRune(r)
		}
	}
	if end(); len(row) > 1 || row[0] != "" {
		all = append(all, row)
	}
	return all
}

// withoutMarkdown is the text of Markdown without its marks.
func withoutMarkdown(text string) string {
	var out strings.Builder
	code := false
	for line := range strings.SplitSeq(text, "\n") {
		bare := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(bare, "```"), strings.HasPrefix(bare, "~~~"):
			code = !code
			bare = ""
		case code:
		case bare != "" && strings.Trim(bare, "-*_=|: ") == "": // a rule, or the line below a table's head
			bare = ""
		case strings.HasPrefix(bare, "|"):
			cells := strings.FieldsFunc(bare, func(r rune) bool { return r == '|' })
			for i, c := range cells {
				cells[i] = strings.TrimSpace(inline(c))
			}
			bare = strings.Join(cells, ", ") + "\n" // a row is an item
		default:
			bare = strings.NewReplacer("- [ ] ", "- ", "- [x] ", "- ").Replace(inline(bare))
		}
		out.WriteString(bare)
		out.WriteByte('\n')
	}
	return out.String()
}

// inline removes the marks within a line: of [text](address) and ![text](address) the text stays, and of **text** and `text`.
func inline(s string) string {
	for from := 0; ; {
		mid := strings.Index(s[from:], "](")
		if mid < 0 {
			break
		}
		mid += from
		open, end := strings.LastIndexByte(s[:mid], '['), strings.IndexByte(s[mid:], ')')
		if open < 0 || end < 0 {
			from = mid + 2
			continue
		}
		before := strings.TrimSuffix(s[:open], "!")
		s, from = before+s[open+1:mid]+s[mid+end+1:], len(before)+mid-open-1
	}
	return strings.NewReplacer("**", "", "__", "", "`", "").Replace(s)
}
