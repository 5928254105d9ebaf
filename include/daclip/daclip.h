/** @file
 * The C API. It throws no exceptions and needs no C++ compiler.
 *
 * A function that can fail returns a ::daclip_status. The error message is stored in the handle passed to the function
 * and is valid until the next call with that handle. A loaded model is safe to use from several threads at once. Use a
 * session in one thread at a time; sessions share their model's weights. Strings are UTF-8.
 */
#ifndef DACLIP_DACLIP_H
#define DACLIP_DACLIP_H

#include <stddef.h>
#include <stdint.h>

#include "daclip/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Result of a call. */
typedef enum daclip_status {
  DACLIP_OK = 0,            /**< success */
  DACLIP_IO = 1,            /**< a file cannot be opened, read or written */
  DACLIP_FORMAT = 2,        /**< data is malformed or truncated */
  DACLIP_WEIGHTS = 3,       /**< missing, unexpected or mismatched tensors */
  DACLIP_LIMIT = 4,         /**< a size is above the accepted limit */
  DACLIP_DEVICE = 5,        /**< the device or precision is not available on this machine */
  DACLIP_SHAPE = 6,         /**< an image has inconsistent fields or does not match another */
  DACLIP_USAGE = 7,         /**< invalid options, or options that the model does not support */
  DACLIP_CANCELLED = 8,     /**< the progress callback returned nonzero */
  DACLIP_OUT_OF_MEMORY = 9, /**< not enough memory */
  DACLIP_INTERNAL = 10      /**< anything else: a bug in daclip */
} daclip_status;

/** Number format of activations. */
typedef enum daclip_precision {
  DACLIP_PRECISION_AUTO = 0, /**< bfloat16 if the device has instructions for it, else float32 */
  DACLIP_PRECISION_F32 = 1,  /**< 32 bit */
  DACLIP_PRECISION_BF16 = 2  /**< 16 bit */
} daclip_precision;

/** Type of an image's samples. */
typedef enum daclip_sample_type {
  DACLIP_U8 = 0,  /**< 8 bit, 0 to 255 */
  DACLIP_U16 = 1, /**< 16 bit in native byte order, 0 to 65535 */
  DACLIP_F32 = 2  /**< float, 0 to 1; clamped to that range and rounded to 16 bit */
} daclip_sample_type;

/** An image in the caller's memory, sRGB, rows from top to bottom. */
typedef struct daclip_image {
  void* data;              /**< the first row; never written through a const daclip_image */
  int width;               /**< pixels */
  int height;              /**< pixels */
  size_t stride;           /**< bytes from one row to the next; 0: rows are contiguous */
  int channels;            /**< 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; alpha is straight and returned unchanged */
  daclip_sample_type type; /**< type of all samples */
} daclip_image;

/** A model: weights and configuration. */
typedef struct daclip_model daclip_model;
/** A session of one thread with a model. */
typedef struct daclip_session daclip_session;

/** The library's version, "1.2.3". */
DACLIP_API const char* daclip_version(void);

/** Name of a status, such as "format" for ::DACLIP_FORMAT; "unknown" for other numbers. */
DACLIP_API const char* daclip_status_name(daclip_status status);

/** @name Models
 * @{ */

/** Device and precision of a model. Initialise it with daclip_model_options_init(). */
typedef struct daclip_model_options {
  const char* device;         /**< "cpu" or "cuda" */
  daclip_precision precision; /**< precision of activations */
  int text_tower;             /**< nonzero: load the text tower, for daclip_restore_options::prompt and caption */
} daclip_model_options;

/** Sets the defaults: cpu, automatic precision, no text tower. */
DACLIP_API void daclip_model_options_init(daclip_model_options* options);

/** Creates an empty handle; NULL if memory is exhausted. */
DACLIP_API daclip_model* daclip_model_new(void);

/** Loads a model by file, folder or name, like daclip::Model::load(). `options` may be NULL. On failure the handle
 * keeps its state and may be used again. */
DACLIP_API daclip_status daclip_model_load(daclip_model* model, const char* name, const daclip_model_options* options);

/** Loads a model from a model file's bytes, which are copied. */
DACLIP_API daclip_status daclip_model_load_bytes(daclip_model* model, const void* bytes, size_t size,
                                                 const daclip_model_options* options);

/** Error message of the last call with this handle; "" if it succeeded. */
DACLIP_API const char* daclip_model_error(const daclip_model* model);

