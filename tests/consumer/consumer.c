/* What is wrong with a grey square. */
#include <daclip/daclip.h>
#include <stdio.h>

int main(void) {
  static unsigned char pixels[64 * 64];
  daclip_image photo = {pixels, 64, 64, 0, 1, DACLIP_U8};
  daclip_model* model = daclip_model_new();
  daclip_session* session = daclip_session_new();
  daclip_prediction best;
  if (daclip_model_load(model, "compact", NULL) != DACLIP_OK) return puts(daclip_model_error(model)), 1;
  if (daclip_session_open(session, model, 1) != DACLIP_OK ||
      daclip_classify(session, &photo, &best, 1, NULL, NULL) != DACLIP_OK)
    return puts(daclip_session_error(session)), 1;
  printf("%s: %s\n", daclip_version(), best.label);
  daclip_session_free(session);
  daclip_model_free(model);
  return 0;
}
