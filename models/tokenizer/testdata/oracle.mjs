// Writes oracle.jsonl.gz and codepoints.json: what the Rust library makes of real
// and hostile text. See SOURCE.md. The output is the same on every run.
//
// oracle.jsonl.gz has one JSON object a line:
//   {tokenizer, json}                     defines a small tokenizer; json null is the default model's
//   {t, x, y, s, m, i, o, k, p, d, e}     one encoding
// t name of the tokenizer, x text, y second text of a pair, s special tokens added (1),
// m max length, i ids, o offsets in code points (start, end, start, …), k type ids (if not all 0),
// p special tokens mask (where s), d [decode(i, false), decode(i, true)] (where asked for), e "error".
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { hostile, pieces } from './texts.mjs';

const require = createRequire(import.meta.url);
const hf = require('@anush008/tokenizers');
const at = (name) => new URL(name, import.meta.url);
const out = [];

let seed = 20240611;
function random(n) { // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const pick = (list) => list[random(list.length)];
const mix = (list, most) => Array.from({ length: 1 + random(most) }, () => pick(list)).join('');

async function record(name, tokenizer, x, { y = null, s = 0, m = 0, decode = false } = {}) {
  if (m) tokenizer.setTruncation(m); else tokenizer.disableTruncation();
  const line = { t: name, x };
  if (y !== null) line.y = y;
  if (s) line.s = 1;
  if (m) line.m = m;
  try {
    const e = await tokenizer.encode(x, y, { addSpecialTokens: !!s });
    line.i = e.getIds();
    line.o = e.getOffsets().flat();
    if (e.getTypeIds().some((k) => k)) line.k = e.getTypeIds();
    if (s) line.p = e.getSpecialTokensMask();
    if (decode) line.d = [await tokenizer.decode(line.i, false), await tokenizer.decode(line.i, true)];
  } catch (error) {
    line.e = String(error.message || error).slice(0, 80);
  }
  out.push(JSON.stringify(line));
}

// ---- the default model ------------------------------------------------------
const json = readFileSync(at('../../../weights/prompt-magneto-en-de-fr/tokenizer.json'), 'utf8');
const main = hf.Tokenizer.fromString(json);
out.push(JSON.stringify({ tokenizer: 'default', json: null }));
const sentences = readFileSync(at('tatoeba.txt'), 'utf8').trimEnd().split('\n');
for (const x of sentences) await record('default', main, x);
for (const x of hostile) await record('default', main, x, { s: 1, decode: true });
for (let i = 0; i < 1500; i++) await record('default', main, mix(pieces, 12), { s: 1, decode: i < 300 });
for (let i = 0; i < 60; i++) {
  const x = sentences[i * 7], y = sentences[1300 + i * 5];
  await record('default', main, x, { s: 1, m: 2 + (i % 14) });
  await record('default', main, x, { m: 1 + (i % 9) });
  await record('default', main, x, { y, s: 1 });
  await record('default', main, x, { y, s: 1, m: 3 + (i % 23) });
  await record('default', main, y, { y: x, m: 1 + (i % 20) });
}
let long = ''; // 100 kB without a space
while (long.length < 100000) long += pick(sentences).replaceAll(' ', '');
await record('default', main, long);
await record('default', main, long, { s: 1, m: 16 });

// Without special tokens: "plainspecials" still has their pieces, "nospecials" has not.
const edited = JSON.parse(json);
edited.added_tokens = edited.added_tokens.filter((a) => !a.special);
edited.post_processor = null;
const plainspecials = hf.Tokenizer.fromString(JSON.stringify(edited));
for (const id of [0, 1, 2, 3, 16383]) edited.model.vocab[id][0] = '\u{f0000}' + id;
const nospecials = hf.Tokenizer.fromString(JSON.stringify(edited));
for (const [name, tokenizer] of [['plainspecials', plainspecials], ['nospecials', nospecials]]) {
  out.push(JSON.stringify({ tokenizer: name, json: null }));
  for (const x of hostile) await record(name, tokenizer, x);
  for (let i = 0; i < 300; i++) await record(name, tokenizer, mix(pieces, 12));
}

// ---- small tokenizers -------------------------------------------------------
const vocab = [['<unk>', 0], ['<s>', 0], ['</s>', 0], ['▁', -2], ['a', -3], ['b', -3.5], ['c', -4], ['ab', -5], ['bc', -6.25], ['▁a', -4], ['▁ab', -5.5], ['abc', -10.25], ['aa', -6], ['aaa', -9], ['<m>', -7], ['é', -5], ['e', -4], ['\u0301', -5], ['fi', -7], ['f', -5], ['i', -5], ['_', -4], ['x', -5], ['▁x', -5], ['한', -8], ['日本', -30], ['▁▁', -3.5], ['n', -5], ['o', -5]];
const added = (id, content, flags = {}) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false, ...flags });
const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
const base = {
  version: '1.0', truncation: null, padding: null,
  added_tokens: [added(0, '<unk>', { special: true }), added(1, '<s>', { special: true }), added(2, '</s>', { special: true })],
  normalizer: null, pre_tokenizer: metaspace, post_processor: null, decoder: metaspace,
  model: { type: 'Unigram', unk_id: 0, vocab, byte_fallback: false },
};
const n = vocab.length;
const bytes = Array.from({ length: 256 }, (_, b) => ['<0x' + b.toString(16).toUpperCase().padStart(2, '0') + '>', 0]);
const model = (m) => ({ model: { ...base.model, ...m } });
const replace = (pattern, content) => ({ type: 'Replace', pattern: { String: pattern }, content });
const flags = (f) => ({ added_tokens: [...base.added_tokens, added(n, '<m>x', f), added(n + 1, 'tok', f), added(n + 2, 'tokab', f), added(n + 3, '[é]', f), added(n + 4, ' sp', f)] });
const template = (single, pair, special_tokens) => ({ post_processor: { type: 'TemplateProcessing', single, pair, special_tokens } });
const A = (type_id = 0) => ({ Sequence: { id: 'A', type_id } }), B = (type_id = 0) => ({ Sequence: { id: 'B', type_id } }), S = (id, type_id = 0) => ({ SpecialToken: { id, type_id } });
const specials = { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] }, XX: { id: 'XX', ids: [2, 1], tokens: ['</s>', '<s>'] } };
const variants = {
  always: {},
  first: { pre_tokenizer: { ...metaspace, prepend_scheme: 'first' } },
  never: { pre_tokenizer: { ...metaspace, prepend_scheme: 'never' }, decoder: { ...metaspace, prepend_scheme: 'never' } },
  nosplit: { pre_tokenizer: { ...metaspace, split: false } },
  nosplitfirst: { pre_tokenizer: { ...metaspace, split: false, prepend_scheme: 'first' }, normalizer: { type: 'NFKC' } },
  legacy: { pre_tokenizer: { type: 'Metaspace', replacement: '▁', add_prefix_space: true, str_rep: '▁' }, decoder: { type: 'Metaspace', replacement: '▁', add_prefix_space: true } },
  legacynever: { pre_tokenizer: { type: 'Metaspace', replacement: '▁', add_prefix_space: false, prepend_scheme: 'never' }, decoder: { type: 'Metaspace', replacement: '▁', add_prefix_space: false, prepend_scheme: 'never' } },
  underscore: { pre_tokenizer: { ...metaspace, replacement: '_' }, decoder: { ...metaspace, replacement: '_' } },
  nopre: { pre_tokenizer: null, decoder: null },
  twice: { pre_tokenizer: { type: 'Sequence', pretokenizers: [metaspace, { ...metaspace, replacement: '_', prepend_scheme: 'first' }] } },
  nfc: { normalizer: { type: 'NFC' } },
  nfd: { normalizer: { type: 'NFD' } },
  nfkc: { normalizer: { type: 'NFKC' } },
  nfkd: { normalizer: { type: 'NFKD' } },
  replace: { normalizer: { type: 'Sequence', normalizers: [replace('ab', 'é'), replace('x', ''), { type: 'NFKC' }, replace('  ', ' '), replace('é', 'fia')] } },
  prepend: { normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace(' ', '▁')] }, pre_tokenizer: null, decoder: { type: 'Sequence', decoders: [replace('▁', ' '), { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] } },
  prependlate: { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKD' }, { type: 'Prepend', prepend: 'xé' }, { type: 'NFC' }] } },
  bytes: { ...model({ vocab: [...vocab, ...bytes], byte_fallback: true }), decoder: { type: 'Sequence', decoders: [{ type: 'ByteFallback' }, metaspace] } },
  somebytes: model({ vocab: [...vocab, ...bytes.slice(0, 0xe0)], byte_fallback: true }),
  nounk: { ...model({ unk_id: null }), normalizer: { type: 'NFC' } },
  highscores: model({ vocab: [...vocab.map(([p, s]) => [p, s + 100])] }),
  ties: model({ vocab: [['<unk>', 0], ['<s>', -9], ['</s>', -9], ['▁', -1], ['a', -1], ['b', -1], ['c', -1], ['ab', -2], ['bc', -2], ['abc', -3], ['▁a', -2], ['ca', -2], ['x', -0.1], ['xx', -0.2], ['xxx', -0.30000000000000004]] }),
  lstrip: flags({ lstrip: true }),
  rstrip: flags({ rstrip: true }),
  bothstrip: flags({ lstrip: true, rstrip: true }),
  singleword: flags({ single_word: true }),
  normalized: { ...flags({ normalized: true }), normalizer: { type: 'NFKC' } },
  normalizedprepend: { ...flags({ normalized: true }), normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace(' ', '▁')] }, pre_tokenizer: null },
  normalizedall: { ...flags({ normalized: true, lstrip: true, rstrip: true, single_word: true, special: true }), normalizer: { type: 'NFKD' } },
  equalpatterns: { added_tokens: [...base.added_tokens, added(n, '\ufb01x', { normalized: true }), added(n + 1, 'fix', { normalized: true, special: true }), added(n + 2, 'f\u0131x')], normalizer: { type: 'NFKC' } },
  spacetokens: { added_tokens: [...base.added_tokens, added(n, ' ', { rstrip: true }), added(5, 'b', { rstrip: true }), added(n + 1, '  x', { lstrip: true })] },
  template: template([S('<s>', 3), A(1), S('XX', 2)], [B(1), S('XX'), A(), S('<s>', 1)], specials),
  templatenone: template([A(2)], [A(), B(1)], {}),
};
const texts = [
  'ab', 'abc', 'aaaa', 'abcab abc', 'a b c', '  a  b ', 'xyz', 'x日本y', '日本', '日', 'é', 'e\u0301', 'ﬁ ab', 'ﬁx', 'fix', 'fıx', '한', '\u1112\u1161\u11ab', '<m>', '<m>x', '<m>x<m>x', 'a<m>xb', 'tokab', 'toka', ' tok ', 'atok', 'tok.', 'tok_', 'tok\u0301', 'tok\u200d', 'a  tok  tok  b', '[é]', '[e\u0301]', ' sp', '  sp sp', 'b  x  xb ', '\u3000tok\u00a0\n tok', '_', 'a_b', '__', '▁', ' ▁a', '▁ tok', 'tok▁', '<s>ab</s>', '<s> ab', 'no on', '', ' ', '   ', '😀', 'a😀b', '<unk>a', '<0x41>', 'Å', '\u0345\u0301ab', 'xxxxx', 'xxab', 'ababab', 'caab', 'tok'.repeat(3), 'tok tok', '½',
];
const small = ['a', 'b', 'c', 'x', ' ', ' ', '  ', '▁', '_', 'tok', 'tokab', '<m>', '<m>x', 'x', 'é', 'e\u0301', '[é]', '\u0301', '\u0323', 'ﬁ', '日本', '日', '😀', '<s>', '</s>', ' sp', '\u3000', '\n', '한', '\u11ab', '½', '.', 'Ω', '\u0345'];
for (const [name, change] of Object.entries(variants)) {
  const definition = JSON.stringify({ ...base, ...change });
  let tokenizer;
  try {
    tokenizer = hf.Tokenizer.fromString(definition);
  } catch (error) {
    console.error(name, String(error));
    process.exit(1);
  }
  out.push(JSON.stringify({ tokenizer: name, json: definition }));
  const s = name.startsWith('template') ? 1 : 0;
  for (const x of texts) await record(name, tokenizer, x, { s, decode: true });
  for (let i = 0; i < 60; i++) await record(name, tokenizer, mix(small, 10), { s, decode: true });
  for (let i = 0; i < 12; i++) await record(name, tokenizer, mix(small, 10), { y: mix(small, 10), s, m: i % 3 ? 4 + i : 0 });
}
writeFileSync(at('oracle.jsonl.gz'), gzipSync(out.join('\n') + '\n', { level: 9 }));

