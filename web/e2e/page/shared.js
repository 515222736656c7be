// A shared worker that tries to load a tokenizer and reports the error.
import * as lodestone from '/lodestone.js';

const why = () => lodestone.AutoTokenizer.from_pretrained('/heads/nli/').then(() => 'loaded', (e) => `${e.code}: ${e.message}`);
addEventListener('connect', (e) => why().then((text) => e.ports[0].postMessage(text)));
