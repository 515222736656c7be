// Writes oracle-bert-bpe.jsonl.gz and codepoints-bert-bpe.json: what the Rust library makes of
// text with WordPiece and byte-level BPE. See SOURCE.md. The output is the same on every run.
//
// The lines are those of oracle.mjs. In definitions the strings "@bert", "@gpt2" and "@merges" stand
// for the vocabulary of BERT and the vocabulary and merges of GPT-2. A sentence
// of tatoeba.txt is {t, n, s, h}: n its number from 0, h the first 12 hex digits of SHA-256 of
// the JSON [ids, offsets].
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { hostile, pieces } from './texts.mjs';

const hf = createRequire(import.meta.url)('@anush008/tokenizers');
const at = (name) => new URL(name, import.meta.url);
const sha = (text) => createHash('sha256').update(text).digest('hex');
const lines = (name) => gunzipSync(readFileSync(at(name))).toString().trimEnd().split('\n');

let seed = 20240612;
function random(n) { // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const mix = (list, most) => Array.from({ length: 1 + random(most) }, () => list[random(list.length)]).join('');

// ---- the vocabularies ---------------------------------------------------------
const bert = Object.fromEntries(lines('bert-base-uncased.vocab.gz').map((token, id) => [token, id]));
const merges = lines('gpt2.merges.gz').slice(1); // after #version
const printable = (b) => (b > 0x20 && b < 0x7f) || (b > 0xa0 && b !== 0xad);
const all = Array.from({ length: 256 }, (_, b) => b);
const byteRunes = [...all.filter(printable).map((b) => String.fromCharCode(b)), ...all.filter((b) => !printable(b)).map((_, i) => String.fromCharCode(0x100 + i))];
const gpt2 = Object.fromEntries([...byteRunes, ...merges.map((m) => m.replace(' ', '')), '<|endoftext|>'].map((token, id) => [token, id]));
const unfold = (definition) => definition.replace('"@bert"', () => JSON.stringify(bert)).replace('"@gpt2"', () => JSON.stringify(gpt2)).replace('"@merges"', () => JSON.stringify(merges));

// ---- the tokenizers -----------------------------------------------------------
const added = (id, content, flags = {}) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...flags });
const A = (type_id = 0) => ({ Sequence: { id: 'A', type_id } }), B = (type_id = 0) => ({ Sequence: { id: 'B', type_id } }), S = (id, type_id = 0) => ({ SpecialToken: { id, type_id } });
const special = (...pairs) => Object.fromEntries(pairs.map(([id, n]) => [id, { id, ids: [n], tokens: [id] }]));
const normal = { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true };
const bertBase = {
  version: '1.0', truncation: null, padding: null,
  added_tokens: [added(0, '[PAD]'), added(100, '[UNK]'), added(101, '[CLS]'), added(102, '[SEP]'), added(103, '[MASK]')],
  normalizer: normal, pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: { type: 'TemplateProcessing', single: [S('[CLS]'), A(), S('[SEP]')], pair: [S('[CLS]'), A(), S('[SEP]'), B(1), S('[SEP]', 1)], special_tokens: special(['[CLS]', 101], ['[SEP]', 102]) },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: '@bert' },
};
const level = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const bpe = { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: '', end_of_word_suffix: '', fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab: '@gpt2', merges: '@merges' };
const gptBase = {
  version: '1.0', truncation: null, padding: null, added_tokens: [added(50256, '<|endoftext|>')],
  normalizer: null, pre_tokenizer: level, post_processor: level, decoder: level, model: bpe,
};
const masks = [...gptBase.added_tokens, added(50257, '<mask>', { lstrip: true }), added(50258, ' x', { special: false, rstrip: true }), added(50259, '\u3000日', { special: false })];
const roberta = { type: 'RobertaProcessing', sep: ['<|endoftext|>', 50256], cls: ['<mask>', 50257], trim_offsets: true, add_prefix_space: true };
const prefixed = { ...level, add_prefix_space: true };
const bytes = all.map((b) => '<0x' + b.toString(16).toUpperCase().padStart(2, '0') + '>');
const ids = (tokens) => Object.fromEntries(tokens.map((token, id) => [token, id]));
const tiny = ['<unk>', '<s>', '▁', 'a', 'b', 'c', 'd', 'ab', 'bc', 'cd', 'abc', 'abcd', '▁a', '▁ab', 'aa', 'aaaa', 'é', '日', '日本', '本', 'bcd', 'x'];
const tinyMerges = [['b', 'c'], ['a', 'b'], ['ab', 'c'], ['c', 'd'], ['▁', 'a'], ['▁a', 'b'], ['a', 'a'], ['aa', 'aa'], ['a', 'bc'], ['abc', 'd'], ['日', '本'], ['ab', 'cd'], ['bc', 'd'], ['a', 'bcd']];
const replace = (pattern, content) => ({ type: 'Replace', pattern: { String: pattern }, content });
const small = {
  ...gptBase, added_tokens: [added(0, '<unk>'), added(1, '<s>')], normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace(' ', '▁')] }, pre_tokenizer: null, post_processor: null,
  decoder: { type: 'Sequence', decoders: [replace('▁', ' '), { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] },
  model: { ...bpe, unk_token: '<unk>', vocab: ids(tiny), merges: tinyMerges },
};
const untyped = ({ type, ...rest }) => rest;
const normalizer = (change) => ({ ...bertBase, normalizer: { ...normal, ...change } });
const definitions = {
  bert: bertBase,
  bertcased: normalizer({ lowercase: false }),
  bertaccents: normalizer({ strip_accents: false }),
  bertstrip: normalizer({ strip_accents: true, lowercase: false }),
  bertunclean: normalizer({ clean_text: false, handle_chinese_chars: false }),
  bertprocessing: { ...bertBase, post_processor: { type: 'BertProcessing', sep: ['[SEP]', 102], cls: ['[CLS]', 101] }, decoder: { type: 'WordPiece', prefix: '##', cleanup: false } },
  bertshort: { ...bertBase, model: { ...untyped(bertBase.model), max_input_chars_per_word: 5, continuing_subword_prefix: '' } },
  bertnopre: { ...bertBase, pre_tokenizer: null, normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] } },
  bertnormalized: { ...bertBase, added_tokens: [...bertBase.added_tokens, added(30522, 'Éa', { normalized: true, special: false }), added(30523, '日x', { normalized: true, special: false })] },
  berttrim: { ...bertBase, pre_tokenizer: { type: 'Digits', individual_digits: false }, post_processor: level },
  gpt2: gptBase,
  gpt2prefix: { ...gptBase, pre_tokenizer: prefixed, post_processor: prefixed },
  gpt2prefixtrim: { ...gptBase, added_tokens: masks, pre_tokenizer: prefixed },
  roberta: { ...gptBase, added_tokens: masks, pre_tokenizer: prefixed, post_processor: roberta },
  robertauntrimmed: { ...gptBase, added_tokens: masks, post_processor: { ...roberta, trim_offsets: false } },
  gpt2noregex: { ...gptBase, pre_tokenizer: { ...prefixed, use_regex: false }, post_processor: { ...level, trim_offsets: false } },
  gpt2digits: { ...gptBase, pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, level] }, post_processor: null },
  gpt2nested: { ...gptBase, pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: false }, { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true }] }, { type: 'BertPreTokenizer' }, prefixed] } },
  gpt2template: { ...gptBase, added_tokens: masks, normalizer: { type: 'NFKC' }, model: { ...untyped(bpe), ignore_merges: true }, post_processor: { type: 'Sequence', processors: [prefixed, { type: 'TemplateProcessing', single: [S('<mask>', 1), A()], pair: [A(1), S('<mask>'), B()], special_tokens: special(['<mask>', 50257]) }] } },
  bpe: small,
  bpefuse: { ...small, model: { ...small.model, fuse_unk: true } },
  bpebytes: { ...small, model: { ...small.model, fuse_unk: true, byte_fallback: true, vocab: ids([...tiny, ...bytes]), merges: [...tinyMerges, ['<0xF0>', '<0x9F>']].slice(0, -1).map((m) => m.join(' ')) } },
  bpewhole: { ...small, normalizer: null, model: { ...small.model, ignore_merges: true } },
  bpetwice: { ...small, normalizer: null, model: { ...small.model, merges: [...tinyMerges, ['a', 'b'], ['b', 'c']] } },
};

