#ifndef VERIFAR_TRAINING_LEVELS_H
#define VERIFAR_TRAINING_LEVELS_H

#include "training.h"

#define TRAINING_LEVEL(level) \
    void vt_dense_run_##level(const vt_dense *task); \
    void vt_outer_run_##level(const vt_outer *task); \
    void vt_depthwise_run_##level(const vt_depthwise *task); \
    void vt_depthwise_weights_run_##level(const vt_depthwise_weights *task); \
    void vt_load_run_##level(const vt_load *task); \
    void vt_moments_run_##level(const vt_moments *task); \
    void vt_normal_sums_run_##level(const vt_normal_sums *task); \
    void vt_normal_load_run_##level(const vt_normal_load *task);

TRAINING_LEVEL(portable)
TRAINING_LEVEL(avx2)
TRAINING_LEVEL(avx512)

#endif
