package client

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"io"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
	"github.com/tuneinsight/lattigo/v6/ring"
	"github.com/tuneinsight/lattigo/v6/schemes/ckks"
	"github.com/tuneinsight/lattigo/v6/utils/sampling"
)

// Keys are a secret key and what goes with it. They live in memory only: no method writes
// the secret key. Not for use by several goroutines at once.
type Keys struct {
	plan        *thex.Plan
	secret      *rlwe.SecretKey
	relin       *rlwe.RelinearizationKey
	galois      []*rlwe.GaloisKey
	fingerprint wire.Fingerprint

	encoder   *ckks.Encoder
	decryptor *rlwe.Decryptor
	errors    ring.Sampler
}

// NewKeys makes keys for sentences of a plan.
func NewKeys(p *thex.Plan) (*Keys, error) {
	params := wire.Parameters()
	generator := rlwe.NewKeyGenerator(params)
	k := &Keys{plan: p, secret: generator.GenSecretKeyNew()}
	k.relin = generator.GenRelinearizationKeyNew(k.secret, wire.Compressed)
	k.galois = generator.GenGaloisKeysNew(wire.Galois(p), k.secret, wire.Compressed)
	sum := sha256.New()
	if err := wire.WriteKeys(sum, k.relin, k.galois); err != nil {
		return nil, err
	}
	k.fingerprint = wire.Fingerprint(sum.Sum(nil))
	k.encoder = ckks.NewEncoder(params)
	k.decryptor = rlwe.NewDecryptor(params, k.secret)
	prng, err := sampling.NewPRNG() // crypto/rand
	if err == nil {
		k.errors, err = ring.NewSampler(prng, params.RingQ(), params.Xe(), false)
	}
	return k, err
}

// Fingerprint names the evaluation keys.
func (k *Keys) Fingerprint() wire.Fingerprint { return k.fingerprint }

// WriteMessage writes the message with the evaluation keys, which are public. It has
// wire.MessageBytes(wire.Keys, plan, 0) bytes.
func (k *Keys) WriteMessage(w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<16)
	if _, err := b.Write(wire.NewHeader(wire.Keys, k.plan, k.fingerprint, wire.RunID{}, 0).Append(nil)); err != nil {
		return err
	}
	if err := wire.WriteKeys(b, k.relin, k.galois); err != nil {
		return err
	}
	return b.Flush()
}

// zero is a fresh encryption of 0: c0 = e − c1·s, with c1 out of a random seed.
func (k *Keys) zero(level int) (*wire.Fresh, error) {
	r := wire.Parameters().RingQ().AtLevel(level)
	f := &wire.Fresh{Level: level, C0: r.NewPoly()}
	if _, err := rand.Read(f.Seed[:]); err != nil {
		return nil, err
	}
	c1 := r.NewPoly()
	if err := wire.Uniform(c1, &f.Seed, level); err != nil {
		return nil, err
	}
	k.errors.AtLevel(level).Read(f.C0)
	r.NTT(f.C0, f.C0)
	r.MulCoeffsMontgomeryThenSub(c1, k.secret.Value.Q, f.C0) // the secret key is in Montgomery form
	return f, nil
}

// encrypt encrypts slots at the scale of values.
func (k *Keys) encrypt(v []complex128, level int) (*wire.Fresh, error) {
	f, err := k.zero(level)
	if err != nil {
		return nil, err
	}
	p := ckks.NewPlaintext(wire.Parameters(), level)
	if err := k.encoder.Encode(v, p); err != nil {
		return nil, err
	}
	r := wire.Parameters().RingQ().AtLevel(level)
	r.Add(f.C0, p.Value, f.C0)
	return f, nil
}

// decrypt decrypts and decodes a ciphertext of level 0.
func (k *Keys) decrypt(c *rlwe.Ciphertext) ([]complex128, error) {
	v := make([]complex128, thex.Slots)
	return v, k.encoder.Decode(k.decryptor.DecryptNew(c), v)
}

// refresh decrypts a ciphertext of level 0 and encrypts its coefficients at a level,
// without decoding them.
func (k *Keys) refresh(c *rlwe.Ciphertext, level int) (*wire.Fresh, error) {
	f, err := k.zero(level)
	if err != nil {
		return nil, err
	}
	params := wire.Parameters()
	low, high := params.RingQ().AtLevel(0), params.RingQ().AtLevel(level)
	m := k.decryptor.DecryptNew(c).Value
	low.INTT(m, m)
	lifted := high.NewPoly()
	q0 := params.Q()[0]
	for i, q := range params.Q()[:level+1] {
		for j, x := range m.Coeffs[0] {
			if x > q0/2 { // stands for x − q0
				lifted.Coeffs[i][j] = (q - (q0-x)%q) % q
			} else {
				lifted.Coeffs[i][j] = x % q
			}
		}
	}
	high.NTT(lifted, lifted)
	high.Add(f.C0, lifted, f.C0)
	return f, nil
}
