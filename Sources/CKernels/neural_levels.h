#ifndef VERIFAR_NEURAL_LEVELS_H
#define VERIFAR_NEURAL_LEVELS_H

#include "neural.h"

/// Output channels per packed panel, and most pixels of a tile, where OpenBLAS multiplies.
#define VF_OPENBLAS_PANEL_WIDTH 128
#define VF_OPENBLAS_ROWS 192

/// A kernel's name with the suffix of the instruction set that it is being built for.
#define CONCAT2(a, b) a##_##b
#define CONCAT(a, b) CONCAT2(a, b)
#define NAME(base) CONCAT(base, SIMD_SUFFIX)

void vf_dense_run_portable(const vf_dense *task);
void vf_depthwise_run_portable(const vf_depthwise *task);
void vf_paired_run_portable(const vf_depthwise *task);
void vf_winograd_input_run_portable(const vf_winograd_input *task);
void vf_winograd_output_run_portable(const vf_winograd_output *task);
void vf_dense_run_avx2(const vf_dense *task);
void vf_depthwise_run_avx2(const vf_depthwise *task);
void vf_paired_run_avx2(const vf_depthwise *task);
void vf_winograd_input_run_avx2(const vf_winograd_input *task);
void vf_winograd_output_run_avx2(const vf_winograd_output *task);
void vf_dense_run_avx512(const vf_dense *task);
void vf_depthwise_run_avx512(const vf_depthwise *task);
void vf_paired_run_avx512(const vf_depthwise *task);
void vf_winograd_input_run_avx512(const vf_winograd_input *task);
void vf_winograd_output_run_avx512(const vf_winograd_output *task);
void vf_round_to_bf16_f32_bf16(const float *source, uint16_t *target, size_t count);
void vf_dense_run_f32_bf16(const vf_dense *task);
void vf_depthwise_run_f32_bf16(const vf_depthwise *task);
void vf_paired_run_f32_bf16(const vf_depthwise *task);
void vf_dense_run_bf16_bf16(const vf_dense *task);
void vf_depthwise_run_bf16_bf16(const vf_depthwise *task);
void vf_paired_run_bf16_bf16(const vf_depthwise *task);
void vf_dense_run_bf16_f32(const vf_dense *task);
void vf_depthwise_run_bf16_f32(const vf_depthwise *task);
void vf_paired_run_bf16_f32(const vf_depthwise *task);

#endif
