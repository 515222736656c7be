// The inputs of a model: padded tensors of ids.
import type { Padded } from '../protocol/tensors.js';
import { type Tensor, toInt32 } from './tensor.js';
import * as check from './validate.js';

/** Tensors [texts, tokens], as a tokenizer returns them. */
export interface ModelInputs {
  input_ids: Tensor<'int64'>;
  /** 0 marks padding; its results are zeros. */
  attention_mask?: Tensor<'int64'>;
  /** For BERT, 1 marks the second text of a pair. A model without token types ignores it. */
  token_type_ids?: Tensor<'int64'>;
}

/** Checks inputs and copies them into buffers that can be transferred. */
export function paddedInputs(what: string, inputs: ModelInputs): { padded: Padded; transfer: ArrayBufferLike[] } {
  if (typeof inputs !== 'object' || inputs === null) throw check.invalid(`${what}: expected { input_ids, attention_mask }`);
  // offset_mapping is accepted, so that a tokenizer's result can be passed on unchanged.
  const { input_ids, attention_mask, token_type_ids } = check.knownOptions(what, inputs, ['input_ids', 'attention_mask', 'token_type_ids', 'offset_mapping']);
  const ids = toInt32('input_ids', input_ids as Tensor);
  const dims = input_ids!.dims;
  if (dims.length !== 2) throw check.invalid(`input_ids: dims [${dims.join(', ')}], expected [texts, tokens]`);
  const like = (name: string, t: Tensor<'int64'> | undefined): Int32Array | null => {
    if (t === undefined || t === null) return null;
    const values = toInt32(name, t);
    if (t.dims.join() !== dims.join()) throw check.invalid(`${name}: dims [${t.dims.join(', ')}], expected those of input_ids [${dims.join(', ')}]`);
    return values;
  };
  const mask = like('attention_mask', attention_mask);
  const odd = mask?.findIndex((v) => v > 1) ?? -1;
  if (odd >= 0) throw check.invalid(`attention_mask: ${mask![odd]} at position ${odd}, expected 0 or 1`);
  const types = like('token_type_ids', token_type_ids);
  const transfer = [ids, mask, types].flatMap((a) => (a ? [a.buffer] : []));
  return { padded: { ids, mask, types, batch: dims[0]!, length: dims[1]! }, transfer };
}
