// Snowball's stemmer for French: https://snowballstem.org/algorithms/french/stemmer.html
import { region } from './region.js';

const VOWELS = 'aeiouyâàëéêèïîôûù';
const V = `[${VOWELS}]`;
const C = `[^${VOWELS}]`;

const STANDARD =
  /(?:ances?|iqUes?|ismes?|ables?|istes?|eux|atrices?|ateurs?|ations?|logies?|usions?|utions?|ences?|ements?|ités?|ifs?|ives?|eaux|aux|euses?|issements?|amment|emment|ments?)$/;
const VERB_I =
  /(?:îmes|ît|îtes|i|ie|ies|ir|ira|irai|iraIent|irais|irait|iras|irent|irez|iriez|irions|irons|iront|is|issaIent|issais|issait|issant|issante|issantes|issants|isse|issent|isses|issez|issiez|issions|issons|it)$/;
const VERB =
  /(?:ions|é|ée|ées|és|èrent|er|era|erai|eraIent|erais|erait|eras|erez|eriez|erions|erons|eront|ez|iez|âmes|ât|âtes|a|ai|aIent|ais|ait|ant|ante|antes|ants|as|asse|assent|asses|assiez|assions)$/;
const VERB_A = /^(?:âmes|ât|âtes|a|ai|aIent|ais|ait|ant|ante|antes|ants|as|asse|assent|asses|assiez|assions)$/;

const ENDS_IN_CONSONANT = new RegExp(`${C}$`);
const ENDS_IN_VOWEL = new RegExp(`${V}$`);
const TWO_VOWELS = new RegExp(`^${V}${V}`);
const ACCENT = new RegExp(`[éè](${C}+)$`);

class Stemmer {
  private w: string;
  private readonly rv: number;
  private readonly r1: number;
  private readonly r2: number;

  constructor(word: string) {
    this.w = prelude(word);
    const { w } = this;
    let vowel = 1;
    while (vowel < w.length && !VOWELS.includes(w[vowel]!)) vowel++;
    this.rv = (TWO_VOWELS.test(w) && w.length > 2) || /^(?:par|col|tap)/.test(w) ? 3 : Math.min(vowel + 1, w.length);
    this.r1 = region(w, VOWELS);
    this.r2 = region(w, VOWELS, this.r1);
  }

  /** Puts `by` in the place of an ending that lies in a region. */
  private end(suffix: RegExp, from: number, by = ''): boolean {
    const m = suffix.exec(this.w);
    if (!m || m.index < from) return false;
    this.w = this.w.slice(0, m.index) + by;
    return true;
  }

  private standard(): boolean {
    const m = STANDARD.exec(this.w);
    if (!m) return false;
    const { r1, r2, rv } = this;
    const [end, at] = [m[0], m.index];
    const stem = this.w.slice(0, at);
    const to = (by: string, from: number): boolean => {
      if (at < from) return false;
      this.w = stem + by;
      return true;
    };
    if (/^(?:ance|iqUe|isme|able|iste|eux)/.test(end)) return to('', r2);
    if (/^at/.test(end)) return to('', r2) && (this.end(/ic$/, r2) || this.end(/ic$/, 0, 'iqU'), true);
    if (/^logie/.test(end)) return to('log', r2);
    if (/^u[st]ion/.test(end)) return to('u', r2);
    if (/^ence/.test(end)) return to('ent', r2);
    if (/^ement/.test(end)) {
      if (!to('', rv)) return false;
      if (this.w.endsWith('iv')) this.end(/iv$/, r2) && this.end(/at$/, r2);
      else if (this.w.endsWith('eus')) this.end(/eus$/, r2) || this.end(/eus$/, r1, 'eux');
      else if (/(?:abl|iqU)$/.test(this.w)) this.end(/(?:abl|iqU)$/, r2);
      else this.end(/[iI]èr$/, rv, 'i');
      return true;
    }
    if (/^ité/.test(end)) {
      if (!to('', r2)) return false;
      if (this.w.endsWith('abil')) this.end(/abil$/, r2) || this.end(/abil$/, 0, 'abl');
      else if (this.w.endsWith('ic')) this.end(/ic$/, r2) || this.end(/ic$/, 0, 'iqU');
      else this.end(/iv$/, r2);
      return true;
    }
    if (/^i[fv]/.test(end)) {
      if (!to('', r2)) return false;
      if (this.end(/at$/, r2)) this.end(/ic$/, r2) || this.end(/ic$/, 0, 'iqU');
      return true;
    }
    if (end === 'eaux') return to('eau', 0);
    if (end === 'aux') return to('al', r1);
    if (/^euse/.test(end)) return to('', r2) || to('eux', r1);
    if (/^issement/.test(end)) return ENDS_IN_CONSONANT.test(stem) && to('', r1);
    // The step counts as not done after these: verbs' endings may follow.
    if (end === 'amment') to('ant', rv);
    else if (end === 'emment') to('ent', rv);
    else if (ENDS_IN_VOWEL.test(stem)) to('', rv + 1);
    return false;
  }

  private verbI(): boolean {
    const m = VERB_I.exec(this.w.slice(this.rv));
    if (!m || m.index === 0 || !ENDS_IN_CONSONANT.test(this.w.slice(0, this.rv + m.index))) return false;
    this.w = this.w.slice(0, this.rv + m.index);
    return true;
  }

  private verb(): boolean {
    const m = VERB.exec(this.w.slice(this.rv));
    if (!m) return false;
    const at = this.rv + m.index;
    if (m[0] === 'ions' && at < this.r2) return false;
    this.w = this.w.slice(0, at);
    if (VERB_A.test(m[0])) this.end(/e$/, this.rv);
    return true;
  }

  private residual(): void {
    if (/[^aiouès]s$/.test(this.w)) this.w = this.w.slice(0, -1);
    const m = /(?:ion|[iI]er|[iI]ère|e|ë)$/.exec(this.w.slice(this.rv));
    if (!m) return;
    const at = this.rv + m.index;
    const stem = this.w.slice(0, at);
    if (m[0] === 'ion') {
      if (at >= this.r2 && at > this.rv && /[st]$/.test(stem)) this.w = stem;
    } else if (m[0] === 'e') this.w = stem;
    else if (m[0] === 'ë') this.w = stem.endsWith('gu') && at - 2 >= this.rv ? stem : this.w;
    else this.w = `${stem}i`;
  }

  run(): string {
    if (this.standard() || this.verbI() || this.verb()) this.w = this.w.replace(/Y$/, 'i').replace(/ç$/, 'c');
    else this.residual();
    if (/(?:enn|onn|ett|ell|eill)$/.test(this.w)) this.w = this.w.slice(0, -1);
    return this.w.replace(ACCENT, 'e$1').toLowerCase();
  }
}

/** Marks the u, i and y that are consonants by capitals. */
function prelude(word: string): string {
  const w = [...word];
  const vowel = (i: number): boolean => i < w.length && VOWELS.includes(w[i]!);
  for (let i = 0; i < w.length; i++) {
    if (vowel(i) && 'ui'.includes(w[i + 1] ?? '-') && vowel(i + 2)) w[++i] = w[i]!.toUpperCase();
    else if (vowel(i) && w[i + 1] === 'y') w[++i] = 'Y';
    else if (w[i] === 'y' && vowel(i + 1)) w[i] = 'Y';
    else if (w[i] === 'q' && w[i + 1] === 'u') w[++i] = 'U';
  }
  return w.join('');
}

/** The stem of a word in lower case. */
export function stem(word: string): string {
  return new Stemmer(word).run();
}