/** Name of a loaded model; "" for an empty handle. Valid until the model is freed. */
DACLIP_API const char* daclip_model_name(const daclip_model* model);

/** Number of labels of a loaded model; 0 for an empty handle. */
DACLIP_API size_t daclip_model_label_count(const daclip_model* model);

/** Label `index`; NULL from daclip_model_label_count() on. Valid until the model is freed. */
DACLIP_API const char* daclip_model_label(const daclip_model* model, size_t index);

/** Frees a handle; NULL is allowed. Open sessions of the model remain valid. */
DACLIP_API void daclip_model_free(daclip_model* model);

/** @} */
/** @name Sessions
 * @{ */

/** Creates an unopened session; NULL if memory is exhausted. */
DACLIP_API daclip_session* daclip_session_new(void);

/** Opens a session on a loaded model. `threads`: CPU threads; 0: one per core. */
DACLIP_API daclip_status daclip_session_open(daclip_session* session, const daclip_model* model, int threads);

/** Error message of the last call with this handle; "" if it succeeded. */
DACLIP_API const char* daclip_session_error(const daclip_session* session);

/** Frees a session; NULL is allowed. */
DACLIP_API void daclip_session_free(daclip_session* session);

/** @} */
/** @name Recognising
 * @{ */

/** One of a model's labels for a photo. */
typedef struct daclip_prediction {
  const char* label; /**< "noisy"; valid until the next call with the session */
  float probability; /**< 0 to 1 */
} daclip_prediction;

/** Classifies a photo. Writes at most `capacity` labels to `predictions`, most probable first, and the number of all
 * labels to `count`. Sets `unsure` to nonzero if the highest probability is too low to rely on. `count` and `unsure`
 * may be NULL. */
DACLIP_API daclip_status daclip_classify(daclip_session* session, const daclip_image* photo,
                                         daclip_prediction* predictions, size_t capacity, size_t* count, int* unsure);

/** @} */
/** @name Restoring
 * @{ */

/** Called with the finished fraction, 0 to 1, in the thread that restores. Return nonzero to cancel. */
typedef int (*daclip_progress)(double fraction, void* user);

/** Options of daclip_restore(). Initialise them with daclip_restore_options_init(). */
typedef struct daclip_restore_options {
  const char* degradation;  /**< a label of the model; NULL: the recognised one */
  const char* prompt;       /**< in place of `degradation`: an instruction to models that understand them,
                                 else a text that describes it; NULL: none */
  const char* caption;      /**< text that describes the content; NULL: the photo's own embedding */
  const daclip_image* mask; /**< same size as the photo: white keeps, black is inpainted; NULL: none */
  float strength;           /**< blend: 0 returns the photo, 1 the network's result */
  int views;                /**< self-ensemble: averages the results of 1 to 8 rotated and mirrored views */
  int tile;                 /**< maximum tile side in pixels, at least 64; 0: automatic */
  uint64_t memory_bytes;    /**< limit for one tile's activations; 0: the network's default */
  const char* sampler;      /**< diffusion models: name of a sampler; NULL: the default */
  int steps;                /**< diffusion models: network evaluations; 0: the sampler's default */
  uint64_t seed;            /**< diffusion models: seed of the noise */
  daclip_progress progress; /**< NULL: none */
  void* user;               /**< passed to `progress` */
} daclip_restore_options;

/** Sets the defaults: recognised degradation, full strength. */
DACLIP_API void daclip_restore_options_init(daclip_restore_options* options);

/** Decisions and costs of a restoration. */
typedef struct daclip_restore_info {
  const char* degradation; /**< the label used, recognised or chosen; "" without CLIP; valid until the next call */
  float probability;       /**< of the most probable label; 0 without CLIP */
  int unsure;              /**< nonzero: the recognised label was used although its probability is low */
  int untouched;           /**< nonzero: the photo was returned unchanged: clean, one flat colour, or white
                                that may not be holes */
  int tiles;               /**< number of tiles */
  int evaluations;         /**< network evaluations per tile and view */
} daclip_restore_info;

/** Restores `photo` into `result`, which must have the same size, channels and type and may share the photo's memory.
 * `options` and `info` may be NULL. On failure `result` is unchanged. */
DACLIP_API daclip_status daclip_restore(daclip_session* session, const daclip_image* photo, daclip_image* result,
                                        const daclip_restore_options* options, daclip_restore_info* info);

/** @} */

#ifdef __cplusplus
}
#endif

#endif
