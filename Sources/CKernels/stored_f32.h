// Single precision in, single precision out.
typedef float in_t;
typedef float out_t;
typedef float weight_t;
typedef vf step_v;
#define STEP 1
INLINE vf in_load(const in_t *p) { return v_load(p); }
INLINE vf in_load_some(const in_t *p, size_t n) { return v_load_some(p, n); }
INLINE vf out_load(const out_t *p) { return v_load(p); }
INLINE vf out_load_some(const out_t *p, size_t n) { return v_load_some(p, n); }
INLINE void out_store(out_t *p, vf x) { v_store(p, x); }
INLINE void out_store_some(out_t *p, vf x, size_t n) { v_store_some(p, x, n); }
INLINE step_v step_load(const weight_t *p) { return v_load(p); }
INLINE step_v step_set(const in_t *p) { return v_set(*p); }
INLINE vf step_fma(step_v x, step_v y, vf z) { return v_fma(x, y, z); }
