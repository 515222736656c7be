// Writes oracle-files.jsonl.gz: what the Rust library makes of text with tokenizers that come
// without a tokenizer.json, converted as convert_slow_tokenizer.py of Hugging Face transformers
// 4.57 does. A line is {tokenizer, files, config} or, as in oracle.mjs, {t, x, i, o, …}. See SOURCE.md.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { hostile, pieces as parts } from './texts.mjs';
import { pipelines } from './pipelines.mjs';
import { readModel } from './protobuf.mjs';

const hf = createRequire(import.meta.url)('@anush008/tokenizers');
const at = (name) => new URL(name, import.meta.url);
const gunzip = (name) => gunzipSync(readFileSync(at(name)));
let seed = 20261201;
function random(n) { // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
}
const mix = (list, most) => Array.from({ length: 1 + random(most) }, () => list[random(list.length)]).join('');

const added = (id, content, flags = {}) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...flags });
const A = (type_id = 0) => ({ Sequence: { id: 'A', type_id } }), B = (type_id = 0) => ({ Sequence: { id: 'B', type_id } }), S = (id, type_id = 0) => ({ SpecialToken: { id, type_id } });
const template = (single, pair, specials) => ({ type: 'TemplateProcessing', single, pair, special_tokens: Object.fromEntries(Object.entries(specials).map(([id, n]) => [id, { id, ids: [n], tokens: [id] }])) });
const replace = (pattern, content) => ({ type: 'Replace', pattern: { String: pattern }, content });
const metaspace = (prepend_scheme) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme, split: true });