// ---- encodings ----------------------------------------------------------------
const more = [
  "I'm you're we've he'll she'd it's don't", "'s", "''s", "'S 'LL", "'l 'r 'v 're've'll", "a's b't", 'a  b', 'a   b', ' \n ', 'a \n b', 'a\n\nb  \n', '\u00a0\u00a0x', ' \u3000 x', '  x', '   ', 'x   ', 'x\u2028 y', '\u0085a', ' 12', ' a1!b2', '½Ⅷ²٣', ' ½', '…！？', '$1,000 + 5^2 = `~|<>`', '¡hola! ¿qué?', '<|endoftext|>', 'a<|endoftext|> b', ' <|endoftext|>', '  <mask> x  y x', ' x \u3000', '\u3000日', ' Ġ ĠĠ', 'ĠaĊ', 'ȷ Ń',
  '[CLS] [MASK] [UNK] [SEP][PAD]', 'a[MASK]b', '[mask]', '##ing', 'play ##ing', 'Éa éa E\u0301a', 'İstanbul ISTANBUL ıi', 'ΑΣ ὈΔΥΣΣΕΎΣ', '\u1e9e\u{10d50}\ua7dc\u{16ea0}', '\u180e\u061c\u00ad\u{e0001}', '\u{2b820}\u{2b920}\u{2f800}', "do not . stop ! isn ' t n't ' s", 'a . b , c ? d', "we ' re ' m", '\u0378\u{1f9cc}\ue000', 'ñandú naïve cœur', 'word'.repeat(30), 'a'.repeat(100) + ' ' + 'a'.repeat(101), '日'.repeat(101),
  'abcd', 'abcdabcd', 'aaaaaaa', ' ab abc', 'a日本b', '日 本', 'xéxx', '😀ab', 'a😀😁b', 'bcd', 'zz日zz', 'z', '<s>ab', '<unk>a', 'aabcdaab',
];
const out = [];
const sentences = readFileSync(at('tatoeba.txt'), 'utf8').trimEnd().split('\n');
const parts = [...pieces, ' ', "'s", "'ll", "'", 'abc', 'd', '12', '½', 'É', 'I', 'İ', '$', '。', '[MASK]', '##', '\u3000', ' x', '<|endoftext|>', '\u0085', '\u180e', '\u093f', '\u0301'];
async function record(name, tokenizer, x, { y = null, s = 0, m = 0, decode = false, n = -1 } = {}) {
  if (m) tokenizer.setTruncation(m); else tokenizer.disableTruncation();
  const line = { t: name, x };
  if (y !== null) line.y = y;
  if (s) line.s = 1;
  if (m) line.m = m;
  const e = await tokenizer.encode(x, y, { addSpecialTokens: !!s });
  line.i = e.getIds();
  line.o = e.getOffsets().flat();
  if (n >= 0) {
    out.push(JSON.stringify({ t: name, n, s, h: sha(JSON.stringify([line.i, line.o])).slice(0, 12) }));
    return;
  }
  if (e.getTypeIds().some((k) => k)) line.k = e.getTypeIds();
  if (s) line.p = e.getSpecialTokensMask();
  if (decode) line.d = [await tokenizer.decode(line.i, false), await tokenizer.decode(line.i, true)];
  out.push(JSON.stringify(line));
}
for (const [name, definition] of Object.entries(definitions)) {
  const json = JSON.stringify(definition);
  const tokenizer = hf.Tokenizer.fromString(unfold(json));
  out.push(JSON.stringify({ tokenizer: name, json }));
  const main = ['bert', 'gpt2', 'roberta'].includes(name);
  for (const [n, x] of sentences.entries()) if (main || n % 20 === 0) await record(name, tokenizer, x, { n, s: 1 });
  for (const x of main || name.startsWith('bpe') ? [...hostile, ...more] : more) await record(name, tokenizer, x, { s: 1, decode: true });
  for (let i = 0; i < (main ? 600 : 120); i++) await record(name, tokenizer, mix(parts, 12), { s: 1, decode: i < 60 });
  for (let i = 0; i < 24; i++) await record(name, tokenizer, mix(parts, 10), { y: mix(parts, 10), s: i % 4 ? 1 : 0, m: i % 3 ? 4 + i : 0 });
}
let long = '';
while (long.length < 30000) long += sentences[random(sentences.length)].replaceAll(' ', '').replaceAll('.', '');
out.push(JSON.stringify({ tokenizer: 'long', json: JSON.stringify(definitions.gpt2noregex) }));
await record('long', hf.Tokenizer.fromString(unfold(JSON.stringify(definitions.gpt2noregex))), long);
writeFileSync(at('oracle-bert-bpe.jsonl.gz'), gzipSync(out.join('\n') + '\n', { level: 9 }));

