// Writes oracle-kinds.jsonl.gz: what the Rust library makes of text with each pipeline of
// pipelines.mjs, and of long texts in windows. See SOURCE.md. The output is the same on every run.
//
// Lines are {tokenizer, json}, whose strings "@bert", "@gpt2", "@merges", "@charsmap" and "@pieces"
// stand for what TestKinds puts in; {t, x, h}, h the first 12 hex digits of SHA-256 of the JSON
// [ids, offsets, words, type ids, special tokens mask, decoded, decoded without special tokens], or
// {t, x, e} where there is an error; and {t, x, y, m, stride, s, l, all}, all the [ids, offsets, words] of each window.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { hostile, pieces } from './texts.mjs';
import { pipelines } from './pipelines.mjs';

const hf = createRequire(import.meta.url)('@anush008/tokenizers');
const at = (name) => new URL(name, import.meta.url);
const gunzip = (name) => gunzipSync(readFileSync(at(name)));
let seed = 20261202;
function random(n) { // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = (list) => list[random(list.length)];
const mix = (list, most) => Array.from({ length: 1 + random(most) }, () => pick(list)).join('');
const own = ["I'm you'RE we'\u017f", '12345 67', 'ÉCOLE école Ǆǅ', '//***', 'a\n\n  b\r\n', '  \n x', 'x   ', 'e\u0301\u0301', '©\u200d©', '\u2122\u0301', '\u0600ab', 'क\u094dष\u0301', '\u0e33', 'ﬁ\u0301', '\u0001a\u0001', '\u200b', '``a\'\'', 'word/word', '日本語です', '\u1100\u1161\u0301', '\ufeff', '[UNK]', ' <mask> ', '…。'];
const sentences = readFileSync(at('tatoeba.txt'), 'utf8').trimEnd().split('\n');
const texts = [...own, ...hostile, ...sentences.filter((_, i) => i % 50 === 0), ...Array.from({ length: 120 }, () => mix([...pieces, ...own, ...own], 9))];

const definitions = pipelines(gunzip, readFileSync(at('../../../weights/prompt-magneto-en-de-fr/tokenizer.json'), 'utf8'));
const bert = definitions['bert-uncased'](), gpt2 = definitions.gpt2(), xlmr = definitions['xlm-roberta']();
const inside = (list) => JSON.stringify(list).slice(1, -1);
const folds = [
  [JSON.stringify(bert.model.vocab), '"@bert"'], [JSON.stringify(gpt2.model.vocab), '"@gpt2"'], [JSON.stringify(gpt2.model.merges), '"@merges"'],
  [inside(xlmr.model.vocab.slice(4, -1)), '"@pieces"'], [xlmr.normalizer.normalizers[0].precompiled_charsmap, '@charsmap'],
];
const out = [];
for (const [name, make] of Object.entries(definitions)) {
  const json = JSON.stringify(make());
  const tokenizer = hf.Tokenizer.fromString(json);
  out.push(JSON.stringify({ tokenizer: name, json: folds.reduce((text, [big, small]) => text.replaceAll(big, () => small), json) }));
  for (const x of texts) {
    try {
      const e = await tokenizer.encode(x, null, { addSpecialTokens: true });
      const all = [e.getIds(), e.getOffsets().flat(), e.getWordIds().map((w) => w ?? -1), e.getTypeIds(), e.getSpecialTokensMask(), await tokenizer.decode(e.getIds(), false), await tokenizer.decode(e.getIds(), true)];
      out.push(JSON.stringify({ t: name, x, h: createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12) }));
    } catch (error) {
      out.push(JSON.stringify({ t: name, x, e: String(error.message || error).slice(0, 80) }));
    }
  }
  if (!['bert-uncased', 'roberta', 'xlm-roberta', 'gpt2'].includes(name)) continue;
  const strategies = ['LongestFirst', 'OnlyFirst', 'OnlySecond'];
  for (let i = 0; i < 90; i++) {
    const [x, y] = [[...Array(1 + random(3))].map(() => pick(sentences)).join(' '), [...Array(1 + random(3))].map(() => pick(sentences)).join(' ')];
    const [m, s, l, pair] = [7 + random(25), random(3), random(2), random(2)];
    const stride = s > 0 || (pair && m < 18) ? 0 : random(3); // the library aborts where it is not less than what is left of a text
    const line = { t: name, x, m, stride, s, l, ...(pair ? { y } : {}) };
    tokenizer.setTruncation(m, { stride, strategy: strategies[s], direction: l ? 'left' : 'right' });
    try {
      const e = await tokenizer.encode(x, pair ? y : null, { addSpecialTokens: true });
      line.all = [e, ...e.getOverflowing()].map((w) => [w.getIds(), w.getOffsets().flat(), w.getWordIds().map((n) => n ?? -1)]);
    } catch (error) {
      line.e = String(error.message || error).slice(0, 80);
    }
    out.push(JSON.stringify(line));
  }
  tokenizer.disableTruncation();
}
writeFileSync(at('oracle-kinds.jsonl.gz'), gzipSync(out.join('\n') + '\n', { level: 9 }));
console.log(out.length, 'lines');
