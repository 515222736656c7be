package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// lacks fails the test if page contains one of not.
func lacks(t *testing.T, page string, not ...string) {
	t.Helper()
	for _, n := range not {
		if strings.Contains(page, n) {
			t.Errorf("%q is in\n%s", n, page)
		}
	}
}

func TestTheSearchShowsItsModelItsResultsAndTheirSources(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.loader.Gate = make(chan struct{})
		p.root.Show(route.Parse(""))
		hosttest.Contains(t, html(t, p.root), "Loading the model", "3.0 MB of 12.0 MB", `value="25"`, "Some of the sentences", "bread and butter", "my tooth hurts", "nothing leaves this page")
		close(p.loader.Gate)
		p.Search.SetText("bread")
		page := html(t, p.root)
		hosttest.Contains(t, page, "Closest in meaning", "3 results of 3 sentences, across 2 languages", "1.00", "bar bar-20", "Brot und Butter", "same sentence as 1", `lang="de"`, "Remove", "hit far", `id="copy-link"`, "Copy link")
		lacks(t, page, "Loading the model", "alert", "Bring back")
		p.Search.CopyLink()
		hosttest.Contains(t, html(t, p.root), "Copied")
		p.Search.SetText("far away")
		p.Search.Remove(p.Search.View().Sources[0].ID)
		hosttest.Contains(t, html(t, p.root), "There is nothing to search", "Add text below, or bring the sample sentences back.", "Bring back")
		p.Search.SetText("")
		lacks(t, html(t, p.root), "copy-link")
	})
}

func TestAFailureIsShownWithItsCodeAndAButton(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.loader.Err = &host.EngineError{Code: "integrity", Message: "model.safetensors: wrong <hash>; load it again"}
		p.root.Show(route.Parse(""))
		hosttest.Contains(t, html(t, p.root), "The model could not be loaded", "wrong &lt;hash&gt;; load it again", "<code>integrity</code>", `id="search-alert-again"`, "Try again")
	})
}

// Text from the reader, a model file or an address is shown as text, wherever it stands.
func TestTextIsNeverMarkup(t *testing.T) {
	const evil = `<img src=x onerror=alert(1)> hello "><script>alert(2)</script> world`
	run(t, fake{}, func(t *testing.T, p *page) {
		p.root.Show(route.Parse(""))
		hosttest.Rest()
		if err := p.Search.AddText(evil, evil); err != nil {
			t.Fatal(err)
		}
		p.Search.SetText(evil)
		page := html(t, p.root)
		lacks(t, page, "<img", "<script")
		hosttest.Contains(t, page, "&lt;img src=x onerror=alert(1)&gt;")
		p.Search.AddFiles([]host.File{{Name: evil, Size: 1 << 30}})
		page = html(t, p.root)
		lacks(t, page, "<img", "<script")
		hosttest.Contains(t, page, "The text was not added.")
	})
}

func TestAModelIsLoadedByItsButton(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.loader.Gate = make(chan struct{})
		p.root.Show(route.Parse("#/translate"))
		hosttest.Contains(t, html(t, p.root), `id="load-translator"`, "Load the translator, 7.9 MB", "downloaded once and runs in this page", `class="button"`)
		p.Translation.Model.Press()
		hosttest.Contains(t, html(t, p.root), "Loading the translator 3.0 MB of 12.0 MB", `value="25"`, "Cancel", `aria-labelledby="what-translator"`, "button quiet")
		close(p.loader.Gate)
		page := html(t, p.root)
		hosttest.Contains(t, page, "The translator is ready, 7.9 MB, loaded in")
		lacks(t, page, "load-translator")
	})
	run(t, fake{}, func(t *testing.T, p *page) {
		p.loader.Err = errBroken
		p.root.Show(route.Parse("#/translate"))
		p.Translation.Model.Press()
		hosttest.Contains(t, html(t, p.root), "The translator could not be loaded", "no &lt;answer&gt;", "Try again")
	})
}

func TestATranslationIsShownWithItsButtons(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.host.Texts["./models/translator-magneto/MODEL_CARD.md"] = "| Tatoeba de→en | 20.4 |\n| Tatoeba en→de |16.4|\n"
		p.root.Show(route.Parse("#/translate"))
		p.Translation.Model.Load()
		hosttest.Contains(t, html(t, p.root), "BLEU 20.4 from German and 16.4 from English, on", "./models/translator-magneto/MODEL_CARD.md", "Wo ist der Bahnhof?", `lang="de"`, "now from German to English")
		p.Translation.Try("wait")
		hosttest.Contains(t, html(t, p.root), ">Stop<", `aria-busy="true"`, "0 of 1 sentence")
		p.Translation.Press()
		hosttest.Contains(t, html(t, p.root), ">Continue<", `aria-busy="false"`)
		p.Translation.Try("eins")
		hosttest.Contains(t, html(t, p.root), ">Copy<", "1 sentence, 1 token in 1.0 s")
		p.Translation.Swap()
		hosttest.Contains(t, html(t, p.root), "Where is the station?")
	})
	run(t, broken, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/translate"))
		p.Translation.Model.Load()
		p.Translation.Try("eins")
		hosttest.Contains(t, html(t, p.root), "A sentence could not be translated", "the &lt;worker&gt; failed", "engine_crashed", ">Try again<")
	})
}

