/** @file
 * The C API. Nothing throws across it, and it includes no C++.
 *
 * A function that can fail returns a ::daclip_status; the message belongs to the handle that it was called with and is
 * valid until the next call with that handle. A model may be used by several threads at once after it was loaded. A
 * session serves one thread at a time; several sessions share one model's weights. Strings are UTF-8.
 */
#ifndef DACLIP_DACLIP_H
#define DACLIP_DACLIP_H

#include <stddef.h>
#include <stdint.h>

#include "daclip/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What became of a call. */
typedef enum daclip_status {
  DACLIP_OK = 0,            /**< done */
  DACLIP_IO = 1,            /**< a file that cannot be opened, read or written */
  DACLIP_FORMAT = 2,        /**< bytes that are not what their format says */
  DACLIP_WEIGHTS = 3,       /**< missing, unexpected or mismatched tensors */
  DACLIP_LIMIT = 4,         /**< sizes beyond what is accepted */
  DACLIP_DEVICE = 5,        /**< a device or precision that this machine lacks */
  DACLIP_SHAPE = 6,         /**< an image whose fields make no sense, or that does not fit another */
  DACLIP_USAGE = 7,         /**< options or calls that make no sense */
  DACLIP_CANCELLED = 8,     /**< the progress callback asked to stop */
  DACLIP_OUT_OF_MEMORY = 9, /**< not enough memory */
  DACLIP_INTERNAL = 10      /**< anything else: a fault of daclip */
} daclip_status;

/** Number format of activations. */
typedef enum daclip_precision {
  DACLIP_PRECISION_AUTO = 0, /**< bfloat16 where the device computes in it, else float32 */
  DACLIP_PRECISION_F32 = 1,  /**< 32 bit */
  DACLIP_PRECISION_BF16 = 2  /**< 16 bit */
} daclip_precision;

/** Type of an image's samples. */
typedef enum daclip_sample_type {
  DACLIP_U8 = 0,  /**< 8 bit, 0 to 255 */
  DACLIP_U16 = 1, /**< 16 bit in the machine's byte order, 0 to 65535 */
  DACLIP_F32 = 2  /**< float, 0 to 1; values outside are clamped, and 16 bits of precision are kept */
} daclip_sample_type;

/** An image in the caller's memory, sRGB, rows from top to bottom. */
typedef struct daclip_image {
  void* data;              /**< the first row; a const photo's is only read */
  int width;               /**< pixels */
  int height;              /**< pixels */
  size_t stride;           /**< bytes from one row to the next; 0: rows follow each other without a gap */
  int channels;            /**< 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; alpha is straight and is kept */
  daclip_sample_type type; /**< of all samples */
} daclip_image;

/** A model: weights and configuration. */
typedef struct daclip_model daclip_model;
/** One thread's work with a model. */
typedef struct daclip_session daclip_session;

/** The library's version, "1.2.3". */
DACLIP_API const char* daclip_version(void);

/** "format" for ::DACLIP_FORMAT, and so on; "unknown" for other numbers. */
DACLIP_API const char* daclip_status_name(daclip_status status);

/** @name Models
 * @{ */

/** How a model is run. Fill it with daclip_model_options_init(). */
typedef struct daclip_model_options {
  const char* device;         /**< "cpu" or "cuda" */
  daclip_precision precision; /**< of activations */
  int text_tower;             /**< nonzero: load what words need, see daclip_restore_options::prompt */
} daclip_model_options;

/** Sets the defaults: cpu, automatic precision, no words. */
DACLIP_API void daclip_model_options_init(daclip_model_options* options);

/** An empty handle; NULL where memory does not suffice. */
DACLIP_API daclip_model* daclip_model_new(void);

/** Loads a model by file, folder or name, as daclip::Model::load() does. `options` may be NULL. On failure the handle
 * stays empty and may be used again. */
DACLIP_API daclip_status daclip_model_load(daclip_model* model, const char* name, const daclip_model_options* options);

/** The same from a model file's bytes, which are copied. */
DACLIP_API daclip_status daclip_model_load_bytes(daclip_model* model, const void* bytes, size_t size,
                                                 const daclip_model_options* options);

