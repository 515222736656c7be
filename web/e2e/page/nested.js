// A page's own worker that loads a model with threads.
import { DEFAULT_MODEL, pipeline } from '/lodestone.js';

onmessage = async ({ data: { threads, mute } }) => {
  // So many of the workers that it starts never run.
  const Real = Worker;
  self.Worker = class extends Real {
    constructor(url, options) {
      super(mute-- > 0 ? '/e2e/mute.js' : url, options);
    }
  };
  try {
    const embed = await pipeline('feature-extraction', DEFAULT_MODEL, { threads });
    const { dims } = await embed('a text', { pooling: 'prompt' });
    const { threads: have, reasons } = embed.capabilities();
    await embed.dispose();
    postMessage({ dims, threads: have, reason: reasons.threads });
  } catch (e) {
    postMessage({ reason: String(e) });
  }
};
