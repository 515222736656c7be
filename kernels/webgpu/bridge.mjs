// Plays the commands of package webgpu (recorder.go) on a GPU. A page, or a worker, calls
//
//	const bridge = await openBridge();   // or an Error whose message says why there is none
//
// and then starts the Go program, which finds it. Commands are encoded into one compute pass
// as they come. A read, or a full ring, ends the pass and submits it as one command buffer.
import { dotBuiltin, dotEmulated, helpers, kernels } from './wgsl.mjs';

/** The ring of parameters: slots of 256 bytes, the alignment that every adapter allows. */
const SLOT = 64; // words
const RING = 1 << 18; // words

/** How long to wait for the news that a device is lost, after something failed, in milliseconds. */
const PATIENCE = 2000;

/** Buffers that kernels can bind besides the two that they always may. */
const MOST_SEGMENTS = 7;

/**
 * Opens a device. options: `adapter`, an adapter, else one is asked for; `segment`, the size of a
 * buffer of memory, for tests; `emulate`, true to do without packed_4x8_integer_dot_product.
 */
export async function openBridge(options = {}) {
  const gpu = globalThis.navigator?.gpu;
  if (!gpu) throw new Error('this browser has no WebGPU');
  const adapter = options.adapter ?? (await gpu.requestAdapter());
  if (!adapter) throw new Error('this browser offers no WebGPU adapter');
  const have = adapter.limits;
  const requiredLimits = {};
  for (const name of ['maxBufferSize', 'maxStorageBufferBindingSize']) requiredLimits[name] = have[name];
  const device = await adapter.requestDevice({ requiredLimits });
  const packed = !options.emulate && gpu.wgslLanguageFeatures?.has('packed_4x8_integer_dot_product') === true;
  const bridge = new Bridge(device, { packed, segment: options.segment });
  await bridge.compile();
  return bridge;
}

class Bridge {
  /** Set by the Go program: called with the number of a read and '' or why it failed. */
  done = () => {};
  /** Resolves with the reason when the device is lost. */
  lost;
  /** What was played so far. */
  played = { commands: 0, submits: 0, reads: 0, pipelines: 0 };
  #device;
  #prelude;
  #lost = '';
  #segments = []; // buffers of memory
  #ring;
  #mirror = new Uint32Array(RING);
  #used = 0; // words of the ring
  #offset = new Uint32Array(1);
  #encoder = null;
  #pass = null;
  #set = null; // the pipeline of the pass
  #layouts = new Map();
  #ready = new Map(); // by kernel and segments: pipeline and bind group
  #pipelines = new Map(); // by kernel and the pattern of its segments
  #groups = new Map(); // by layout and segments
  #staging = []; // buffers that nobody maps
  #checks = []; // error scopes of what was submitted and not read
  #failure = '';

