// Hostile texts, whole and in pieces, for oracle.mjs and oracle-bert-bpe.mjs.
export const hostile = [
  '', ' ', '  ', '   \t\n ', '\n', '\r\n', 'a\r\nb\r\n', '\t\ta', ' a', 'a ', ' a b  c   d ', 'a\u00a0b', '\u00a0', '\u2003x\u2009y', '\u3000日本\u3000',
  '\0', 'a\0b', '\0\0', '\u0001\u0002\u001f\u007f\u0085\u009f', '\ufeffBOM', 'zero\u200bwidth\u200cnon\u200djoiner\u2060word', 'soft\u00adhyphen',
  '\u0301', '\u0301\u0301', 'e\u0301', 'e\u0301\u0323', 'e\u0323\u0301', 'a\u0308\u0304', '\u0344', '\u0344a', 'x\u0345\u0301\u0316', '\u0f73\u0f75\u0f81', 'q\u0307\u0323', 'a' + '\u0301'.repeat(40) + 'b',
  'a' + '\u0301\u0316'.repeat(100), '\u1e9b\u0323', '\u1e0a\u0323', '\u212b\u2126\u212a', '\u2126', '\uf900\ufa0e\u{2f800}',
  '각', '각'.normalize('NFD'), '\u1100\u1161\u11a8\u11a8', '가\u11a8', '\u1100\u1161\u1161', '\u11a8', '한글'.normalize('NFD') + ' 한글', '\u3131\u314f', 'ﾊﾟﾋﾞ ｶﾞ',
  'ﬁne ½ ﬂour ①② Ｆｕｌｌｗｉｄｔｈ', 'ﷺ', 'ﷺﷺ x ﷺ', '㌀㍿', '…', '™ ℠ ℡', 'ǆ Ǆ ĳ ŉ', '\u3392\u33a5', '⁵₅ x² H₂O', '¨ ´ ¸', '\u037a\u0385', 'ſ ſt', 'İı', 'ΐ', '\u1fee\u1fed',
  '日本語の文です。', '中文分词测试', 'ภาษาไทย', 'हिन्दी', 'العربية', '\u202eright to left\u202c', 'שלום \ufb2c\ufb49', 'Русский текст', 'Ελληνικά', 'Tiếng Việt',
  '😀', '👨‍👩‍👧‍👦 family', '🇩🇪🇫🇷', '👍🏽', '❤️', '\u{1f468}\u200d', '𝒜𝓁𝓅𝒽𝒶', '\u{10ffff}', '\ue000', '\ufffd', '\uffff\ufffe', '\u{1d15e}\u{1d160}', '\u{11938}\u{11935}\u{11930}',
  '▁', '▁▁', ' ▁', '▁ ', 'a▁b', '▁a', 'a ▁b', '▁▁▁a▁▁', 'tom▁and mary', ' ▁ ▁ ',
  '<mask>', '<mask><mask>', ' <mask> ', 'user text with <mask> inside', 'a<mask>b', 'a  <mask>  b', '<s>', '</s>', '<s><pad></s><unk>', 'x<unk>y', '<unk>日', '日<unk>本', '<unk', '<<s>>', '<s></s', '<s>Hello', 'Hello<s>World </s> again',
  '__SLOT0__', '__SLOT1__0__', '__SLOT10__', '__SLOT1__SLOT2__', '__SLOT13____SLOT0__', '__SLOT14__', '<en>hello<de>hallo<fr>', '<en> <de>', '  <en>', '<mask>\n\n<mask>', '\u00a0<mask>\u3000', '＜mask＞', '＜s＞', '<ma\u200bsk>', '<MASK>', '\t<mask>\r\n',
  'aaaaaaaaaaaaaaaaaaaaaaaa', 'donaudampfschifffahrtsgesellschaftskapitän', "C'est l'été ; qu'est-ce qu'on fait aujourd'hui ?", '1,000,000.00 €', 'https://example.org/a?b=c&d=%20#e', 'a@b.co', '"„“”‚‘’«»"', '--——–−', '\\n\\t', '{"json": [1, 2.5e-3]}', 'ALL CAPITALS', 'cAmElCaSe',
  'x'.repeat(600), 'ß'.repeat(300), 'e\u0301'.repeat(300), '日'.repeat(300), ' '.repeat(300), '😀'.repeat(100), 'the '.repeat(200), '<mask>'.repeat(50), '▁'.repeat(50),
];
export const pieces = [
  ' ', ' ', '  ', '\n', '\t', '\u00a0', '\u3000', '▁', '▁', 'a', 'e', 'the', 'und', ' le ', 'ing', 'Qu', 'ß', 'ü', 'u\u0308', 'é', 'e\u0301', '\u0301', '\u0323', '\u0345', '\u0344', '\u0316\u0301', 'ﬁ', '½', 'ﷺ', 'Ｆ', '①', '가', '\u1100', '\u1161', '\u11a8', '日', '本', 'ｶﾞ', '😀', '\u200d', '\ufe0f', '\u{1f3fd}', '\0', '\r\n', '\u212b',
  '<mask>', '<s>', '</s>', '<unk>', '<pad>', '<en>', '__SLOT0__', '__SLOT1__', '__SLOT1', '0__', '<', '>', '_', '\u202e', 'א', '\u05bc', 'ב\u05bc', '\ufb2c', 'ع', '\u0f73', '\u0f71', '\u09c7', '\u09be', '\u{1d15e}', '\u{1d165}', '.', ',', '"', '1', '23', '\u2126', '\u0307', 'ſ',
];