func TestNamesAreListedAndCounted(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.host.Texts["./models/tagger-magneto/MODEL_CARD.md"] = "| F1 |\n| X English | 2.5 | 2 |\n"
		p.root.Show(route.Parse("#/entities"))
		p.Entities.Model.Load()
		p.Entities.Try("Ada ist hier und da.")
		hosttest.Contains(t, html(t, p.root), "persons 1", "places 0", `<td lang="de">Ada</td>`, "person", "almost sure, 97\u00A0%", `aria-busy="false"`, "F1 2.5 on X English. ", "./models/tagger-magneto/MODEL_CARD.md",
			"How CROP tags German via English", "Choose a sentence:", `aria-pressed="false"`)
		p.Crop.Press("Ada ist hier und da.")
		hosttest.Contains(t, html(t, p.root), `aria-pressed="true"`, `id="load-translator"`)
		p.Crop.Translator.Load()
		hosttest.Contains(t, html(t, p.root), `data-step="sentence"`, `data-step="tag"`, "Translated to English", `class="tag word first"`, " person ", "found again in the German sentence")
		p.Entities.Clear()
		hosttest.Contains(t, html(t, p.root), "Type or choose a German sentence above", `aria-disabled="true"`)
	})
	run(t, broken, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/entities"))
		p.Entities.Model.Load()
		p.Entities.Try("Ada ist hier und da.")
		p.Crop.Translator.Load()
		p.Crop.Show("Ada ist hier und da.")
		hosttest.Contains(t, html(t, p.root), "The text could not be tagged", `id="entities-alert-again"`, "CROP could not tag the sentence", `id="crop-alert-again"`, "the &lt;worker&gt; failed")
	})
}

func TestAStoryHasItsButtonsAndSettings(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/write"))
		hosttest.Contains(t, html(t, p.root), ">Load and write<", "Once upon a time", "temperature 0.7, 80 tokens", `id="write-seed"`, "./models/writer-magneto/MODEL_CARD.md")
		p.Writing.Model.Load()
		hosttest.Contains(t, html(t, p.root), ">Write<")
		p.Writing.Press()
		hosttest.Contains(t, html(t, p.root), ">Continue<", ">Another try<", ">Copy<", "1 token in 1.0 s, 1 a second", "The model ended its text here")
	})
	run(t, broken, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/write"))
		p.Writing.Model.Load()
		hosttest.Rest()
		p.Writing.Press()
		hosttest.Contains(t, html(t, p.root), "The text could not be continued", "the &lt;worker&gt; failed", ">Try again<")
	})
}

func TestAModelIsShownFromOutsideAndInside(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/model"))
		hosttest.Contains(t, html(t, p.root), "Architecture", "x.weight", "1,234", "mean of all heads", "The map as a table", "Layer 0: 3 experts, best 1", "1 choice without room", "no room",
			"A sentence", "up to 10 %", "“The” attends to “The” with 10 % of its attention", "loaded, weights held as q8")
	})
	run(t, broken, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/model"))
		hosttest.Contains(t, html(t, p.root), "The model could not be loaded", "the &lt;worker&gt; failed", `id="model-alert-again"`, `id="load-model"`)
	})
}

func TestAMeasurementIsShownAsPicturesAndTables(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/bench"))
		hosttest.Contains(t, html(t, p.root), "Measure this browser")
		p.Bench.Start()
		hosttest.Contains(t, html(t, p.root), "Measure again", "fused8", "chosen by its speed here", "2 threads", "8.3 MB", "<svg", "8 bits, 64 tokens", "116", "21.2", "1 text of 12 tokens", "3,000", "64 × 384 × 1536", "1.63", "Copy as text")
	})
	run(t, broken, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/bench"))
		p.Bench.Start()
		hosttest.Contains(t, html(t, p.root), "This browser could not be measured", "the &lt;worker&gt; failed", "Measure this browser")
	})
}

// The choosers of the view "Model" take numbers and nothing else.
func TestTheChoosersTakeNumbers(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/model"))
		hosttest.Rest()
		v := p.Explorer.View()
		c := &AttentionPanel{Explorer: p.Explorer, View: &v}
		c.PickHead("1")
		c.PickHead("x")
		c.PickLayer("")
		c.PickLayer("7") // there is none
		if v := p.Explorer.View(); v.Head != 1 || v.Layer != 0 {
			t.Errorf("layer %d, head %d; expected 0 and 1", v.Layer, v.Head)
		}
		time.Sleep(time.Second)
	})
}

func TestTheEncryptedRunShowsItsBytesItsRoundsAndBothLabels(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/private"))
		hosttest.Contains(t, html(t, p.root), "Load and classify", "Load the classifier, 7.9 MB", "lode serve --encrypted thex-kinds-en --origin https://example.org", "THE-X")
		p.Private.Press()
		page := html(t, p.root)
		hosttest.Contains(t, page, "Under encryption: story. In clear: story.", "7e 7e 7e", "1 round, 200 B sent and 6 B received", "Encrypt and classify")
		lacks(t, page, "alert")
	})
	run(t, broken, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/private"))
		p.Private.Press()
		hosttest.Contains(t, html(t, p.root), "The sentence could not be classified", "the &lt;worker&gt; failed")
	})
}
