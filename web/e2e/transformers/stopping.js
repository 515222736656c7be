import { AutoModelForCausalLM, AutoTokenizer, EosTokenCriteria, LogitsProcessor, LogitsProcessorList, MaxLengthCriteria, StoppingCriteria, StoppingCriteriaList, pipeline } from '@huggingface/transformers';

// Ends a text behind a token of one's own.
class After extends StoppingCriteria {
  constructor(id) {
    super();
    this.id = id;
    this.calls = 0;
  }
  _call(input_ids, scores) {
    this.calls++;
    return input_ids.map((ids) => ids.at(-1) == this.id);
  }
}

// Takes every token but those with even ids away.
class Even extends LogitsProcessor {
  _call(input_ids, logits) {
    for (let i = 0; i < input_ids.length; i++) {
      const row = logits[i].data;
      for (let id = 1; id < row.length; id += 2) row[id] = -Infinity;
    }
    return logits;
  }
}

const generator = await pipeline('text-generation', 'tiny/gpt2');
const tokenizer = await AutoTokenizer.from_pretrained('tiny/gpt2');
const model = await AutoModelForCausalLM.from_pretrained('tiny/gpt2');
const inputs = await tokenizer(['hello', 'hello'], { add_special_tokens: false });
const ids = async (options) => (await model.generate({ ...inputs, max_new_tokens: 12, do_sample: true, seed: 7, ...options })).tolist().map((row) => row.slice(inputs.input_ids.dims[1]).map(Number));

const whole = await ids({});
const own = new After(whole[0][4]);
const list = new StoppingCriteriaList();
list.extend([new MaxLengthCriteria(inputs.input_ids.dims[1] + 3), new EosTokenCriteria([whole[0][4]])]);
const processors = new LogitsProcessorList();
processors.push(new Even());
export const result = {
  whole,
  own: await ids({ stopping_criteria: own }),
  calls: own.calls,
  called: own([[1n, BigInt(whole[0][4])], [2n]]),
  list: await ids({ stopping_criteria: list }),
  even: await ids({ logits_processor: processors }),
  text: (await generator('hello', { max_new_tokens: 12, stopping_criteria: [new After(-1), list] }))[0].generated_text,
};
for (const handle of [generator, tokenizer, model]) await handle.dispose();
