// Package attacks makes model folders that were built to break a loader: ten classes, each of
// which has happened to a loader of model files, with at least 25 folders each. Begin with
// All. testdata/outcomes.tsv has what becomes of each folder, natively and in a page: an error
// with a code, or a result, where the attack is harmless because nothing believes it.
//
// Each folder is a copy of a small random BERT with one thing changed. The classes and their
// sources: sizes that wrap (CVE-2025-53630), shapes larger than the data (CVE-2026-7482), huge
// counts, types confused, tables of tokenizers (CVE-2025-49847), hyper-parameters without
// bounds, paths that leave the folder (CVE-2022-25882), files that would execute
// (CVE-2024-34359), special tokens out of text, and files swapped under a manifest.
package attacks
