// The pipelines of well-known models, over vocabularies that are here: what their tokenizer.json
// say apart from the vocabulary. For oracle-real.mjs.
import { readModel } from './protobuf.mjs';

const replace = (pattern, content) => ({ type: 'Replace', pattern: { String: pattern }, content });
const regex = (pattern, content) => ({ type: 'Replace', pattern: { Regex: pattern }, content });
const seqN = (...normalizers) => ({ type: 'Sequence', normalizers });
const seqP = (...pretokenizers) => ({ type: 'Sequence', pretokenizers });
const split = (pattern, behavior = 'Isolated', invert = false) => ({ type: 'Split', pattern: { Regex: pattern }, behavior, invert });
const splitText = (text, behavior, invert = false) => ({ type: 'Split', pattern: { String: text }, behavior, invert });
const added = (id, content, flags = {}) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...flags });
const A = (type_id = 0) => ({ Sequence: { id: 'A', type_id } }), B = (type_id = 0) => ({ Sequence: { id: 'B', type_id } }), S = (id, type_id = 0) => ({ SpecialToken: { id, type_id } });
const template = (single, pair, specials) => ({ type: 'TemplateProcessing', single, pair, special_tokens: Object.fromEntries(Object.entries(specials).map(([id, n]) => [id, { id, ids: [n], tokens: [id] }])) });
const metaspace = (prepend_scheme = 'always', split = true) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme, split });
const byteLevel = (o = {}) => ({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true, ...o });
const noRegex = byteLevel({ use_regex: false });

export const patterns = {
  gpt2: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  gpt4: "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  gpt4possessive: "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
  qwen2: "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  qwen35: "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  tekken: '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
  bloom: ' ?[^(\\s|[.,!?…。，、।۔،])]+',
  clip: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
};

