// The regions of Snowball's algorithms.

/** The place behind the first consonant that follows a vowel, from a place on; the word's end without one. */
export function region(word: string, vowels: string, from = 0): number {
  let i = from;
  while (i < word.length && !vowels.includes(word[i]!)) i++;
  while (i < word.length && vowels.includes(word[i]!)) i++;
  return Math.min(i + 1, word.length);
}
