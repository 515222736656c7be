#!/bin/sh
# Prints the compressed size (gzip) of what a page downloads to use the engine,
# and fails when a budget is exceeded.
#
#   web/tools/size.sh DIST
set -eu
dist=$1
budget=1200000       # engine.wasm.gz + kernels + lodestone.js + worker.js, bytes
gpu_budget=1250000   # and webgpu.js
kernel_budget=64000  # each form of the kernels, bytes

bad=0
total=0
printf '%-28s %10s %10s\n' file bytes gzip
# A page loads one of the kernels' modules: the largest counts. webgpu.js is for pages that have an adapter. (A browser whose relaxed SIMD fails the self-test loads a second.)
for name in engine.wasm.gz kernels.wasm kernels-shared.wasm kernels-relaxed.wasm kernels-relaxed-shared.wasm lodestone.js worker.js webgpu.js; do
	file=$dist/$name
	if [ ! -f "$file" ]; then
		echo "size: $file does not exist; run make build" >&2
		exit 1
	fi
	raw=$(wc -c <"$file")
	case $name in
	*.gz) packed=$raw ;;
	*) packed=$(gzip -9 -c "$file" | wc -c) ;;
	esac
	case $name in
	kernels.wasm | kernels-shared.wasm | kernels-relaxed.wasm) ;;
	*) total=$((total + packed)) ;;
	esac
	if [ "$name" = webgpu.js ]; then bridge=$packed; fi
	printf '%-28s %10d %10d\n' "$name" "$raw" "$packed"
	case $name in
	kernels*.wasm)
		if [ "$raw" -gt $kernel_budget ]; then
			echo "size: $name has $raw bytes, the budget is $kernel_budget" >&2
			bad=1
		fi
		;;
	esac
done
total() { # NAME BYTES BUDGET
	printf '%-28s %10s %10d of %d\n' "$1" '' "$2" "$3"
	if [ "$2" -gt "$3" ]; then
		echo "size: the code of $1 takes $2 bytes compressed, the budget is $3" >&2
		bad=1
	fi
}
total 'a page' $((total - bridge)) $budget
total 'a page with a GPU' $total $gpu_budget

# The npm package ends here: it has neither the demo nor the elements.
if [ ! -f "$dist/index.html" ]; then exit $bad; fi

# Both sides of encrypted runs, which the demo's view "Private" fetches when it is asked to; no part of the engine.
for program in thex.wasm.gz:2800000 evaluator.wasm.gz:3400000; do
	name=${program%:*}
	limit=${program#*:}
	size=$(wc -c <"$dist/$name")
	printf '%-28s %10s %10d of %d\n' "$name" '' "$size" "$limit"
	if [ "$size" -gt "$limit" ]; then
		echo "size: $name has $size bytes compressed, the budget is $limit" >&2
		bad=1
	fi
done

# The elements: NAME BUDGET FILES. What a search takes is its element and its worker; models come later, if at all.
element() {
	name=$1
	budget=$2
	shift 2
	size=0
	for file in "$@"; do
		if [ ! -f "$dist/elements/$file" ]; then
			echo "size: $dist/elements/$file does not exist; run make build" >&2
			exit 1
		fi
		size=$((size + $(gzip -9 -c "$dist/elements/$file" | wc -c)))
	done
	printf '%-28s %10s %10d of %d\n' "$name" '' "$size" "$budget"
	if [ "$size" -gt "$budget" ]; then
		echo "size: $name takes $size bytes compressed, the budget is $budget" >&2
		bad=1
	fi
}
element lodestone-search 32000 lodestone-search.js search-worker.js
element lodestone-entities 10000 lodestone-entities.js
element lodestone-translate 10000 lodestone-translate.js
exit $bad