/** gunzip reads a file of this folder; json is the tokenizer of the default model. */
export function pipelines(gunzip, json) {
  const lines = (name) => gunzip(name).toString().trimEnd().split('\n');
  const ids = (tokens) => Object.fromEntries(tokens.map((token, id) => [token, id]));
  const bertVocab = () => ids(lines('bert-base-uncased.vocab.gz'));
  const merges = lines('gpt2.merges.gz').slice(1);
  const printable = (b) => (b > 0x20 && b < 0x7f) || (b > 0xa0 && b !== 0xad);
  const bytes = Array.from({ length: 256 }, (_, b) => b);
  const byteRunes = [...bytes.filter(printable).map((b) => String.fromCharCode(b)), ...bytes.filter((b) => !printable(b)).map((_, i) => String.fromCharCode(0x100 + i))];
  const gptVocab = () => ids([...byteRunes, ...merges.map((m) => m.replace(' ', '')), '<|endoftext|>']);
  const charsmap = () => ({ type: 'Precompiled', precompiled_charsmap: Buffer.from(readModel(gunzip('unigram-nmt-nfkc.model.gz')).normalizer[2]).toString('base64') });
  const base = { version: '1.0', truncation: null, padding: null };

  const bert = (change = {}) => ({
    ...base,
    added_tokens: [added(0, '[PAD]'), added(100, '[UNK]'), added(101, '[CLS]'), added(102, '[SEP]'), added(103, '[MASK]')],
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: template([S('[CLS]'), A(), S('[SEP]')], [S('[CLS]'), A(), S('[SEP]'), B(1), S('[SEP]', 1)], { '[CLS]': 101, '[SEP]': 102 }),
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: bertVocab() },
    ...change,
  });
  const bpe = { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false };
  const gpt = (pre_tokenizer, change = {}) => ({
    ...base, added_tokens: [added(50256, '<|endoftext|>'), added(50257, '<|im_start|>'), added(50258, '<mask>', { lstrip: true })], normalizer: null, pre_tokenizer,
    post_processor: byteLevel({ trim_offsets: false }), decoder: byteLevel(), model: { ...bpe, vocab: gptVocab(), merges }, ...change,
  });

  // XLM-R and its kind: <s> <pad> </s> <unk>, the pieces, <mask>.
  const pieces = JSON.parse(json).model.vocab.slice(4, -1);
  const unigram = (change, { start = ['<s>', '<pad>', '</s>', '<unk>'], end = ['<mask>'], unk = '<unk>', byteFallback = false } = {}) => {
    const vocab = [...start.map((p) => [p, 0]), ...(byteFallback ? bytes.map((b) => ['<0x' + b.toString(16).toUpperCase().padStart(2, '0') + '>', 0]) : []), ...pieces, ...end.map((p) => [p, 0])];
    return {
      ...base,
      added_tokens: [...start.map((p, id) => added(id, p)), ...end.map((p, i) => added(vocab.length - end.length + i, p, { lstrip: p === '<mask>' }))],
      pre_tokenizer: seqP({ type: 'WhitespaceSplit' }, metaspace()), decoder: metaspace(),
      post_processor: template([S('<s>'), A(), S('</s>')], [S('<s>'), A(), S('</s>'), S('</s>'), B(), S('</s>')], { '<s>': 0, '</s>': 2 }),
      model: { type: 'Unigram', unk_id: start.indexOf(unk), vocab, byte_fallback: byteFallback }, ...change,
    };
  };
  const t5 = { start: ['<pad>', '</s>', '<unk>'], end: ['<extra_id_1>', '<extra_id_0>'] };
  const eos = template([A(), S('</s>')], [A(), S('</s>'), B(), S('</s>')], { '</s>': 1 });

  // CLIP: characters, characters that end a word, and merges of both kinds.
  const clip = () => {
    const few = merges.slice(0, 4000);
    const tokens = [...byteRunes, ...byteRunes.map((c) => c + '</w>')];
    const all = [];
    for (const m of few) for (const end of ['', '</w>']) {
      const [a, b] = m.split(' ');
      if (tokens.includes(a + b + end) || (end && !tokens.includes(b + end))) continue;
      tokens.push(a + b + end);
      all.push([a, b + end]);
    }
    tokens.push('<|startoftext|>', '<|endoftext|>');
    const n = tokens.length;
    return {
      ...base, added_tokens: [added(n - 2, '<|startoftext|>', { normalized: true }), added(n - 1, '<|endoftext|>')],
      normalizer: seqN({ type: 'NFC' }, regex('\\s+', ' '), { type: 'Lowercase' }),
      pre_tokenizer: seqP(split(patterns.clip, 'Removed', true), byteLevel()),
      post_processor: { type: 'RobertaProcessing', sep: ['<|endoftext|>', n - 1], cls: ['<|startoftext|>', n - 2], trim_offsets: false, add_prefix_space: false },
      decoder: { type: 'BPEDecoder', suffix: '</w>' }, model: { ...bpe, unk_token: '<|endoftext|>', end_of_word_suffix: '</w>', vocab: ids(tokens), merges: all },
    };
  };
  // BPE with ## before what does not begin a word.
  const prefixed = () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyzäöüßABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?'];
    const tokens = ['[UNK]', ...letters, ...letters.map((c) => '##' + c)];
    const all = [];
    for (const [a, b] of ['t h', '##h ##e', 'th ##e', '##e ##r', '##i ##n', '##in ##g', 'a ##n', 'an ##d', 'T h', '##s ##t', 'e ##r', 'i ##n', '##c ##h'].map((m) => m.split(' '))) {
      const left = a === 't' || a === 'T' ? a : a, right = b.startsWith('##') ? b : '##' + b;
      tokens.push(left + right.slice(2));
      all.push([left, right]);
    }
    return { ...base, added_tokens: [added(0, '[UNK]')], normalizer: null, pre_tokenizer: { type: 'BertPreTokenizer' }, post_processor: null, decoder: { type: 'WordPiece', prefix: '##', cleanup: false }, model: { ...bpe, unk_token: '[UNK]', continuing_subword_prefix: '##', fuse_unk: true, vocab: ids(tokens), merges: all.filter(([a, b]) => tokens.includes(a) && tokens.includes(b)) } };
  };
  const wordLevel = (pre_tokenizer, change = {}) => {
    const vocab = bertVocab();
    return { ...base, added_tokens: [added(100, '[UNK]')], normalizer: null, pre_tokenizer, post_processor: null, decoder: null, model: { type: 'WordLevel', vocab, unk_token: '[UNK]' }, ...change };
  };
  const out = {
    'bert-uncased': () => bert(),
    'bert-cased': () => bert({ normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: false, lowercase: false } }),
    mpnet: () => bert({ post_processor: { type: 'RobertaProcessing', sep: ['[SEP]', 102], cls: ['[CLS]', 101], trim_offsets: true, add_prefix_space: false } }),
    gpt2: () => gpt(byteLevel()),
    roberta: () => gpt(byteLevel({ add_prefix_space: true }), { post_processor: { type: 'RobertaProcessing', sep: ['<|endoftext|>', 50256], cls: ['<mask>', 50258], trim_offsets: true, add_prefix_space: true } }),
    modernbert: () => gpt(byteLevel({ trim_offsets: true }), { normalizer: { type: 'NFC' } }),
    smollm2: () => gpt(seqP({ type: 'Digits', individual_digits: true }, byteLevel())),
    falcon: () => gpt(seqP({ type: 'Punctuation', behavior: 'Contiguous' }, byteLevel(), { type: 'Digits', individual_digits: false }, split('[0-9][0-9][0-9]'))),
    'deepseek-coder': () => gpt(seqP(split('[\\r\\n]'), split('\\s?\\p{L}+'), split('\\s?\\p{P}+'), split('[一-龥ࠀ-一가-퟿]+'), { type: 'Digits', individual_digits: true }, noRegex)),
    'xlm-roberta': () => unigram({ normalizer: seqN(charsmap(), regex(' {2,}', ' ')) }),
    'e5-multilingual': () => unigram({ normalizer: charsmap() }, { byteFallback: true }),
    mbart: () => unigram({ normalizer: seqN(charsmap(), { type: 'Strip', strip_left: false, strip_right: true }, regex(' {2,}', '▁')), pre_tokenizer: metaspace('first') }),
    nllb: () => unigram({ normalizer: seqN(charsmap(), regex(' {2,}', ' ')), pre_tokenizer: metaspace('never', false) }),
    t5: () => unigram({ normalizer: charsmap(), post_processor: eos }, t5),
    'deberta-v3': () => unigram({ normalizer: seqN({ type: 'Strip', strip_left: true, strip_right: true }, charsmap(), regex(' {2,}', ' ')), pre_tokenizer: seqP({ type: 'Punctuation', behavior: 'Isolated' }, metaspace()) }),
    albert: () => unigram({ normalizer: seqN(replace('``', '"'), replace("''", '"'), { type: 'NFKD' }, { type: 'StripAccents' }, { type: 'Lowercase' }, charsmap(), regex(' {2,}', ' ')), pre_tokenizer: metaspace() }),
    marian: () => unigram({ normalizer: seqN({ type: 'Nmt' }, { type: 'NFKC' }, { type: 'Strip', strip_left: true, strip_right: false }), post_processor: eos }, t5),
    clip,
    'bpe-prefix': prefixed,
    whitespace: () => wordLevel({ type: 'Whitespace' }),
    'whitespace-split': () => wordLevel({ type: 'WhitespaceSplit' }, { normalizer: { type: 'Lowercase' }, decoder: { type: 'CTC', pad_token: '[PAD]', word_delimiter_token: 'a', cleanup: true } }),
    delimiter: () => wordLevel({ type: 'CharDelimiterSplit', delimiter: 'e' }),
    'byte-level-normalizer': () => gpt(splitText('Ġ', 'MergedWithNext'), { normalizer: { type: 'ByteLevel' } }),
    'regex-decoder': () => gpt(byteLevel(), { post_processor: null, decoder: { type: 'Sequence', decoders: [regex('Ġ+', ' '), { type: 'Fuse' }] } }),
  };
  for (const [name, pattern] of Object.entries(patterns)) if (name !== 'clip') out['split-' + name] = () => gpt(seqP(split(pattern), noRegex));
  for (const behavior of ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']) {
    out['punctuation-' + behavior] = () => bert({ pre_tokenizer: { type: 'Punctuation', behavior } });
    for (const invert of [false, true]) {
      out[`text-${behavior}-${invert}`] = () => gpt(seqP(splitText(' ', behavior, invert), noRegex));
      out[`regex-${behavior}-${invert}`] = () => gpt(seqP(split('\\p{P}|[aeiou]{2}|\\s+$', behavior, invert), noRegex));
    }
  }
  return out;
}
