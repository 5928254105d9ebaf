/* Calls every function of daclip/daclip.h. Prints each failed expectation and returns their number. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daclip/daclip.h"

enum { kWidth = 70, kHeight = 50, kThreads = 3 };

static int failures = 0;

static void expect(int condition, const char* what) {
  if (condition) return;
  ++failures;
  fprintf(stderr, "failed expectation: %s\n", what);
}
#define EXPECT(condition) expect((condition), #condition)

/* An RGB image whose rows are each followed by `gap` unused bytes. */
static daclip_image new_image(daclip_sample_type type, size_t gap) {
  const size_t sample = type == DACLIP_U8 ? 1 : type == DACLIP_U16 ? 2 : 4;
  daclip_image image = {NULL, kWidth, kHeight, kWidth * 3 * sample + gap, 3, type};
  image.data = calloc(kHeight, image.stride);
  for (int y = 0; y < kHeight; ++y) {
    for (int i = 0; i < kWidth * 3; ++i) {
      const unsigned value = (unsigned)(y * 5 + i * 3 + (i * y) % 17) % 256;
      unsigned char* row = (unsigned char*)image.data + (size_t)y * image.stride;
      if (type == DACLIP_U8) row[i] = (unsigned char)value;
      if (type == DACLIP_U16) {
        const uint16_t wide = (uint16_t)(value * 257);
        memcpy(row + 2 * i, &wide, 2);
      }
      if (type == DACLIP_F32) {
        const float real = (float)value / 255.f;
        memcpy(row + 4 * i, &real, 4);
      }
    }
  }
  return image;
}

static int same(const daclip_image* a, const daclip_image* b) {
  return memcmp(a->data, b->data, a->stride * (size_t)a->height) == 0;
}

static daclip_model* load(const char* folder, const char* name, int text_tower) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  daclip_model_options options;
  daclip_model_options_init(&options);
  options.precision = DACLIP_PRECISION_F32;
  options.text_tower = text_tower;
  daclip_model* model = daclip_model_new();
  EXPECT(daclip_model_load(model, path, &options) == DACLIP_OK);
  EXPECT(strcmp(daclip_model_error(model), "") == 0);
  return model;
}

static daclip_session* open_session(const daclip_model* model) {
  daclip_session* session = daclip_session_new();
  EXPECT(daclip_session_open(session, model, 1) == DACLIP_OK);
  return session;
}

static void check_models(const char* folder, const daclip_model* model) {
  EXPECT(strlen(daclip_version()) >= 5);
  EXPECT(strcmp(daclip_status_name(DACLIP_CANCELLED), "cancelled") == 0);
  EXPECT(strcmp(daclip_status_name((daclip_status)99), "unknown") == 0);
  EXPECT(strcmp(daclip_model_name(model), "tiny") == 0);
  EXPECT(daclip_model_label_count(model) == 11);
  EXPECT(strcmp(daclip_model_label(model, 4), "noisy") == 0);
  EXPECT(daclip_model_label(model, 11) == NULL);

  daclip_model* empty = daclip_model_new();
  EXPECT(daclip_model_load(empty, "no/such/model", NULL) == DACLIP_IO);
  EXPECT(strstr(daclip_model_error(empty), "no/such/model") != NULL);
  EXPECT(daclip_model_load(empty, NULL, NULL) == DACLIP_USAGE);
  EXPECT(daclip_model_load_bytes(empty, "abc", 3, NULL) == DACLIP_FORMAT);
  EXPECT(daclip_model_label_count(empty) == 0 && strcmp(daclip_model_name(empty), "") == 0);

  char path[4096];
  snprintf(path, sizeof path, "%s/model.safetensors", folder);
  FILE* file = fopen(path, "rb");
  static unsigned char bytes[1 << 22];
  const size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
  if (file) fclose(file);
  EXPECT(daclip_model_load_bytes(empty, bytes, size, NULL) == DACLIP_OK);
  EXPECT(strcmp(daclip_model_name(empty), "tiny") == 0);
  daclip_model_free(empty);
  daclip_model_free(NULL);
}

static void check_recognition(const daclip_model* model) {
  daclip_session* session = open_session(model);
  daclip_image photo = new_image(DACLIP_U8, 5);
  daclip_prediction best[3];
  size_t count = 0;
  int unsure = -1;
  EXPECT(daclip_classify(session, &photo, best, 3, &count, &unsure) == DACLIP_OK);
  EXPECT(count == 11 && (unsure == 0 || unsure == 1));
  EXPECT(best[0].probability >= best[1].probability && best[1].probability >= best[2].probability);
  EXPECT(strlen(best[0].label) > 0);
  EXPECT(daclip_classify(session, NULL, best, 3, &count, NULL) == DACLIP_USAGE);
  photo.channels = 7;
  EXPECT(daclip_classify(session, &photo, best, 3, &count, NULL) == DACLIP_SHAPE);
  EXPECT(strstr(daclip_session_error(session), "7 channels") != NULL);
  free(photo.data);
  daclip_session_free(session);
  daclip_session_free(NULL);
}

