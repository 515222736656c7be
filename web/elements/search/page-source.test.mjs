// node --test web/elements/search/page-source.test.mjs
//
// A search over the text of one page: what a reader finds, and how it is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './compile.mjs';

const { PageSource, Searcher } = await load('page-source.ts', 'searcher.ts');

const block = (headings, text, anchor = '') => ({ anchor, headings, text });
const page = {
  url: 'https://example.org/handbook#top',
  title: 'Handbook',
  language: 'en-GB',
  blocks: [
    block([], 'This handbook is for readers.'),
    block(['Opening hours'], 'The reading room is open from nine until eight.', 'opening'),
    block(['Opening hours'], 'On Sundays it closes at one.', 'opening'),
    block(['Borrowing', 'Renewing a loan'], 'A loan can be renewed twice unless another reader waits for the book. Renew it by telephone.', 'renewing'),
    block(['Quiet rooms'], 'Telephones are switched off there.', 'quiet rooms'),
  ],
};

/** The last answer to a query. */
async function search(query, options = {}, of = page) {
  const answers = [];
  for await (const answer of new Searcher(new PageSource(of)).search({ query, limit: 10, meaning: true, filters: {}, ...options })) answers.push(answer);
  assert.equal(answers.length, 1);
  assert.equal(answers[0].last, true);
  return answers[0];
}
const titles = (answer) => answer.pages.map((p) => p.title);

test('words are found in all their forms, grouped by section', async () => {
  const answer = await search('renewal of loans ');
  assert.deepEqual(titles(answer), ['Renewing a loan']);
  const [first] = answer.pages;
  assert.equal(first.url, 'https://example.org/handbook#renewing');
  assert.deepEqual(first.passages[0].headings, ['Borrowing', 'Renewing a loan']);
  const marked = first.passages[0].marks.map(([a, b]) => first.passages[0].excerpt.slice(a, b));
  assert.deepEqual(marked, ['loan', 'renewed', 'Renew']);
});

test('a word is found while it is typed', async () => {
  assert.deepEqual(titles(await search('tele')), ['Quiet rooms', 'Renewing a loan']);
  assert.deepEqual(titles(await search('tele ')), []); // a space ends it
});

test('a misspelt word is corrected, and the correction is offered', async () => {
  const answer = await search('telephon number');
  assert.equal(answer.didYouMean, null); // "telephon" is the stem
  const other = await search('talephone ');
  assert.deepEqual(titles(other), ['Quiet rooms', 'Renewing a loan']);
  assert.equal(other.didYouMean, 'telephone ');
});

test('a result leads to the sentence by a text fragment', async () => {
  const answer = await search('waits ');
  assert.equal(answer.pages[0].passages[0].url, 'https://example.org/handbook#renewing:~:text=A%20loan%20can%20be,waits%20for%20the%20book');
  const quiet = await search('switched ');
  assert.equal(quiet.pages[0].passages[0].url, 'https://example.org/handbook#quiet%20rooms:~:text=Telephones%20are%20switched%20off%20there');
});

test('what cannot be searched gets a sentence, not an exception', async () => {
  assert.deepEqual((await search('😀🎉')).problems, ['noWords']);
  assert.deepEqual((await search('...')).problems, ['noWords']);
  assert.deepEqual((await search('')).problems, []);
  const long = await search('reader '.repeat(15_000));
  assert.deepEqual(long.problems, ['tooLong']);
  assert.equal(long.pages.length > 0, true);
  const many = await search(Array.from({ length: 50 }, (_, i) => `w${i}`).join(' '));
  assert.deepEqual(many.problems, ['tooLong']);
  assert.deepEqual((await search('\ud800 \u0000 __proto__ constructor')).pages, []);
});

test('a page without text has no results', async () => {
  assert.deepEqual((await search('word', {}, { ...page, blocks: [] })).pages, []);
});

test('a page of ten million characters is indexed and searched', async () => {
  const blocks = Array.from({ length: 10_000 }, (_, i) => block(['Part'], `${'lorem ipsum dolor sit amet '.repeat(37)} number${i}`));
  const answer = await search('number7777 ', {}, { ...page, blocks });
  assert.equal(answer.pages[0].passages[0].passage, 7777);
});

test('an excerpt shows the part with the most found words, cut at words', async () => {
  const text = `${'filler words come first here. '.repeat(20)}The answer about renewal and telephone stands here. ${'more words follow behind it. '.repeat(20)}`;
  const answer = await search('renewal telephone answer ', {}, { ...page, blocks: [block([], text)] });
  const { excerpt, marks } = answer.pages[0].passages[0];
  assert.ok(excerpt.startsWith('… ') && excerpt.endsWith(' …'), excerpt);
  assert.ok(excerpt.length < 220, `${excerpt.length} characters`);
  assert.deepEqual(marks.map(([a, b]) => excerpt.slice(a, b)), ['answer', 'renewal', 'telephone']);
});

test('scripts without spaces are found by pairs of characters', async () => {
  const answer = await search('京都 ', {}, { ...page, language: 'ja', blocks: [block([], '東京都は日本の首都です。')] });
  const { excerpt, marks } = answer.pages[0].passages[0];
  assert.deepEqual(marks.map(([a, b]) => excerpt.slice(a, b)), ['京都']);
});
