#ifndef VERIFAR_DISPATCH_H
#define VERIFAR_DISPATCH_H

/// Instruction-set levels a kernel may be built for, weakest first.
typedef enum {
    VF_ISA_PORTABLE = 0,
    VF_ISA_AVX2 = 1,    ///< AVX2 + FMA
    VF_ISA_AVX512 = 2,  ///< AVX-512 F, BW, DQ, VL
} vf_isa;

/// The level in use: the best the CPU offers, or the one that the environment variable VERIFAR_ISA
/// (`portable`, `avx2`, `avx512`) asks for if the CPU has it. Decided once.
vf_isa vf_isa_level(void);

/// The best level of this CPU, whatever the environment says.
vf_isa vf_isa_best(void);

/// Whether the CPU multiplies bf16 pairs natively (AVX-512 BF16).
int vf_has_bf16(void);

#endif