function merges(pieces) {
  const ids = new Map(pieces.map((p, id) => [p.text, id]));
  const all = [];
  for (const { text, score } of pieces) {
    const local = [];
    const chars = [...text];
    for (let i = 1; i < chars.length; i++) {
      const l = chars.slice(0, i).join(''), r = chars.slice(i).join('');
      if (ids.has(l) && ids.has(r)) local.push([l, r, score, i, chars.length - i]);
    }
    local.sort((a, b) => ids.get(a[0]) - ids.get(b[0]) || ids.get(a[1]) - ids.get(b[1]));
    all.push(...local);
  }
  return all.sort((a, b) => b[2] - a[2] || b[3] - a[3] || b[4] - a[4]).map(([l, r]) => [l, r]);
}
function sentencePiece(file, kind) {
  const { pieces, trainer, normalizer } = readModel(gunzip(file));
  const charsmap = normalizer[2]?.length ? [{ type: 'Precompiled', precompiled_charsmap: Buffer.from(normalizer[2]).toString('base64') }] : [];
  const unk = pieces.findIndex((p) => p.type === 2);
  let list = pieces, pre = metaspace(normalizer[3] === 0 ? 'never' : 'always'), post = null, decoder = pre, bytes = !!trainer[35], unkID = unk;
  let normal = { type: 'Sequence', normalizers: [...charsmap, { type: 'Strip', strip_left: false, strip_right: true }, { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' }] };
  const control = (text) => ({ text, score: 0, type: 3 });
  if (kind === 'xlmr') {
    list = [control('<s>'), control('<pad>'), control('</s>'), { text: '<unk>', score: 0, type: 2 }, ...pieces.slice(3), control('<mask>')];
    unkID = 3;
    post = template([S('<s>'), A(), S('</s>')], [S('<s>'), A(), S('</s>'), S('</s>'), B(), S('</s>')], { '<s>': 0, '</s>': 2 });
  } else if (kind === 't5') {
    list = [...pieces, ...Array.from({ length: 100 }, (_, i) => control(`<extra_id_${99 - i}>`))];
    normal = charsmap[0] ?? null;
    pre = { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, pre] };
    post = template([A(), S('</s>')], [A(), S('</s>'), B(), S('</s>')], { '</s>': pieces.findIndex((p) => p.text === '</s>') });
  } else if (kind === 'llama') {
    normal = { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace(' ', '▁')] };
    pre = null;
    bytes = true;
    decoder = { type: 'Sequence', decoders: [replace('▁', ' '), { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] };
    post = template([S('<s>'), A()], [S('<s>'), A(), S('<s>', 1), B(1)], { '<s>': pieces.findIndex((p) => p.text === '<s>') });
  }
  const model = trainer[3] === 2
    ? { type: 'BPE', dropout: null, unk_token: list[unkID].text, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: true, byte_fallback: bytes, ignore_merges: false, vocab: Object.fromEntries(list.map((p, id) => [p.text, id])), merges: merges(list) }
    : { type: 'Unigram', unk_id: unkID, vocab: list.map((p) => [p.text, p.score]), byte_fallback: bytes };
  const special = list.map((p, id) => [p, id]).filter(([p]) => p.type === 3 || p.type === 4 || (p.type === 2 && kind));
  return { version: '1.0', truncation: null, padding: null, added_tokens: special.map(([p, id]) => added(id, p.text, { special: p.type !== 4, lstrip: kind === 'xlmr' && p.text === '<mask>' })), normalizer: normal, pre_tokenizer: pre, post_processor: post, decoder, model };
}
const known = pipelines(gunzip, readFileSync(at('../../../weights/prompt-magneto-en-de-fr/tokenizer.json'), 'utf8'));
const level = known.gpt2();
const cases = [
  ['unigram', ['unigram-nmt-nfkc.model'], null, sentencePiece('unigram-nmt-nfkc.model.gz')],
  ['unigram bytes', ['unigram-identity.model'], null, sentencePiece('unigram-identity.model.gz')],
  ['bpe bytes', ['bpe-identity.model'], null, sentencePiece('bpe-identity.model.gz')],
  ['xlmr', ['unigram-nmt-nfkc.model'], { tokenizer_class: 'XLMRobertaTokenizer' }, sentencePiece('unigram-nmt-nfkc.model.gz', 'xlmr')],
  ['t5', ['unigram-nmt-nfkc.model'], { tokenizer_class: 'T5TokenizerFast', extra_ids: 100 }, sentencePiece('unigram-nmt-nfkc.model.gz', 't5')],
  ['llama', ['bpe-identity.model'], { tokenizer_class: 'LlamaTokenizer', add_bos_token: true, bos_token: { content: '<s>' } }, sentencePiece('bpe-identity.model.gz', 'llama')],
  ['bert', ['vocab.txt'], null, known['bert-uncased']()],
  ['bert cased', ['vocab.txt'], { tokenizer_class: 'BertTokenizer', do_lower_case: false, strip_accents: null, cls_token: '[CLS]', model_max_length: 512 }, known['bert-cased']()],
  ['gpt2', ['vocab.json', 'merges.txt'], null, { ...level, added_tokens: level.added_tokens.slice(0, 1), post_processor: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true } }],
  ['qwen2', ['vocab.json', 'merges.txt'], { tokenizer_class: 'Qwen2Tokenizer', eos_token: '<|endoftext|>', pad_token: '<|endoftext|>' }, { ...known['split-qwen2'](), added_tokens: level.added_tokens.slice(0, 1), normalizer: { type: 'NFC' }, post_processor: null }],
];
const sentences = readFileSync(at('tatoeba.txt'), 'utf8').trimEnd().split('\n');
const texts = [...hostile, ...sentences.filter((_, i) => i % 20 === 0), ...Array.from({ length: 150 }, () => mix([...parts, '<s>', '</s>', '<mask>', '<sep>', 'foo bar', '<ctl>', '▁', '  ', '12', '<extra_id_7>'], 12))];
const out = [];
for (const [name, files, config, definition] of cases) {
  const tokenizer = hf.Tokenizer.fromString(JSON.stringify(definition));
  out.push(JSON.stringify({ tokenizer: name, files, config: config && JSON.stringify(config) }));
  for (const x of texts) {
    const e = await tokenizer.encode(x, null, { addSpecialTokens: true });
    const line = { t: name, x, s: 1, i: e.getIds(), o: e.getOffsets().flat(), p: e.getSpecialTokensMask() };
    if (e.getTypeIds().some((k) => k)) line.k = e.getTypeIds();
    line.d = [await tokenizer.decode(line.i, false), await tokenizer.decode(line.i, true)];
    out.push(JSON.stringify(line));
  }
}
writeFileSync(at('oracle-files.jsonl.gz'), gzipSync(out.join('\n') + '\n', { level: 9 }));
console.log(out.length, 'lines');
