/* Tests of reading what nexus-decode says. What it does with pictures is in tests/test_photos.py. */
#include "decode/decode.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define JPEG "\xff\xd8\xff\xe0...."
#define WEBP "RIFF\x08\0\0\0WEBP...."

static char message[4096];
static size_t size;

static void add(const char *bytes, size_t n)
{
    memcpy(message + size, bytes, n);
    size += n;
}

/* An answer as it should be, to be spoilt. */
static struct decode_head *good(void)
{
    struct decode_head head = {
        .magic = DECODE_MAGIC, .width = 4000, .height = 3000, .count = DECODE_VARIANTS_MAX
    };
    size = 0;
    for (uint32_t i = 0; i < DECODE_VARIANTS_MAX; i++) {
        int32_t side = decode_sizes[i / DECODE_FORMATS];
        head.variants[i].format = i % DECODE_FORMATS;
        head.variants[i].size = head.variants[i].width = side;
        head.variants[i].height = side / 4 * 3;
        head.variants[i].bytes =
            i % DECODE_FORMATS == DECODE_FORMAT_WEBP ? sizeof(WEBP) - 1 : sizeof(JPEG) - 1;
    }
    add((const char *)&head, sizeof(head));
    for (uint32_t i = 0; i < DECODE_VARIANTS_MAX; i++) {
        bool webp = i % DECODE_FORMATS == DECODE_FORMAT_WEBP;
        add(webp ? WEBP : JPEG, webp ? sizeof(WEBP) - 1 : sizeof(JPEG) - 1);
    }
    return (struct decode_head *)(void *)message;
}

static bool reads(void)
{
    struct decoded d;
    char *copy = malloc(size ? size : 1); /* exact, so that a read past the end is seen */
    memcpy(copy, message, size);
    bool ok = decode_answer_read((struct str){ copy, size }, &d);
    free(copy);
    return ok;
}

START_TEST(good_answers)
{
    struct decoded d;
    good();
    ck_assert(decode_answer_read((struct str){ message, size }, &d));
    ck_assert_uint_eq(d.count, DECODE_VARIANTS_MAX);
    ck_assert_int_eq(d.variants[5].width, 1920);
    ck_assert(decode_sniff(d.variants[0].bytes) == DECODE_WEBP &&
              decode_sniff(d.variants[1].bytes) == DECODE_JPEG);
    struct decode_head *h = good();
    h->fault = DECODE_TOO_COSTLY;
    h->count = 0;
    size = sizeof(*h);
    ck_assert(decode_answer_read((struct str){ message, size }, &d) && d.fault == DECODE_TOO_COSTLY);
}
END_TEST

START_TEST(answers_of_a_decoder_that_was_taken_over)
{
    good()->magic = 0;
    ck_assert(!reads());
    good()->fault = DECODE_FAULT_COUNT;
    ck_assert(!reads());
    good()->fault = DECODE_CRASHED; /* and yet it has variants */
    ck_assert(!reads());
    good()->count = 5;
    ck_assert(!reads());
    good()->count = UINT32_MAX;
    ck_assert(!reads());
    good()->width = DECODE_SIDE_MAX + 1;
    ck_assert(!reads());
    good()->height = -1;
    ck_assert(!reads());
    good()->variants[0].format = 2;
    ck_assert(!reads());
    good()->variants[0].format = DECODE_FORMAT_JPEG; /* but its bytes are not */
    ck_assert(!reads());
    good()->variants[2].size = 500;
    ck_assert(!reads());
    good()->variants[2].size = 320; /* twice */
    ck_assert(!reads());
    good()->variants[4].width = 1921;
    ck_assert(!reads());
    good()->variants[4].height = 0;
    ck_assert(!reads());
    good()->width = 100; /* enlarged */
    ck_assert(!reads());
    good()->variants[5].bytes = UINT32_MAX;
    ck_assert(!reads());
    good()->variants[5].bytes--;
    ck_assert(!reads());
    good();
    message[sizeof(struct decode_head)] = '<'; /* no picture by its first bytes */
    ck_assert(!reads());
    good();
    for (size_t whole = size; size > 0; size--) {
        ck_assert(size == whole || !reads());
    }
}
END_TEST

START_TEST(first_bytes)
{
    ck_assert_int_eq(decode_sniff(STR("\xff\xd8\xff\xdb")), DECODE_JPEG);
    ck_assert_int_eq(decode_sniff(STR("\x89PNG\r\n\x1a\n")), DECODE_PNG);
    ck_assert_int_eq(decode_sniff(STR("RIFF....WEBP")), DECODE_WEBP);
    ck_assert_int_eq(decode_sniff(STR("RIFF....WEB")), DECODE_NO_MEDIA);
    ck_assert_int_eq(decode_sniff(STR("RIFF....WAVE")), DECODE_NO_MEDIA);
    ck_assert_int_eq(decode_sniff(STR("GIF89a")), DECODE_NO_MEDIA);
    ck_assert_int_eq(decode_sniff(STR("")), DECODE_NO_MEDIA);
    ck_assert_str_eq(decode_fault_name(DECODE_TOO_MANY_PIXELS), "too_many_pixels");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("decode");
    TCase *t = tcase_create("all");
    tcase_add_test(t, good_answers);
    tcase_add_test(t, answers_of_a_decoder_that_was_taken_over);
    tcase_add_test(t, first_bytes);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
