package plot

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/similar"
)

// five dots: 10, 12 and 14 are translations of nothing, 11 and 13 of each other.
func five() *Picture {
	p := &Picture{}
	for i, at := range [][2]float64{{0, 0}, {0.5, 0}, {0.4, 0.3}, {-0.5, 0.1}, {0, -0.6}} {
		d := Dot{ID: i + 10, Group: i % 2, Lang: []string{"en", "de", "fr", "de", ""}[i], Text: fmt.Sprintf("sentence %d", i+10)}
		d.X, d.Y = at[0], at[1]
		p.Dots = append(p.Dots, d)
	}
	return p
}

// withQuery is five with a query whose best result is dot 2.
func withQuery() *Picture {
	p := five()
	p.Query = &similar.Point{X: 0.5, Y: 0.5}
	p.Links = []Link{{2, 0.9}, {0, 0.5}}
	p.Labels = []Label{{similar.Point{}, "food"}, {similar.Point{X: 0.01}, "drink"}}
	return p
}

func TestArrowKeysReachTheNearestDotInTheirDirection(t *testing.T) {
	p := five()
	for _, c := range []struct {
		from   int
		dx, dy float64
		want   int
	}{{-1, 1, 0, 0}, {0, 1, 0, 1}, {0, -1, 0, 3}, {0, 0, -1, 4}, {0, 0, 1, 2}, {1, 1, 0, 1}, {99, 1, 0, 0}} {
		if got := p.Step(c.from, c.dx, c.dy); got != c.want {
			t.Errorf("Step(%d, %v, %v) = %d, expected %d", c.from, c.dx, c.dy, got, c.want)
		}
	}
	if got := (&Picture{}).Step(-1, 1, 0); got != -1 {
		t.Errorf("a step on an empty map gives %d, expected -1", got)
	}
	if got := withQuery().Step(-1, 0, 0); got != 2 {
		t.Errorf("with a query the first step gives %d, expected its best result", got)
	}
}

func TestDotsAreFoundByPlaceByIDAndByGroup(t *testing.T) {
	p := five()
	if p.Nearest(p.Dots[2].Point, 0.05) != 2 || p.Nearest(p.Dots[2].Point, -1) != -1 {
		t.Error("Nearest is wrong")
	}
	if p.Find(13) != 3 || p.Find(1) != -1 {
		t.Error("Find is wrong")
	}
	if k := p.Kin(1); !slices.Equal(k, []int{3}) {
		t.Errorf("Kin(1) = %v, expected [3]", k)
	}
	if k := p.Kin(0); len(k) != 0 {
		t.Errorf("a dot without a group has kin %v", k)
	}
}

// drawn is a map of 252 × 152 pixels, whose inside is 200 × 100, at rest.
func drawn(p *Picture) *Map {
	m := &Map{}
	m.Resize(252, 152)
	m.Show(p, 0)
	m.Draw(glide)
	return m
}

func TestTheMapMovesForAWhileAndThenRests(t *testing.T) {
	m := &Map{}
	m.Resize(252, 152)
	if d := m.Draw(0); d.Empty != EmptyText || d.Moving || len(d.Marks) > 0 {
		t.Errorf("an empty map: %+v", d)
	}
	p := five()
	if !m.Show(p, 1000) || m.Show(p, 1000) {
		t.Error("only another picture is a change")
	}
	if d := m.Draw(1000); !d.Moving || m.at[1] != (similar.Point{X: 26 + 1.3/2*200, Y: 76}) {
		t.Errorf("at first dot 1 is at %v, expected six tenths of its way from the middle", m.at[1])
	}
	if d := m.Draw(1000 + glide/2); !d.Moving || math.Abs(m.at[1].X-(26+(1+0.3+0.2*0.875)/2*200)) > 1e-9 { // 1 − (1/2)³
		t.Errorf("half way dot 1 is at %v", m.at[1])
	}
	if d := m.Draw(1000 + glide); d.Moving || m.at[1].X != 26+1.5/2*200 {
		t.Errorf("in the end dot 1 is at %v", m.at[1])
	}
	// The dots that stay move on from where they are.
	next := five()
	next.Dots = next.Dots[:4]
	next.Dots[1].X = -0.5
	m.Show(next, 2000)
	if m.Draw(2000); m.at[1].X != 26+1.5/2*200 {
		t.Errorf("a dot that stays jumped to %v", m.at[1])
	}
	m.Still = true
	if d := m.Draw(2000); d.Moving || m.at[1].X != 26+0.5/2*200 {
		t.Errorf("with reduced motion dot 1 is at %v, moving: %t", m.at[1], d.Moving)
	}
	m.Resize(2*margin-1, 200)
	if d := m.Draw(2000); len(d.Marks) > 0 || d.Empty != "" {
		t.Errorf("a map without room draws %+v", d)
	}
}