  constructor(device, { packed, segment }) {
    this.#device = device;
    this.#prelude = helpers + (packed ? dotBuiltin : dotEmulated);
    const { limits } = device;
    this.limits = {
      segment: segment ?? Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
      memory: 2 ** 32 - 2 ** 16,
      groups: limits.maxComputeWorkgroupsPerDimension,
    };
    this.lost = device.lost.then(({ reason, message }) => (this.#lost = message || reason || 'no reason given'));
    device.addEventListener('uncapturederror', ({ error }) => (this.#failure ||= error.message));
    this.#ring = this.#buffer('ring', 4 * RING, GPUBufferUsage.UNIFORM | GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
  }

  /** The bytes of the buffers that hold memory. */
  get bytes() {
    return this.#segments.reduce((n, b) => n + b.size, 0);
  }

  /** Ends the device and all of its buffers. */
  destroy() {
    this.#device.destroy();
  }

  /** Encodes n words of commands, which begin at word i of a memory. */
  play(words, i, n) {
    if (this.#lost) return;
    const end = i + n;
    while (i < end) {
      const kernel = words[i] & 255;
      const count = words[i] >>> 8;
      const x = words[i + 1];
      const y = words[i + 2];
      const z = words[i + 3];
      const segments = words[i + 4];
      i += 5;
      const data = kernel === 0 ? words[i + 1] : 0;
      if (this.#used + 2 * SLOT + data > RING) this.#submit();
      this.#begin();
      const slot = this.#used;
      for (let k = 0; k < count; k++) this.#mirror[slot + k] = words[i + k];
      this.#used += SLOT;
      i += count;
      if (data > 0) {
        this.#mirror[slot + 2] = this.#used;
        for (let k = 0; k < data; k++) this.#mirror[this.#used + k] = words[i + k];
        this.#used += Math.ceil(data / SLOT) * SLOT;
        i += data;
      }
      const key = segments * 256 + kernel;
      const ready = this.#ready.get(key) ?? this.#prepare(key, kernel, segments);
      if (this.#set !== ready.pipeline) {
        this.#pass.setPipeline(ready.pipeline);
        this.#set = ready.pipeline;
      }
      this.#offset[0] = 4 * slot;
      this.#pass.setBindGroup(0, ready.group, this.#offset, 0, 1);
      this.#pass.dispatchWorkgroups(x, y, z);
      this.played.commands++;
    }
  }

  /** Copies n bytes at `from` to an offset of a segment; both are multiples of four. */
  write(segment, at, bytes, from, n) {
    if (this.#lost) return;
    this.#submit();
    this.#scoped('write', () => this.#device.queue.writeBuffer(this.#segments[segment], at, bytes, from, n));
  }

  /** Makes a segment larger, and keeps its contents. */
  grow(segment, size) {
    if (this.#lost) return;
    this.#submit();
    this.#scoped('memory', () => {
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
      const larger = this.#buffer(`memory ${segment}`, size, usage);
      const old = this.#segments[segment];
      if (old) {
        const encoder = this.#device.createCommandEncoder();
        encoder.copyBufferToBuffer(old, 0, larger, 0, old.size);
        this.#device.queue.submit([encoder.finish()]);
        old.destroy();
      }
      this.#segments[segment] = larger;
    });
    this.#ready.clear();
    this.#groups.clear();
  }

  /** Reads n bytes at an offset of a segment. take gets them, then done is called. */
  read(id, segment, at, n, take) {
    this.#fetch(segment, at, n, take).then(
      () => this.done(id, ''),
      async (e) => {
        // What fails on a device that is lost may fail before the browser says so.
        await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
        this.done(id, this.#lost ? `lost: ${this.#lost}` : String(e?.message ?? e));
      },
    );
  }

  async #fetch(segment, at, n, take) {
    if (this.#lost) throw new Error(this.#lost);
    const skip = at & 3;
    const size = (skip + n + 3) & ~3;
    this.played.reads++;
    this.#begin();
    this.#endPass();
    const staging = this.#take(size);
    this.#encoder.copyBufferToBuffer(this.#segments[segment], at - skip, staging, 0, size);
    this.#submit();
    const checks = this.#checks;
    this.#checks = [];
    const mapped = staging.mapAsync(GPUMapMode.READ, 0, size);
    // What failed on the way is told rather than what that did to the read.
    const found = (await Promise.all(checks)).find((e) => e !== '') || this.#failure;
    if (found) {
      this.#failure = '';
      mapped.catch(() => {}).then(() => staging.destroy());
      throw new Error(found);
    }
    await Promise.race([mapped, this.lost.then((why) => Promise.reject(new Error(why)))]);
    take(new Uint8Array(staging.getMappedRange(0, size), skip, n));
    staging.unmap();
    this.#staging.push(staging);
  }

  #begin() {
    if (!this.#encoder) {
      this.#device.pushErrorScope('validation');
      this.#encoder = this.#device.createCommandEncoder();
    }
    if (!this.#pass) {
      this.#pass = this.#encoder.beginComputePass();
      this.#set = null;
    }
  }

  #endPass() {
    this.#pass?.end();
    this.#pass = null;
  }

  #submit() {
    if (!this.#encoder) return;
    this.#endPass();
    const { queue } = this.#device;
    if (this.#used > 0) queue.writeBuffer(this.#ring, 0, this.#mirror, 0, this.#used);
    this.#used = 0;
    queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#check('');
    this.played.submits++;
  }

  /** Runs what may fail for want of memory. */
  #scoped(what, run) {
    this.#device.pushErrorScope('validation');
    this.#device.pushErrorScope('out-of-memory');
    run();
    this.#check(`out of memory: ${what}`);
    this.#check(what);
  }

  #check(what) {
    const name = what === '' ? '' : `${what}: `;
    this.#checks.push(this.#device.popErrorScope().then((e) => (e ? name + e.message : ''), () => ''));
  }

  #buffer(label, size, usage) {
    return this.#device.createBuffer({ label, size, usage });
  }

  /** A buffer to read from that has at least size bytes. */
  #take(size) {
    const at = this.#staging.findIndex((b) => b.size >= size && b.size <= 4 * Math.max(size, 1024));
    if (at >= 0) return this.#staging.splice(at, 1)[0];
    if (this.#staging.length > 8) this.#staging.shift().destroy();
    return this.#buffer('staging', Math.max(1024, 2 ** Math.ceil(Math.log2(size))), GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  }

  /** The pipeline and the bind group of a kernel whose operands lie in segments. */
  #prepare(key, kernel, segments) {
    const [name, operands] = kernels[kernel];
    const used = []; // the segments, each once
    const pattern = operands.map((_, i) => {
      const segment = Math.floor(segments / 16 ** i) % 16;
      if (!used.includes(segment)) used.push(segment);
      return used.indexOf(segment);
    });
    if (used.length > MOST_SEGMENTS) throw new Error(`webgpu: ${name}: operands in ${used.length} buffers`);
    const layout = this.#layout(used.length, kernel === 0);
    const ready = { pipeline: this.#pipeline(kernel, pattern, used.length, layout), group: this.#group(layout, used, kernel === 0) };
    this.#ready.set(key, ready);
    return ready;
  }

  #layout(count, withRing) {
    const key = `${count} ${withRing}`;
    let layout = this.#layouts.get(key);
    if (!layout) {
      const visibility = GPUShaderStage.COMPUTE;
      const entries = [{ binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: 4 * SLOT } }];
      if (withRing) entries.push({ binding: 1, visibility, buffer: { type: 'read-only-storage' } });
      for (let i = 0; i < count; i++) entries.push({ binding: i + 2, visibility, buffer: { type: 'storage' } });
      layout = { key, group: this.#device.createBindGroupLayout({ entries }) };
      layout.pipeline = this.#device.createPipelineLayout({ bindGroupLayouts: [layout.group] });
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  #group(layout, used, withRing) {
    const key = `${layout.key} ${used}`;
    let group = this.#groups.get(key);
    if (!group) {
      const entries = [{ binding: 0, resource: { buffer: this.#ring, size: 4 * SLOT } }];
      if (withRing) entries.push({ binding: 1, resource: { buffer: this.#ring } });
      used.forEach((s, i) => entries.push({ binding: i + 2, resource: { buffer: this.#segments[s] } }));
      group = this.#device.createBindGroup({ layout: layout.group, entries });
      this.#groups.set(key, group);
    }
    return group;
  }

  #pipeline(kernel, pattern, count, layout) {
    const key = `${kernel} ${pattern}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#device.createComputePipeline(this.#describe(kernel, pattern, count, layout));
      this.#pipelines.set(key, pipeline);
      this.played.pipelines++;
    }
    return pipeline;
  }

  /** Compiles all kernels at once, for operands that lie in one segment. Others are compiled when they occur. */
  async compile() {
    await Promise.all(
      kernels.map(async ([name, operands], kernel) => {
        const pattern = operands.map(() => 0);
        const layout = this.#layout(1, kernel === 0);
        const pipeline = await this.#device.createComputePipelineAsync(this.#describe(kernel, pattern, 1, layout)).catch((e) => {
          throw new Error(`webgpu: ${name} does not compile: ${e.message}`);
        });
        this.#pipelines.set(`${kernel} ${pattern}`, pipeline);
        this.played.pipelines++;
      }),
    );
  }

  #describe(kernel, pattern, count, layout) {
    const [name, operands, text] = kernels[kernel];
    let code = this.#prelude;
    for (let i = 0; i < count; i++) code += `@group(0) @binding(${i + 2}) var<storage, read_write> m${i}: array<u32>;\n`;
    if (kernel === 0) code += '@group(0) @binding(1) var<storage, read> ring: array<u32>;\n';
    code += text.replace(/\$(\w+)\[/g, (_, operand) => `m${pattern[operands.indexOf(operand)]}[`);
    const module = this.#device.createShaderModule({ label: name, code });
    return { label: name, layout: layout.pipeline, compute: { module, entryPoint: 'main' } };
  }
}
