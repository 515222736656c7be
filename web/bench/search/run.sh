#!/bin/sh
# Measures the search of a site's index on Debian's documentation packages; see README.md.
#
#   web/bench/search/run.sh WORK [MODEL]
set -eu
work=$1
model=${2:-weights/prompt-magneto-en-de-fr}
here=web/bench/search
mkdir -p "$work/debs"
for name in postgresql-doc-15 linux-doc-6.1 libstdc++-12-doc openjdk-17-doc; do
	[ -d "$work/sites/$name" ] && continue
	(cd "$work/debs" && apt-get download "$name")
	dpkg-deb -x "$work"/debs/"$name"_*.deb "$work/sites/$name"
done
go build -o "$work/search" ./$here
site() {
	name=$1
	dir=$work/sites/$2
	shift 2
	# The first run prepares the pages and the questions that the other engines take.
	"$work/search" -work "$work" -model "$model" -name "$name" -site "$dir" "$@" -prepare
	node $here/other.mjs "$work/$name"
	"$work/search" -work "$work" -model "$model" -name "$name" -site "$dir" "$@" -rerank
}
site postgresql postgresql-doc-15/usr/share/doc/postgresql-doc-15/html -questions $here/queries.postgresql.tsv
site linux linux-doc-6.1/usr/share/doc/linux-doc-6.1/html
site libstdc++ libstdc++-12-doc/usr/share/doc/gcc-12-base/libstdc++
site openjdk openjdk-17-doc/usr/share/doc/openjdk-17-jre-headless
"$work/search" -work "$work" -model "$model" -name postgresql -site "$work/sites/postgresql-doc-15/usr/share/doc/postgresql-doc-15/html" -questions $here/queries.postgresql.tsv -foreign "$work/linux/questions.json"
