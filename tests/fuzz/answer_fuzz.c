/*
 * libFuzzer target: what a decoder that was taken over may say (decode_answer_read), and the first bytes of
 * files. Beside memory errors it holds that variants lie within the message, one behind the other, and are
 * what an honest answer has.
 */
#include "decode/decode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void hold(bool held)
{
    if (!held) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decoded d;
    char *copy = malloc(size ? size : 1); /* exact, so that a read past the end is seen */
    memcpy(copy, data, size);
    hold(decode_sniff((struct str){ copy, size }) <= DECODE_WEBP);
    if (decode_answer_read((struct str){ copy, size }, &d)) {
        const char *at = copy + sizeof(struct decode_head);
        hold(d.fault < DECODE_FAULT_COUNT && d.count == (d.fault ? 0 : DECODE_VARIANTS_MAX));
        for (size_t i = 0; i < d.count; i++) {
            const struct decode_variant *v = &d.variants[i];
            hold(v->bytes.p == at && v->width > 0 && v->height > 0 && v->width <= v->size && v->height <= v->size);
            hold(v->format <= DECODE_FORMAT_JPEG && decode_sniff(v->bytes) != DECODE_NO_MEDIA);
            at += v->bytes.n;
        }
        hold(at == copy + size);
    }
    free(copy);
    return 0;
}
