// The speed of 128-bit vectors in native code, for tiles of six rows of two vectors as in
// package simd: an upper bound for the kernels. make ceiling compiles and compares it where
// there is a C compiler for x86-64.
//
//	ceiling SECONDS    prints {"f32": …, "fma": …, "two_step": …, "fused": …} in GMAC/s
//
// Forms that the processor does not support are omitted. The layer has 60 rows of 768 and
// 3072 columns, packed in panels of 16 as in package simd. It has no scales, no bias and no
// quantisation, so a kernel does more.
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { M = 60, K = 768, N = 3072 }; // 60 rows are ten tiles

static float *xf, *wf, *yf;
static uint8_t *xq;
static int8_t *wq;
static int32_t *yq;

// The outer loop of every form is over panels, the inner loop over rows, and a panel is
// processed two vectors at a time. The sums are separate variables, because gcc keeps the
// elements of an array in memory.
#define ROWS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define WALK(...)                                                                            \
	for (int n = 0; n < N; n += 16)                                                      \
		for (int m = 0; m < M; m += 6)                                               \
			for (int h = 0; h < 4; h += 2) { __VA_ARGS__ }

#define ZERO_F(r) __m128 a##r = _mm_setzero_ps(), b##r = a##r;
#define ADD_F(r)                                                                             \
	{                                                                                    \
		__m128 x = _mm_set1_ps(xf[(m + r) * K + k]);                                 \
		a##r = MADD(x, w0, a##r), b##r = MADD(x, w1, b##r);                          \
	}
#define STORE_F(r) _mm_storeu_ps(y + (size_t)r * N, a##r), _mm_storeu_ps(y + (size_t)r * N + 4, b##r);
#define F32                                                                                  \
	WALK(ROWS(ZERO_F) const float *w = wf + (size_t)n * K + 4 * h;                       \
	     float *y = yf + (size_t)m * N + n + 4 * h; for (int k = 0; k < K; k++, w += 16) { \
		     __m128 w0 = _mm_loadu_ps(w), w1 = _mm_loadu_ps(w + 4);                  \
		     ROWS(ADD_F)                                                             \
	     } ROWS(STORE_F))

#define ZERO_Q(r) __m128i a##r = _mm_setzero_si128(), b##r = a##r;
#define ADD_Q(r)                                                                             \
	{                                                                                    \
		__m128i x = _mm_set1_epi32(*(const int *)(xq + (m + r) * K + k));            \
		a##r = DOT(a##r, x, w0), b##r = DOT(b##r, x, w1);                            \
	}
#define STORE_Q(r) _mm_storeu_si128((void *)(y + (size_t)r * N), a##r), _mm_storeu_si128((void *)(y + (size_t)r * N + 4), b##r);
#define Q8                                                                                   \
	WALK(ROWS(ZERO_Q) const int8_t *w = wq + (size_t)n * K + 16 * h;                     \
	     int32_t *y = yq + (size_t)m * N + n + 4 * h; for (int k = 0; k < K; k += 4, w += 64) { \
		     __m128i w0 = _mm_loadu_si128((const void *)w), w1 = _mm_loadu_si128((const void *)(w + 16)); \
		     ROWS(ADD_Q)                                                             \
	     } ROWS(STORE_Q))

#define MADD(x, w, a) _mm_add_ps(a, _mm_mul_ps(x, w))
__attribute__((target("avx2"))) static void f32(void) { F32 }
#undef MADD
#define MADD _mm_fmadd_ps
__attribute__((target("avx2,fma"))) static void fma32(void) { F32 }
#define DOT(a, x, w) _mm_add_epi32(a, _mm_madd_epi16(_mm_maddubs_epi16(x, w), _mm_set1_epi16(1)))
__attribute__((target("avx2"))) static void two_step(void) { Q8 }
#undef DOT
// Not _mm_dpbusd_avx_epi32: gcc 12 stores its sums in every step.
#define DOT dpbusd
static inline __attribute__((always_inline)) __m128i dpbusd(__m128i a, __m128i x, __m128i w) {
	__asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(a) : "x"(x), "x"(w));
	return a;
}
__attribute__((target("avx2"))) static void fused(void) { Q8 }

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

// rate is the rate of the best call within so many seconds.
static double rate(void (*form)(void), double seconds) {
	double best = 1e9;
	for (double end = now() + seconds; now() < end;) {
		double t = now();
		form();
		t = now() - t;
		if (t < best) best = t;
	}
	return (double)M * K * N / best * 1e-9;
}

int main(int argc, char **argv) {
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	xf = aligned_alloc(64, sizeof(float) * M * K), wf = aligned_alloc(64, sizeof(float) * N * K), yf = aligned_alloc(64, sizeof(float) * M * N);
	xq = aligned_alloc(64, M * K), wq = aligned_alloc(64, N * K), yq = (int32_t *)yf;
	for (int i = 0; i < M * K; i++) xf[i] = (float)(i % 7) - 3, xq[i] = i % 128;
	for (int i = 0; i < N * K; i++) wf[i] = (float)(i % 5) - 2, wq[i] = (int8_t)(i % 251);
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx2")) {
		fprintf(stderr, "ceiling: this processor has no AVX2\n");
		return 1;
	}
	printf("{\"f32\": %.1f", rate(f32, seconds));
	if (__builtin_cpu_supports("fma")) printf(", \"fma\": %.1f", rate(fma32, seconds));
	printf(", \"two_step\": %.1f", rate(two_step, seconds));
	if (__builtin_cpu_supports("avxvnni")) printf(", \"fused\": %.1f", rate(fused, seconds));
	printf("}\n");
	return 0;
}
