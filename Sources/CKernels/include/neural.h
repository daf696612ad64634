#ifndef VERIFAR_NEURAL_H
#define VERIFAR_NEURAL_H

#include <stddef.h>
#include <stdint.h>

/// Activations are channels last; a value's rows may lie further apart than its width (a border around it).
/// Offsets and strides count stored
/// values.

/// How a kernel's values are stored. Parameters of depthwise kernels, biases and slopes are single precision; weights of
/// dense kernels are stored as the inputs are.
typedef enum {
    VF_F32 = 0,
    VF_BF16 = 1,  ///< only where vf_has_bf16()
} vf_stored;

/// The non-linearity of an epilogue.
typedef enum {
    VF_ACT_NONE = 0,
    VF_ACT_CLIP = 1,   ///< min(max(x, low), high); NaN stays NaN
    VF_ACT_PRELU = 2,  ///< x, or slope[channel] · x below 0
} vf_activation_kind;

/// What happens to a sum before it is stored: bias, then non-linearity and addend in the order asked for.
typedef struct {
    vf_activation_kind activation;
    int activation_follows_addition;
    float low, high;
    const float *bias;   ///< one per output channel, padded to whole panels
    const float *slope;  ///< likewise; for VF_ACT_PRELU
} vf_epilogue;

/// A run of output pixels whose inputs lie one stride apart.
typedef struct {
    int32_t input;   ///< offset of the first pixel's first input
    int32_t output;  ///< offset of the first pixel's output
    int32_t addend;  ///< offset of the first pixel's addend
    int32_t count;   ///< pixels, 1 … vf_tile_height()
} vf_tile;

/// A dense convolution as products of gathered rows with packed weights.
///
/// A pixel's inputs are `run_count` runs of `run_length` consecutive floats, at `run_offsets` from its first: one run
/// for 1×1, usually a run per kernel row otherwise. Results do not depend on how pixels are cut into tiles, unless
/// vf_sums_depend_on_task() says so.
typedef struct {
    const vf_tile *tiles;
    size_t tile_count;
    size_t tiles_per_block;  ///< tiles that share a pass over the weights' panels; OpenBLAS's passes are its own
    vf_stored input_type, output_type;
    const void *input;
    size_t input_stride;  ///< from one pixel of a tile to the next
    size_t run_count, run_length;
    const int32_t *run_offsets;
    /// [panel][run_count × run_length][vf_panel_width()]; for bf16 inputs [panel][half as many][vf_panel_width()][2], and
    /// run_length is even.
    const void *weights;
    size_t channels;     ///< output channels
    const void *addend;  ///< nil: none; stored as the output
    size_t addend_stride;
    void *output;
    size_t output_stride;
    vf_epilogue epilogue;
} vf_dense;

/// Output channels per packed panel.
size_t vf_panel_width(void);
/// Most pixels in a tile.
size_t vf_tile_height(void);
/// Whether a pixel's sums may differ in their last bits with the pixels that share its task and with its place among them:
/// where OpenBLAS multiplies, at the portable level. A task's result depends on nothing but the task there too.
int vf_sums_depend_on_task(void);
/// Runs a dense convolution.
void vf_dense_run(const vf_dense *task);

/// A depthwise convolution over whole output rows: output channel c sees input channel c.
typedef struct {
    vf_stored input_type, output_type;
    const void *input;  ///< the first tap of the first output pixel of the first row
    size_t input_row_pitch, input_pixel_pitch;
    void *output;
    size_t output_row_pitch, output_pixel_pitch;
    size_t rows, columns, channels;
    size_t kernel_height, kernel_width;
    size_t row_stride, column_stride;
    size_t row_dilation, column_dilation;
    const float *weights;  ///< [kernel_height × kernel_width][weight_pitch]
    size_t weight_pitch;   ///< at least as many as channels
    /// For bf16 inputs and 3×3: bf16 weights of two taps at a time; nil: `weights` are used. For each 16 channels and
    /// kernel column (upper, middle), then (lower, 0) of each channel. For vf_paired_run: for each 32 channels and tap, of
    /// each even output channel, then of each odd one, (even input, odd input).
    const void *pair_weights;
    const void *addend;  ///< nil: none; stored as the output
    size_t addend_row_pitch, addend_pixel_pitch;
    vf_epilogue epilogue;
} vf_depthwise;

/// Runs a depthwise convolution.
void vf_depthwise_run(const vf_depthwise *task);

/// Rounds to the nearest bf16, ties to even; only where vf_has_bf16().
void vf_round_to_bf16(const float *source, uint16_t *target, size_t count);

/// A convolution in groups of two channels in, two out (3×3, any stride): as vf_depthwise, with two weights per tap.
///
/// `weights` is [kernel_height × kernel_width][2][weight_pitch]: for each output channel the weight of the input channel of
/// its own number, then of its neighbour in the pair.
void vf_paired_run(const vf_depthwise *task);

/// One 4×4 block of output pixels of a 3×3 convolution with stride 1.
typedef struct {
    int32_t input;    ///< offset of the 6×6 patch's first float
    int32_t output;   ///< offset of the block's first output
    int32_t addend;   ///< offset of the block's first addend
    int16_t rows;     ///< output rows of the block that exist, 1 … 4
    int16_t columns;  ///< output columns of the block that exist, 1 … 4
} vf_winograd_block;

/// The transforms around the products of a Winograd F(4×4, 3×3) convolution.
///
/// Between them stand 36 dense products: [blocks × channels] · [channels × output channels]. Patches at the edge are read
/// whole: what lies beyond the border must be memory of finite values. Lavin and Gray, arXiv 1509.09308.
typedef struct {
    const vf_winograd_block *blocks;
    size_t block_count;
    size_t channels;
    const float *input;
    size_t input_row_pitch, input_pixel_pitch;
    float *transformed;  ///< [36][block][channels]
    size_t plane;        ///< from one of the 36 to the next
} vf_winograd_input;

/// Transforms input patches.
void vf_winograd_input_run(const vf_winograd_input *task);

/// The way back.
typedef struct {
    const vf_winograd_block *blocks;
    size_t block_count;
    size_t channels;
    const float *products;  ///< [36][block][channels]
    size_t plane;           ///< from one of the 36 to the next
    const float *addend;    ///< nil: none
    size_t addend_row_pitch, addend_pixel_pitch;
    float *output;
    size_t output_row_pitch, output_pixel_pitch;
    vf_epilogue epilogue;
} vf_winograd_output;

/// Transforms products into output pixels.
void vf_winograd_output_run(const vf_winograd_output *task);

/// Sets flush-to-zero for the calling thread; returns what to give vf_denormals_restore.
unsigned vf_denormals_flush(void);
/// Undoes vf_denormals_flush.
void vf_denormals_restore(unsigned saved);

#endif
