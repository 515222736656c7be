#!/bin/sh
# Measures the search of a site's index on Debian's documentation packages; see README.md.
#
#   SITES="postgresql linux libstdc++" web/bench/search/run.sh WORK [MODEL]
#
# openjdk is a fourth site. The table of all sites is written to WORK/table.md.
set -eu
work=$1
model=${2:-weights/prompt-magneto-en-de-fr}
sites=${SITES:-postgresql linux libstdc++}
here=web/bench/search
mkdir -p "$work/debs"
go build -o "$work/search" ./$here

# package of a site: its name in Debian, its folder in it
package() {
	case $1 in
	postgresql) echo postgresql-doc-15 usr/share/doc/postgresql-doc-15/html ;;
	linux) echo linux-doc-6.1 usr/share/doc/linux-doc-6.1/html ;;
	libstdc++) echo libstdc++-12-doc usr/share/doc/gcc-12-base/libstdc++ ;;
	openjdk) echo openjdk-17-doc usr/share/doc/openjdk-17-jre-headless/api ;;
	*) echo "run.sh: there is no site $1; known: postgresql linux libstdc++ openjdk" >&2; exit 2 ;;
	esac
}

for name in $sites; do
	found=$(package "$name")
	deb=${found% *}
	if [ ! -d "$work/sites/$deb" ]; then
		(cd "$work/debs" && apt-get download "$deb")
		dpkg-deb -x "$work"/debs/"$deb"_*.deb "$work/sites/$deb.part"
		mv "$work/sites/$deb.part" "$work/sites/$deb"
	fi
	questions=
	[ "$name" = postgresql ] && questions="-questions $here/queries.postgresql.tsv"
	# The first run prepares the pages and the questions that the other engines take.
	measure() { "$work/search" -work "$work" -model "$model" -name "$name" -site "$work/sites/$deb/${found#* }" $questions "$@"; }
	measure -prepare
	for engine in pagefind minisearch orama; do
		# One that fails or takes longer stands in the table as not run.
		timeout 1200 node $here/other.mjs "$work/$name" $engine || echo "$name: $engine did not finish" >&2
	done
	measure -rerank
done
"$work/search" -work "$work" -table | tee "$work/table.md"
