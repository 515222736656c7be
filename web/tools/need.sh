#!/bin/sh
# Installs Debian packages whose command is missing, and nothing else.
#
#   web/tools/need.sh node:nodejs npm:npm gcc:gcc+libc6-dev
#
# Each argument is COMMAND:PACKAGE[+PACKAGE…]. Without anything missing it returns
# at once and touches neither the network nor the package lists.
set -eu

missing=""
for pair in "$@"; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing $(echo "${pair#*:}" | tr + ' ')"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "need: these packages are missing, and there is no apt-get to install them:$missing" >&2
	exit 1
fi
sudo=""
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "need: as root, run: apt-get install$missing" >&2
		exit 1
	fi
	sudo="sudo"
fi

echo "need: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq </dev/null
# shellcheck disable=SC2086 # the list is split on purpose
$sudo apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null