/** Message of the last failed call with this handle; "" where none failed. */
DACLIP_API const char* daclip_model_error(const daclip_model* model);

/** Name of a loaded model; "" of an empty handle. Valid as long as the model. */
DACLIP_API const char* daclip_model_name(const daclip_model* model);

/** How many kinds of damage a loaded model names; 0 of an empty handle. */
DACLIP_API size_t daclip_model_label_count(const daclip_model* model);

/** Label `index`, below daclip_model_label_count(); NULL beyond. Valid as long as the model. */
DACLIP_API const char* daclip_model_label(const daclip_model* model, size_t index);

/** Frees a handle; NULL is allowed. Sessions of the model go on working. */
DACLIP_API void daclip_model_free(daclip_model* model);

/** @} */
/** @name Sessions
 * @{ */

/** An unopened session; NULL where memory does not suffice. */
DACLIP_API daclip_session* daclip_session_new(void);

/** Opens a session on a loaded model. `threads` of the CPU; 0: as many as there are cores. */
DACLIP_API daclip_status daclip_session_open(daclip_session* session, const daclip_model* model, int threads);

/** Message of the last failed call with this handle; "" where none failed. */
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

/** What is wrong with a photo: the `capacity` most probable labels, best first, go to `predictions`, and how many there
 * are to `count`. `unsure`, if not NULL, becomes nonzero where the best one is too improbable to rely on. */
DACLIP_API daclip_status daclip_classify(daclip_session* session, const daclip_image* photo,
                                         daclip_prediction* predictions, size_t capacity, size_t* count, int* unsure);

/** @} */
/** @name Restoring
 * @{ */

/** Receives the finished fraction, 0 to 1, in the thread that restores; nonzero cancels. */
typedef int (*daclip_progress)(double fraction, void* user);

/** How a photo is restored. Fill it with daclip_restore_options_init(). */
typedef struct daclip_restore_options {
  const char* degradation;  /**< a label of the model; NULL: recognised */
  const char* prompt;       /**< words for what is wrong, in place of `degradation`; NULL: none */
  const char* caption;      /**< words for what the photo shows; NULL: the photo itself shows it */
  const daclip_image* mask; /**< of the photo's size: white keeps, black is painted; NULL: none */
  float strength;           /**< 0 returns the photo, 1 the network's result */
  int views;                /**< 1, 2, 4 or 8 turned and mirrored views whose results are averaged */
  int tile;                 /**< largest side of a tile in pixels, at least 64; 0: automatic */
  uint64_t memory_bytes;    /**< bound of a tile's activations; 0: the network's default */
  const char* sampler;      /**< diffusion models: a sampler's name; NULL: the default */
  int steps;                /**< diffusion models: evaluations of the network; 0: the sampler's default */
  uint64_t seed;            /**< diffusion models: another number gives another sample */
  daclip_progress progress; /**< NULL: none */
  void* user;               /**< for `progress` */
} daclip_restore_options;

/** Sets the defaults: everything recognised, full strength. */
DACLIP_API void daclip_restore_options_init(daclip_restore_options* options);

/** How a restored photo came about. */
typedef struct daclip_restore_info {
  const char* degradation; /**< the label recognised or chosen, "" without CLIP; valid until the next call */
  float probability;       /**< of the most probable label; 0 without CLIP */
  int unsure;              /**< nonzero: what was recognised decided, and is unsure */
  int untouched;           /**< nonzero: recognised as clean and returned as it came */
  int tiles;               /**< that the photo was cut into */
  int evaluations;         /**< of the network for each tile and view */
} daclip_restore_info;

/** Restores `photo` into `result`, an image of the same size, channels and type in memory of the caller, which may be
 * the photo's own. `options` and `info` may be NULL. On failure `result` is left as it was. */
DACLIP_API daclip_status daclip_restore(daclip_session* session, const daclip_image* photo, daclip_image* result,
                                        const daclip_restore_options* options, daclip_restore_info* info);

/** @} */

#ifdef __cplusplus
}
#endif

#endif
