// The vector type of the portable builds: four floats, whatever the machine makes of them.
#include <stddef.h>
#include <stdint.h>
#include <string.h>
typedef float vf __attribute__((vector_size(16)));
typedef int32_t vf_mask __attribute__((vector_size(16)));
#define VW 4
#define SIMD_SUFFIX portable
#define INLINE static inline __attribute__((always_inline))
INLINE vf v_load(const float *p) {
    vf x;
    memcpy(&x, p, sizeof x);
    return x;
}
INLINE void v_store(float *p, vf x) { memcpy(p, &x, sizeof x); }
INLINE vf v_load_some(const float *p, size_t n) {
    vf x = {0};
    memcpy(&x, p, n * sizeof(float));
    return x;
}
INLINE void v_store_some(float *p, vf x, size_t n) { memcpy(p, &x, n * sizeof(float)); }
INLINE vf v_set(float x) { return (vf){x, x, x, x}; }
INLINE vf v_fma(vf a, vf b, vf c) { return a * b + c; }
INLINE vf v_sub(vf a, vf b) { return a - b; }
INLINE vf v_add(vf a, vf b) { return a + b; }
INLINE vf v_choose(vf_mask mask, vf yes, vf no) { return (vf)(((vf_mask)yes & mask) | ((vf_mask)no & ~mask)); }
INLINE vf v_clip(vf x, vf low, vf high) {
    vf raised = v_choose(x < low, low, x);
    return v_choose(raised > high, high, raised);
}
INLINE vf v_prelu(vf x, vf slope) { return v_choose(x < (vf){0}, x * slope, x); }
INLINE vf v_swap_pairs(vf x) { return __builtin_shufflevector(x, x, 1, 0, 3, 2); }
