#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

vf_isa vf_isa_best(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return VF_ISA_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VF_ISA_AVX2;
#endif
    return VF_ISA_PORTABLE;
}

static vf_isa decide(void) {
    vf_isa best = vf_isa_best();
    const char *wish = getenv("VERIFAR_ISA");
    if (!wish) return best;
    vf_isa asked = best;
    if (!strcmp(wish, "portable")) asked = VF_ISA_PORTABLE;
    if (!strcmp(wish, "avx2")) asked = VF_ISA_AVX2;
    return asked < best ? asked : best;
}

vf_isa vf_isa_level(void) {
    // Two threads may both decide; they decide alike.
    static _Atomic int level = -1;
    int known = level;
    if (known < 0) level = known = decide();
    return (vf_isa)known;
}

int vf_has_bf16(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return vf_isa_level() == VF_ISA_AVX512 && __builtin_cpu_supports("avx512bf16");
#else
    return 0;
#endif
}
