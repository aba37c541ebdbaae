/* Tests of record.c: what it reads, and that it reads nothing beyond the end whatever the bytes say. */
#include "query/query_tests.h"
#include "query/record.h"

#include <stdlib.h>

/* row(7::int8, null::text, 'ab'::text) */
static const unsigned char record[] = {
    0, 0, 0, 3, 0,  0,   0,   20,  0,   0, 0, 8, 0,  0, 0, 0, 0, 0,   0,
    7, 0, 0, 0, 25, 255, 255, 255, 255, 0, 0, 0, 25, 0, 0, 0, 2, 'a', 'b',
};
/* array['x', null]::text[] */
static const unsigned char array[] = {
    0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 'x', 255, 255, 255, 255,
};

static struct cell cell_of(const void *p, size_t n)
{
    return (struct cell){ p, n, 0 };
}

START_TEST(a_record_is_read)
{
    bool bad = false;
    struct record_reader r = record_start(cell_of(record, sizeof(record)));
    struct cell c = record_next(&r);
    ck_assert_uint_eq(c.oid, 20);
    ck_assert_int_eq(cell_int8(c, &bad), 7);
    c = record_next(&r);
    ck_assert_ptr_null(c.p);
    c = record_next(&r);
    ck_assert(str_eqz((struct str){ c.p, c.n }, "ab"));
    ck_assert(!r.bad && !bad && r.left == 0 && r.p == r.end);
    record_next(&r);
    ck_assert(r.bad);
}
END_TEST

START_TEST(integers_are_of_any_width)
{
    static const unsigned char minus_two[] = { 255, 255, 255, 255, 255, 255, 255, 254 };
    bool bad = false;
    for (size_t n = 2; n <= 8; n *= 2) {
        ck_assert_int_eq(cell_int(cell_of(minus_two + 8 - n, n), &bad), -2);
    }
    ck_assert(!bad);
    ck_assert_int_eq(cell_int(cell_of(minus_two, 3), &bad), 0);
    ck_assert(bad);
}
END_TEST

START_TEST(an_array_is_read)
{
    struct cell c;
    struct record_reader r = array_start(cell_of(array, sizeof(array)));
    ck_assert_uint_eq(r.oid, 25);
    ck_assert(array_next(&r, &c) && c.n == 1 && c.p[0] == 'x');
    ck_assert(array_next(&r, &c) && !c.p);
    ck_assert(!array_next(&r, &c) && !r.bad && r.p == r.end);
    static const unsigned char empty[12] = { [11] = 25 };
    r = array_start(cell_of(empty, sizeof(empty)));
    ck_assert(!array_next(&r, &c) && !r.bad);
}
END_TEST

/* Everything is read from a heap copy of the exact size, so that AddressSanitizer sees each byte too many. */
static void read_all(const unsigned char *bytes, size_t n, bool as_array)
{
    char *copy = malloc(n ? n : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, n);
    struct cell c = cell_of(copy, n), item;
    bool bad = false;
    unsigned seen = 0;
    struct record_reader r = as_array ? array_start(c) : record_start(c);
    if (as_array) {
        while (array_next(&r, &item)) {
            seen += item.n > 0 ? (unsigned char)item.p[item.n - 1] : 0u;
            ck_assert_uint_le(item.n, n);
        }
    }
    for (int i = 0; !as_array && !r.bad && i < 100; i++) {
        item = record_next(&r);
        cell_int8(item, &bad);
        ck_assert_uint_le(item.n, n);
    }
    ck_assert_uint_le(seen, 255 * (unsigned)n); /* the last byte of each was read */
    free(copy);
}

START_TEST(lies_are_survived)
{
    unsigned char bytes[64];
    for (size_t n = 0; n <= sizeof(record); n++) {
        read_all(record, n, false);
        read_all(record, n, true);
    }
    for (size_t n = 0; n <= sizeof(array); n++) {
        read_all(array, n, true);
        read_all(array, n, false);
    }
    srand(1);
    for (int round = 0; round < 30000; round++) {
        bool as_array = round & 1;
        size_t n = as_array ? sizeof(array) : sizeof(record);
        memcpy(bytes, as_array ? array : record, n);
        for (int flips = rand() % 4; flips >= 0; flips--) {
            static const unsigned char nasty[] = { 0, 1, 127, 128, 255 };
            bytes[(size_t)rand() % n] = nasty[rand() % 5];
        }
        read_all(bytes, n, as_array);
    }
}
END_TEST

START_TEST(values_must_have_their_size)
{
    bool bad = false;
    cell_int4(cell_of(record, 3), &bad);
    ck_assert(bad);
    bad = false;
    cell_float8(cell_of(NULL, 0), &bad);
    ck_assert(bad);
}
END_TEST

void record_tests(Suite *s)
{
    TCase *c = tcase_create("record");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_record_is_read);
    tcase_add_test(c, integers_are_of_any_width);
    tcase_add_test(c, an_array_is_read);
    tcase_add_test(c, lies_are_survived);
    tcase_add_test(c, values_must_have_their_size);
    suite_add_tcase(s, c);
}