// ---- every code point -----------------------------------------------------------
// The first 8 hex digits of SHA-256 of the results for the 4096 code points of a block, each ended by U+0000.
const words = (p) => (x) => p.preTokenizeString(`a${x}${x}b1${x}2!${x}? ${x}  ${x}`).map(([word]) => word).join('\u0001');
const cases = {
  clean: ((n) => (x) => n.normalizeString(`a${x}b`))(hf.bertNormalizer({ cleanText: true, handleChineseChars: true, stripAccents: false, lowercase: false })),
  accents: ((n) => (x) => n.normalizeString(`A${x}B${x}\u0301`))(hf.bertNormalizer({ cleanText: false, handleChineseChars: false, stripAccents: true, lowercase: false })),
  lowercase: ((n) => (x) => n.normalizeString(`A${x}B`))(hf.lowercase()),
  bert: words(hf.bertPreTokenizer()),
  bytelevel: words(hf.byteLevelPreTokenizer(false, true)),
  digits: words(hf.digitsPreTokenizer(false)),
};
const digests = {};
for (const [name, f] of Object.entries(cases)) {
  digests[name] = [];
  for (let block = 0; block < 0x110000; block += 0x1000) {
    let text = '';
    for (let c = block; c < block + 0x1000; c++) if (c < 0xd800 || c >= 0xe000) text += f(String.fromCodePoint(c)) + '\0';
    digests[name].push(sha(text).slice(0, 8));
  }
}
writeFileSync(at('codepoints-bert-bpe.json'), JSON.stringify(digests).replaceAll('],', '],\n') + '\n');
console.log(out.length, 'lines');
