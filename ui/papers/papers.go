// Package papers lists the ten papers that the demo shows: what each claims, where, and what the weights here reach.
//
// Begin with [All].
package papers

// Paper is a paper and where the page shows it.
type Paper struct {
	Key    string // of its element and of Find
	System string
	Title  string
	Cite   string // authors, venue
	ArXiv  string
	View   string // the name of the view that shows it, "" if none does yet
	Where  string // the view's name in words
	What   string // what the reader sees there
	Theirs string // the paper's figure, with what it is of
	Ours   string // the figure of the weights here, with what it is of
	Honest string // how good that is, in one sentence
}

// Link is the paper's address.
func (p Paper) Link() string { return "https://arxiv.org/abs/" + p.ArXiv }

// Find returns a paper by its key.
func Find(key string) Paper {
	for _, p := range All {
		if p.Key == key {
			return p
		}
	}
	return Paper{}
}

// All are the papers, in the order of the overview. Figures of the papers are those of their abstracts, tables and repositories; figures of the
// weights here are those of the models' cards, of weights/train/README.md and of the view itself.
var All = []Paper{
	{
		Key: "promptbert", System: "PromptBERT", Title: "PromptBERT: Improving BERT Sentence Embeddings with Prompts",
		Cite: "Jiang, Jiao, Huang and others, EMNLP 2022", ArXiv: "2201.04337", View: "search", Where: "Search",
		What:   "A sentence stands in a template, and the state at the mask is its vector.",
		Theirs: "78.54 Spearman × 100, mean of seven English STS sets, BERT base, unsupervised",
		Ours:   "74.1 on STS-B dev English, 71.9 German, 72.0 French; 7.4 million parameters in 8 bits",
		Honest: "The sets differ, so the figures do not compare; ours is about fifteen times smaller and reads three languages.",
	},
	{
		Key: "magneto", System: "Magneto", Title: "Foundation Transformers",
		Cite: "Wang, Ma, Huang and others, ICML 2023 (as “Magneto: A Foundation Transformer”)", ArXiv: "2210.06423", View: "depth", Where: "Search, Translate, Entities, Write and Depth",
		What:   "One architecture, Sub-LN, for encoders, decoders and encoder–decoders. Depth draws how its states grow.",
		Theirs: "+0.5 BLEU over Pre-LN on OPUS-100, 18 and 18 layers",
		Ours:   "27.7 BLEU German to English and 24.4 back on Tatoeba, translator in 8 bits",
		Honest: "The gain over Pre-LN was not measured here.",
	},
	{
		Key: "deepnet", System: "DeepNet", Title: "DeepNet: Scaling Transformers to 1,000 Layers",
		Cite: "Wang, Ma, Dong and others, 2022; IEEE TPAMI 2024", ArXiv: "2203.00555", View: "depth", Where: "Depth",
		What:   "Stacks of up to 1,000 layers run in the page, and two stacks were trained for the same time.",
		Theirs: "32.1 BLEU on OPUS-100 with 1,000 layers; 48 layers of the usual kind have 27.7",
		Ours:   depthFigure(),
		Honest: "The stacks are of width 32 and predict bytes of stories: they show training, not quality.",
	},
	{
		Key: "xmoe", System: "X-MoE", Title: "On the Representation Collapse of Sparse Mixture of Experts",
		Cite: "Chi, Dong, Huang and others, NeurIPS 2022", ArXiv: "2204.09179", View: "model", Where: "Model, for a folder of yours",
		What:   "Which expert each token of a text goes to, in a model folder with a mixture of experts. No such folder ships.",
		Theirs: "65.3, mean of seven XTREME tasks; every ablation of the router has less",
		Ours:   "perplexity 334.9 of German novels with four experts, 350.4 dense; 11.8 and 10.1 MB",
		Honest: "Two small models of one seed that saw four kinds of text for minutes; neither is fully trained.",
	},
	{
		Key: "moec", System: "MoEC", Title: "MoEC: Mixture of Expert Clusters",
		Cite: "Xie, Huang, Chen and Wei, AAAI 2023", ArXiv: "2207.09094", View: "model", Where: "Model, for a folder of yours",
		What:   "The same picture of routing. The command line merges clusters of experts with lode merge.",
		Theirs: "The abstract claims gains in translation and understanding; no figure was verified",
		Ours:   "perplexity 73.84 of stories with the cluster loss, 74.14 without; experts in use 7.71 and 7.59 of 8",
		Honest: "A gain of 0.4 % of one seed after 400 steps may be chance.",
	},
	{
		Key: "pruning", System: "Expert pruning", Title: "Task-Specific Expert Pruning for Sparse Mixture-of-Experts",
		Cite: "Chen, Huang, Xie and others, 2022", ArXiv: "2206.00277",
		What:   "lode prune makes a dense model of a mixture of experts for one kind of text. It runs on the command line.",
		Theirs: "99.3 % of the gain of the mixture kept with one expert a layer, over six types of tasks",
		Ours:   "96 % of the gain kept when pruned during training, 86 % by lode prune alone",
		Honest: "Only where each kind of text has experts of its own; with experts that do not follow the texts, pruning lost more than the gain.",
	},
	{
		Key: "kformer", System: "Kformer", Title: "Kformer: Knowledge Injection in Transformer Feed-Forward Layers",
		Cite: "Yao, Huang, Dong and others, NLPCC 2022", ArXiv: "2201.05742", View: "notes", Where: "Notes",
		What:   "Your notes become rows of feed-forward layers: a question is answered with and without them.",
		Theirs: "The abstract claims better results than concatenation and attention on SocialIQA and MedQA-USMLE; no figure was verified",
		Ours:   "100 of 100 synthetic questions right with their notes, 29 without, 25 with the notes of another question",
		Honest: "The facts are synthetic, of four kinds in one wording each: it shows the mechanism and is of no use for other questions.",
	},
	{
		Key: "crop", System: "CROP", Title: "CROP: Zero-shot Cross-lingual Named Entity Recognition with Multilingual Labeled Sequence Translation",
		Cite: "Yang, Huang, Ma and others, Findings of EMNLP 2022", ArXiv: "2210.07022", View: "entities", Where: "Entities",
		What:   "German names found by way of English: translate, tag, mark, translate back, project.",
		Theirs: "+3 to +7 F1 over the best before, on CoNLL-5 and XTREME-40",
		Ours:   "F1 16.0 of the pipeline on WikiANN German; 26.4 of the tagger that was trained with it",
		Honest: "Far below what a tagger with German labels reaches: the translator is small and loses names.",
	},
	{
		Key: "thex", System: "THE-X", Title: "THE-X: Privacy-Preserving Transformer Inference with Homomorphic Encryption",
		Cite: "Chen, Bao, Huang and others, Findings of ACL 2022", ArXiv: "2206.00216", View: "private", Where: "Private",
		What:   "A classifier of sums and products, so that a server can compute on what it cannot read: the encrypted run, round by round.",
		Theirs: "The abstract claims a negligible drop; no table was verified",
		Ours:   "87.84 % of 1,999 sentences right in 8 bits, 89.04 % before the rewrite",
		Honest: "Three kinds of sentences and a small model; SECURITY.md says what encryption protects and what it does not.",
	},
	{
		Key: "metalm", System: "MetaLM", Title: "Language Models are General-Purpose Interfaces",
		Cite: "Hao, Song, Dong and others, 2022", ArXiv: "2206.06336",
		What:   "Spans read by an encoder are docked into a decoder. The module runs such models; no trained weights ship.",
		Theirs: "91.1 % on MNLI; GPT as a baseline 87.7 %",
		Ours:   "none yet",
		Honest: "Only random weights run here, in the tests.",
	},
}