func TestTheQueryIsDrawnWithItsResults(t *testing.T) {
	m := drawn(withQuery())
	d := m.Draw(glide)
	var texts, strokes, fills []string
	for _, k := range d.Marks {
		switch {
		case k.Text != "":
			texts = append(texts, fmt.Sprintf("%s %.0f", k.Text, k.Y))
		case k.Width > 0:
			strokes = append(strokes, fmt.Sprintf("%s %.2f %.1f", k.Colour, k.Alpha, k.Width))
		default:
			fills = append(fills, fmt.Sprintf("%s %.2f", k.Colour, k.Alpha))
		}
		if !slices.Contains(Colours, k.Colour) {
			t.Errorf("%q is no colour of the style sheet", k.Colour)
		}
	}
	// The second label would cover the first: it stands 15 pixels below.
	if want := []string{"FOOD 60", "DRINK 75"}; !slices.Equal(texts, want) {
		t.Errorf("labels %q, expected %q", texts, want)
	}
	// Lines between translations, the two links by their scores, rings around the results, the ring of the query.
	if want := []string{"muted 0.18 1.0", "accent 0.75 2.2", "accent 0.15 1.1", "surface 1.00 1.5", "surface 1.00 1.5", "surface 1.00 2.0"}; !slices.Equal(strokes, want) {
		t.Errorf("strokes %q, expected %q", strokes, want)
	}
	if want := []string{"other 0.38", "de 0.38", "en 1.00", "fr 1.00", "accent 0.18", "accent 1.00"}; !slices.Equal(fills, want) {
		t.Errorf("fills %q, expected %q", fills, want)
	}
	if d.Tip != nil {
		t.Error("a tip without a focused dot")
	}
	// The query moves from where it is; without a query it is not drawn.
	other := withQuery()
	other.Query = &similar.Point{X: -0.5, Y: 0.5}
	m.Show(other, 5000)
	if m.query.at(0) != (similar.Point{X: 0.5, Y: 0.5}) {
		t.Errorf("the query starts at %v", m.query.at(0))
	}
	m.Show(five(), 6000)
	for _, k := range m.Draw(6000).Marks {
		if k.Colour == "accent" {
			t.Error("a query is drawn without a query")
		}
	}
}

func TestADotIsFocusedByPointerKeyboardAndFinger(t *testing.T) {
	m := drawn(five())
	if id := m.Hit(126+10, 76+10); id != 10 {
		t.Errorf("near the middle is %d, expected 10", id)
	}
	if id := m.Hit(126+30, 76+30); id != 0 {
		t.Errorf("far from all dots is %d, expected none", id)
	}
	if !m.Focus(11) || m.Focus(11) || m.Focused() != 11 {
		t.Error("only another dot is a change")
	}
	d := m.Draw(glide)
	if d.Tip == nil || d.Tip.Text != "sentence 11" || d.Tip.Lang != "de" || d.Tip.At != m.at[1] {
		t.Errorf("the tip %+v", d.Tip)
	}
	rings := 0
	for _, k := range d.Marks {
		if k.Colour == "ink" {
			rings++
		}
	}
	if rings != 2 { // its own, and one path for its translations
		t.Errorf("%d strokes in ink, expected 2", rings)
	}
	if m.Click(0, false) || !m.Click(11, false) {
		t.Error("a click searches for the dot under it")
	}
	if m.Click(12, true) || m.Focused() != 12 || !m.Click(12, true) {
		t.Error("a first touch highlights, a second searches")
	}
	m.Focus(0)
	if m.Click(12, true) {
		t.Error("a touch after the focus has gone searches at once")
	}
	m.Show(&Picture{Dots: five().Dots[:2]}, 9000)
	if m.Focused() != 0 {
		t.Errorf("a dot that is gone is focused: %d", m.Focused())
	}
}

func TestKeysMoveTheFocusAndSayTheSentence(t *testing.T) {
	m := drawn(five())
	for _, c := range []struct {
		key  string
		want Action
		at   int
	}{
		{"Enter", Action{}, 0}, // nothing is focused
		{"ArrowRight", Action{true, "English: sentence 10", 0}, 10},
		{"ArrowRight", Action{true, "German: sentence 11", 0}, 11},
		{"Enter", Action{true, "", 11}, 11},
		{"ArrowLeft", Action{true, "English: sentence 10", 0}, 10},
		{"ArrowUp", Action{true, "other: sentence 14", 0}, 14},
		{"ArrowDown", Action{true, "English: sentence 10", 0}, 10},
		{"x", Action{}, 10},
		{"Escape", Action{}, 0},
		{"Home", Action{true, "English: sentence 10", 0}, 10},
	} {
		if got := m.Key(c.key); got != c.want || m.Focused() != c.at {
			t.Errorf("%s: %+v at %d, expected %+v at %d", c.key, got, m.Focused(), c.want, c.at)
		}
	}
	if got := m.Enter(); got != (Action{}) {
		t.Errorf("arriving with a focused dot: %+v", got)
	}
	m.Focus(0)
	if got := m.Enter(); got.Say != "English: sentence 10" {
		t.Errorf("arriving: %+v", got)
	}
	if got := (&Map{}).Enter(); got.Say != "The map is empty." {
		t.Errorf("arriving on an empty map: %+v", got)
	}
}

func TestATipStaysInsideTheMap(t *testing.T) {
	m := drawn(five())
	for _, c := range []struct{ x, y, wantX, wantY float64 }{
		{126, 50, 76, 62},   // below, centred
		{10, 50, 4, 62},     // at the left edge
		{250, 50, 148, 62},  // at the right edge
		{126, 140, 76, 98},  // above, where there is no room below
		{126, 117, 76, 75},  // the last that has none
		{126, 106, 76, 118}, // the first that has
	} {
		if x, y := m.PlaceTip(similar.Point{X: c.x, Y: c.y}, 100, 30); x != c.wantX || y != c.wantY {
			t.Errorf("beside (%g, %g) at (%g, %g), expected (%g, %g)", c.x, c.y, x, y, c.wantX, c.wantY)
		}
	}
}

func TestPathsAreSVG(t *testing.T) {
	var p path
	p.circle(similar.Point{X: 10, Y: 5}, 2)
	p.line(similar.Point{X: 1, Y: 2}, similar.Point{X: 3, Y: 4.26})
	if got, want := strings.Join(strings.Fields(p.String()), " "), "M8.0 5.0 a2.0 2.0 0 1 0 4.0 0 a2.0 2.0 0 1 0 -4.0 0 M1.0 2.0 L3.0 4.3"; got != want {
		t.Errorf("got %s, expected %s", got, want)
	}
}
