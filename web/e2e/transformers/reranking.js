import { AutoTokenizer, AutoModelForSequenceClassification } from '@huggingface/transformers';

const model = await AutoModelForSequenceClassification.from_pretrained('heads/ranker');
const tokenizer = await AutoTokenizer.from_pretrained('heads/ranker');

async function rank(query, documents, { top_k = undefined, return_documents = false } = {}) {
  const inputs = await tokenizer(new Array(documents.length).fill(query), { text_pair: documents, padding: true, truncation: true });
  const { logits } = await model(inputs);
  return logits
    .sigmoid()
    .tolist()
    .map(([score], i) => ({ corpus_id: i, score, ...(return_documents ? { text: documents[i] } : {}) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, top_k);
}
export const result = await rank('ada lives in paris', ['ada', 'paris is in france', 'the capital of london'], { return_documents: true });
await model.dispose();
await tokenizer.dispose();
