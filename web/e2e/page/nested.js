// A page's own worker that loads a model with threads.
import { DEFAULT_MODEL, pipeline } from '/lodestone.js';

onmessage = async ({ data: threads }) => {
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
