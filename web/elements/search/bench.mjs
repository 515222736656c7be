// Times a search as a visitor types: node web/elements/search/bench.mjs INDEX [QUERIES]
//
// INDEX is a folder that lode index wrote, QUERIES a file with a query on each line (by default
// the words of the index's own titles). Every query is typed letter by letter into an index that is
// opened once; a key counts from the key to its last answer. The first round reads the files and does
// not count. Prints the milliseconds of a key (median, 95th percentile), and the bytes that the first
// query transfers until its fused answer, with an empty cache.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { load } from './compile.mjs';

const [index, file] = process.argv.slice(2);
if (!index) {
  console.error('usage: node web/elements/search/bench.mjs INDEX [QUERIES]');
  process.exit(2);
}
const { openSite, Searcher } = await load('site.ts', 'searcher.ts');
const address = 'https://example.org/search/';
const fetch = async (url) => {
  const body = await readFile(path.join(index, url.slice(address.length)));
  return new Response(body, { headers: { 'content-length': body.length } });
};
const open = () => openSite(address, { fetch, budget: Infinity });

async function search(searcher, query) {
  let last;
  for await (const answer of searcher.search({ query, limit: 8, meaning: true, filters: {} })) last = answer;
  return last;
}

const site = await open();
const searcher = new Searcher(site);
const queries = file ? readFileSync(file, 'utf8').trim().split('\n') : [];
if (!file) for (let page = 0; page < site.manifest.pages && queries.length < 50; page += Math.ceil(site.manifest.pages / 50)) queries.push((await site.page(page)).title.toLowerCase());

const cold = new Searcher(await open());
const first = await search(cold, queries[0]);
console.log(`first ${first.stage} answer to ${JSON.stringify(queries[0])}: ${first.transferred} bytes`);

const times = [];
for (const round of [0, 1]) {
  for (const query of queries) {
    for (let n = 1; n <= query.length; n++) {
      const start = performance.now();
      await search(searcher, query.slice(0, n));
      if (round === 1) times.push(performance.now() - start);
    }
  }
}
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))].toFixed(1);
console.log(`${times.length} keys, ${site.manifest.pages} pages: median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms`);
