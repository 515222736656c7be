#!/bin/sh
# Makes the three sites again from content/: web/examples/sites/build.sh [hugo|astro|mkdocs …]
#
#   hugo     0.111.3 (Debian's package hugo)          hugo/site
#   astro    7.3.5 (npm, Node.js 22)                  astro/site
#   mkdocs   1.6.1 (PyPI)                             mkdocs/site
#
# ASTRO and MKDOCS name the programs, if they are not on the path. The pages are committed, so
# that tests and examples have them without the three programs.
set -eu
cd "$(dirname "$0")"
for site in ${*:-hugo astro mkdocs}; do
	rm -rf "$site/site"
	case $site in
	hugo)
		rm -rf hugo/content && mkdir hugo/content
		for page in content/*.md; do cp "$page" "hugo/content/$(basename "$page" | sed 's/^index/_index/')"; done
		hugo --quiet --source hugo --destination site
		rm -rf hugo/content hugo/resources hugo/.hugo_build.lock
		;;
	astro)
		rm -rf astro/src/pages && mkdir astro/src/pages
		for page in content/*.md; do sed '2i layout: ../layouts/Page.astro' "$page" >"astro/src/pages/$(basename "$page")"; done
		(cd astro && ASTRO_TELEMETRY_DISABLED=1 "${ASTRO:-astro}" build --outDir site --silent)
		rm -rf astro/src/pages astro/.astro
		;;
	mkdocs)
		cp -r content mkdocs/docs
		"${MKDOCS:-mkdocs}" build --quiet --config-file mkdocs/mkdocs.yml
		rm -rf mkdocs/docs mkdocs/site/sitemap.xml* mkdocs/site/404.html
		;;
	esac
	cp site.css "$site/site/"
done
