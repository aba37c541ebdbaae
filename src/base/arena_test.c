/* Tests of arena.c. */
#include "base/arena.h"
#include "base/base_tests.h"

#include <signal.h>
#include <stdint.h>

START_TEST(memory_is_zeroed_aligned_and_distinct)
{
    struct arena *a = arena_create(64, 1 << 20);
    for (int round = 0; round < 3; round++) {
        unsigned char *before = NULL;
        for (size_t size = 0; size < 300; size += 7) {
            unsigned char *p = arena_alloc(a, size);
            ck_assert_ptr_ne(p, before);
            ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++) {
                ck_assert_uint_eq(p[i], 0);
            }
            memset(p, 0xA5, size);
            before = p;
        }
        arena_reset(a);
        ck_assert_uint_eq(arena_used(a), 0);
    }
    arena_destroy(a);
}
END_TEST

START_TEST(reset_keeps_the_first_block)
{
    struct arena *a = arena_create(1024, 1 << 20);
    void *first = arena_alloc(a, 16);
    arena_alloc(a, 4096);
    arena_reset(a);
    ck_assert_ptr_eq(arena_alloc(a, 16), first);
    ck_assert_uint_eq(arena_used(a), 16);
    arena_destroy(a);
}
END_TEST

START_TEST(ceiling_can_be_used_up)
{
    struct arena *a = arena_create(1024, 4096);
    for (int i = 0; i < 4096 / 64; i++) {
        arena_alloc(a, 64);
    }
    ck_assert_uint_eq(arena_used(a), 4096);
    arena_destroy(a);
}
END_TEST

START_TEST(past_the_ceiling_aborts)
{
    struct arena *a = arena_create(1024, 4096);
    for (int i = 0; i < 4096 / 64 + 1; i++) {
        arena_alloc(a, 64);
    }
}
END_TEST

START_TEST(huge_size_aborts)
{
    arena_alloc(arena_create(1024, SIZE_MAX), SIZE_MAX - 3);
}
END_TEST

START_TEST(array_overflow_aborts)
{
    arena_array(arena_create(1024, SIZE_MAX), SIZE_MAX / 2, 3);
}
END_TEST

START_TEST(texts_are_copied_and_terminated)
{
    struct arena *a = arena_create(64, 1 << 20);
    ck_assert_str_eq(arena_strdup(a, (struct str){ "hello world", 5 }), "hello");
    ck_assert_str_eq(arena_strdup(a, STR_NONE), "");
    ck_assert_ptr_null(arena_str(a, STR_NONE).p);
    struct str copy = arena_str(a, STR("a\0b"));
    ck_assert_uint_eq(copy.n, 3);
    ck_assert_mem_eq(copy.p, "a\0b", 4);
    ck_assert_str_eq(arena_printf(a, "%s-%d", "x", 42), "x-42");
    ck_assert_str_eq(arena_printf(a, "%300d", 7) + 299, "7");
    arena_destroy(a);
}
END_TEST

static char order[8];
static struct arena *shared;

static void note(void *ptr)
{
    strncat(order, ptr, 1);
}

static void note_and_defer(void *ptr)
{
    note(ptr);
    arena_defer(shared, note, "z");
}

START_TEST(deferred_releases_run_latest_first)
{
    shared = arena_create(64, 1 << 20);
    arena_defer(shared, note, "a");
    arena_defer(shared, note_and_defer, "b");
    arena_defer(shared, note, "c");
    arena_reset(shared);
    ck_assert_str_eq(order, "cbza");
    arena_defer(shared, note, "d");
    arena_destroy(shared);
    ck_assert_str_eq(order, "cbzad");
    arena_destroy(NULL);
}
END_TEST

Suite *arena_suite(void)
{
    Suite *s = suite_create("arena");
    TCase *t = tcase_create("arena");
    tcase_add_test(t, memory_is_zeroed_aligned_and_distinct);
    tcase_add_test(t, reset_keeps_the_first_block);
    tcase_add_test(t, ceiling_can_be_used_up);
    tcase_add_test_raise_signal(t, past_the_ceiling_aborts, SIGABRT);
    tcase_add_test_raise_signal(t, huge_size_aborts, SIGABRT);
    tcase_add_test_raise_signal(t, array_overflow_aborts, SIGABRT);
    tcase_add_test(t, texts_are_copied_and_terminated);
    tcase_add_test(t, deferred_releases_run_latest_first);
    suite_add_tcase(s, t);
    return s;
}