// ---- every code point -------------------------------------------------------
// The first 8 hex digits of SHA-256 of the 4096 results of a block, each ended by U+0000.
const digests = {};
for (const [form, n] of [['NFC', hf.nfcNormalizer()], ['NFKC', hf.nfkcNormalizer()], ['NFD', hf.nfdNormalizer()], ['NFKD', hf.nfkdNormalizer()]]) {
  digests[form] = [];
  for (let block = 0; block < 0x110000; block += 0x1000) {
    const hash = createHash('sha256');
    for (let c = block; c < block + 0x1000; c++) {
      if (c >= 0xd800 && c < 0xe000) continue;
      const x = String.fromCodePoint(c);
      hash.update(n.normalizeString(`a${x}\u0301${x}\u0345\u0316${x}${x}\u1161\u11a8${x}\u0334${x}\u0300`) + '\0');
    }
    digests[form].push(hash.digest('hex').slice(0, 8));
  }
}
// The same for single_word: "1" where the code point is of a word, "0" elsewhere.
const lone = hf.Tokenizer.fromString(JSON.stringify({ ...base, added_tokens: [added(n, 'ttt', { single_word: true })], pre_tokenizer: null }));
digests.word = [];
for (let block = 0; block < 0x110000; block += 0x1000) {
  let bits = '';
  for (let c = block; c < block + 0x1000; c++) {
    if (c >= 0xd800 && c < 0xe000) continue;
    bits += (await lone.encode(String.fromCodePoint(c) + 'ttt')).getIds().includes(n) ? '0' : '1';
  }
  digests.word.push(createHash('sha256').update(bits).digest('hex').slice(0, 8));
}
writeFileSync(at('codepoints.json'), JSON.stringify(digests).replaceAll('],', '],\n') + '\n');
console.log(out.length, 'lines');