static void check_types(const daclip_model* model) {
  const daclip_sample_type types[] = {DACLIP_U8, DACLIP_U16, DACLIP_F32};
  for (int i = 0; i < 3; ++i) {
    daclip_session* session = open_session(model);
    daclip_image photo = new_image(types[i], 8), result = new_image(types[i], 8), before = new_image(types[i], 8);
    daclip_restore_options options;
    daclip_restore_options_init(&options);
    options.degradation = "noisy";
    daclip_restore_info info;
    EXPECT(daclip_restore(session, &photo, &result, &options, &info) == DACLIP_OK);
    EXPECT(!same(&photo, &result) && same(&photo, &before));
    EXPECT(strcmp(info.degradation, "noisy") == 0 && info.tiles == 1 && info.evaluations == 1);
    EXPECT(info.untouched == 0 && info.unsure == 0 && info.probability > 0);
    EXPECT(daclip_restore(session, &photo, &photo, &options, NULL) == DACLIP_OK); /* in place */
    EXPECT(same(&photo, &result));
    result.width = 10;
    EXPECT(daclip_restore(session, &before, &result, &options, NULL) == DACLIP_SHAPE);
    free(photo.data), free(result.data), free(before.data);
    daclip_session_free(session);
  }
}

static int cancel_at_second(double fraction, void* user) {
  expect(fraction >= 0 && fraction <= 1, "fraction in 0 to 1");
  return ++*(int*)user == 2;
}

static void check_options(const daclip_model* model) {
  daclip_session* session = open_session(model);
  daclip_image photo = new_image(DACLIP_U8, 0), result = new_image(DACLIP_U8, 0), mask = new_image(DACLIP_U8, 0);
  daclip_restore_options options;
  daclip_restore_options_init(&options);
  memset(mask.data, 255, mask.stride * kHeight);
  memset(mask.data, 0, mask.stride * 10); /* a hole over the first ten rows */
  options.mask = &mask;
  EXPECT(daclip_restore(session, &photo, &result, &options, NULL) == DACLIP_OK);
  EXPECT(memcmp((char*)photo.data + 10 * photo.stride, (char*)result.data + 10 * result.stride, 40 * photo.stride) ==
         0);
  EXPECT(memcmp(photo.data, result.data, 10 * photo.stride) != 0);

  daclip_restore_options_init(&options);
  options.prompt = "a rainy photo";
  options.caption = "a street";
  EXPECT(daclip_restore(session, &photo, &result, &options, NULL) == DACLIP_OK);

  daclip_restore_options_init(&options);
  options.degradation = "noisy";
  options.tile = 64;
  int calls = 0;
  options.progress = cancel_at_second;
  options.user = &calls;
  EXPECT(daclip_restore(session, &photo, &result, &options, NULL) == DACLIP_CANCELLED);
  EXPECT(calls == 2);

  daclip_restore_options_init(&options);
  options.degradation = "moonlit";
  EXPECT(daclip_restore(session, &photo, &result, &options, NULL) == DACLIP_USAGE);
  EXPECT(strstr(daclip_session_error(session), "moonlit") != NULL);
  EXPECT(daclip_restore(session, &photo, NULL, NULL, NULL) == DACLIP_USAGE);
  daclip_session_free(session);

  daclip_session* closed = daclip_session_new();
  EXPECT(daclip_restore(closed, &photo, &result, NULL, NULL) == DACLIP_USAGE);
  EXPECT(daclip_session_open(closed, NULL, 1) == DACLIP_USAGE);
  EXPECT(daclip_session_open(closed, model, -1) == DACLIP_USAGE);
  daclip_session_free(closed);
  free(photo.data), free(result.data), free(mask.data);
}

static void check_diffusion(const char* folder) {
  daclip_model* model = load(folder, "diffusion.safetensors", 0);
  daclip_session* session = open_session(model);
  daclip_model_free(model); /* the session must remain usable */
  daclip_image photo = new_image(DACLIP_U8, 0), first = new_image(DACLIP_U8, 0), second = new_image(DACLIP_U8, 0);
  daclip_restore_options options;
  daclip_restore_options_init(&options);
  options.degradation = "noisy";
  options.sampler = "mars-sde-2";
  options.steps = 3;
  daclip_restore_info info;
  EXPECT(daclip_restore(session, &photo, &first, &options, &info) == DACLIP_OK);
  EXPECT(info.evaluations == 3);
  options.seed = 7;
  EXPECT(daclip_restore(session, &photo, &second, &options, NULL) == DACLIP_OK);
  EXPECT(!same(&first, &second));
  free(photo.data), free(first.data), free(second.data);
  daclip_session_free(session);
}

typedef struct {
  const daclip_model* model;
  daclip_image photo, result;
  daclip_status status;
} Work;

static void* restore_in_thread(void* argument) {
  Work* work = argument;
  daclip_session* session = daclip_session_new();
  daclip_restore_options options;
  daclip_restore_options_init(&options);
  options.degradation = "hazy";
  work->status = daclip_session_open(session, work->model, 1);
  if (work->status == DACLIP_OK) work->status = daclip_restore(session, &work->photo, &work->result, &options, NULL);
  daclip_session_free(session);
  return NULL;
}

static void check_threads(const char* folder) {
  daclip_model* model = load(folder, "model.safetensors", 0); /* the first thread to use a weight packs it */
  pthread_t threads[kThreads];
  Work work[kThreads];
  for (int i = 0; i < kThreads; ++i) {
    work[i] = (Work){model, new_image(DACLIP_U8, 0), new_image(DACLIP_U8, 0), DACLIP_INTERNAL};
    EXPECT(pthread_create(&threads[i], NULL, restore_in_thread, &work[i]) == 0);
  }
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    EXPECT(work[i].status == DACLIP_OK);
    EXPECT(same(&work[i].result, &work[0].result));
  }
  for (int i = 0; i < kThreads; ++i) free(work[i].photo.data), free(work[i].result.data);
  daclip_model_free(model);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  daclip_model* model = load(argv[1], "model.safetensors", 1);
  check_models(argv[1], model);
  check_recognition(model);
  check_types(model);
  check_options(model);
  daclip_model_free(model);
  check_diffusion(argv[1]);
  check_threads(argv[1]);
  return failures;
}
