#!/bin/sh
# Prints the compressed size (gzip -9) of what a page downloads to use the engine,
# and fails when a budget is exceeded.
#
#   web/tools/size.sh DIST
set -eu
dist=$1
budget=1200000       # engine.wasm + kernels.wasm + lodestone.js + worker.js, bytes
kernel_budget=64000  # kernels.wasm, bytes

bad=0
total=0
printf '%-16s %10s %10s\n' file bytes gzip
for name in engine.wasm kernels.wasm lodestone.js worker.js; do
	file=$dist/$name
	if [ ! -f "$file" ]; then
		echo "size: $file does not exist; run make build" >&2
		exit 1
	fi
	raw=$(wc -c <"$file")
	packed=$(gzip -9 -c "$file" | wc -c)
	total=$((total + packed))
	printf '%-16s %10d %10d\n' "$name" "$raw" "$packed"
	if [ "$name" = kernels.wasm ] && [ "$raw" -gt $kernel_budget ]; then
		echo "size: kernels.wasm has $raw bytes, the budget is $kernel_budget" >&2
		bad=1
	fi
done
printf '%-16s %10s %10d of %d\n' total '' "$total" $budget
if [ $total -gt $budget ]; then
	echo "size: the engine takes $total bytes compressed, the budget is $budget" >&2
	bad=1
fi
exit $bad
