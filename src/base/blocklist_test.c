/* Tests of blocklist.c: cases, a model that looks at every network, and readers while the list changes. */
#include "base/base_tests.h"
#include "base/blocklist.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct blocklist *list;

static void setup(void)
{
    list = mmap(NULL, sizeof(*list), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(list, MAP_FAILED);
}

static void teardown(void)
{
    munmap(list, sizeof(*list));
}

static struct blocklist_network network(const char *text, int64_t until_us)
{
    struct blocklist_network n = { .until_us = until_us };
    ck_assert_msg(network_parse(str_from(text), &n.first, &n.prefix), "%s", text);
    return n;
}

static bool has(const char *text, int64_t now_us)
{
    struct address a;
    ck_assert(address_parse(str_from(text), &a));
    return blocklist_has(list, &a, now_us);
}

START_TEST(nothing_is_blocked_at_first)
{
    ck_assert(!has("192.0.2.1", 0));
    ck_assert(!has("::", 0));
    ck_assert(blocklist_replace(list, NULL, 0));
    ck_assert(!has("192.0.2.1", 0));
}
END_TEST

START_TEST(networks_have_edges_and_ends)
{
    struct blocklist_network n[] = { network("192.0.2.0/24", 100),
                                     network("192.0.2.128/25", 50),
                                     network("192.0.2.7", BLOCKLIST_FOREVER),
                                     network("2001:db8::/32", 200),
                                     network("255.255.255.255", 300),
                                     network("ffff::/16", 400) };
    ck_assert(blocklist_replace(list, n, sizeof(n) / sizeof(n[0])));
    ck_assert(!has("192.0.1.255", 10));
    ck_assert(has("192.0.2.0", 10));
    ck_assert(has("192.0.2.255", 99)); /* the wider one lasts longer */
    ck_assert(!has("192.0.2.255", 100));
    ck_assert(!has("192.0.3.0", 10));
    ck_assert(has("192.0.2.7", 1000000));
    ck_assert(!has("192.0.2.6", 1000000));
    ck_assert(!has("192.0.2.8", 1000000));
    ck_assert(has("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 199));
    ck_assert(!has("2001:db9::", 199));
    ck_assert(has("255.255.255.255", 299));
    ck_assert(!has("255.255.255.254", 299));
    ck_assert(!has("::1:0:0:0", 299));
    ck_assert(has("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 399));
    ck_assert(blocklist_replace(list, n, 0));
    ck_assert(!has("192.0.2.7", 10));
}
END_TEST

/* Addresses and prefixes of few bits, so that networks lie in each other in every way. */
static struct address any(void)
{
    struct address a = { { 0 } };
    a.b[0] = (uint8_t)((rand() & 3) << 6 | (rand() & 3));
    a.b[7] = (uint8_t)(rand() & 1 ? 0xff : 0);
    a.b[8] = (uint8_t)((rand() & 1) << 7 | (rand() & 1));
    a.b[15] = (uint8_t)(rand() & 3);
    return a;
}

START_TEST(agrees_with_looking_at_each)
{
    int wrong = 0;
    static const unsigned prefixes[] = { 0, 1, 2, 8, 56, 63, 64, 65, 72, 126, 127, 128 };
    for (int round = 0; round < 2000; round++) {
        struct blocklist_network n[24], copy[24];
        size_t count = (size_t)rand() % 24;
        for (size_t i = 0; i < count; i++) {
            n[i] = (struct blocklist_network){ any(), prefixes[rand() % 12], rand() % 5 };
        }
        memcpy(copy, n, sizeof(n));
        ck_assert(blocklist_replace(list, n, count));
        for (int i = 0; i < 200; i++) {
            struct address a = any();
            int64_t until = 0;
            for (size_t k = 0; k < count; k++) {
                struct address inside = a, first = copy[k].first;
                address_mask(&inside, copy[k].prefix);
                address_mask(&first, copy[k].prefix);
                bool in = memcmp(&inside, &first, sizeof(first)) == 0;
                until = in && copy[k].until_us > until ? copy[k].until_us : until;
            }
            for (int64_t now = 0; now < 6; now++) {
                wrong += blocklist_has(list, &a, now) != (until > now);
            }
        }
    }
    ck_assert_int_eq(wrong, 0); /* once: an assertion is a message to another process */
}
END_TEST

/* What is always in the list is always found, and what never is never is. */
START_TEST(readers_see_whole_lists)
{
    struct blocklist_network *n = calloc(BLOCKLIST_MAX + 1, sizeof(*n));
    struct address in, out;
    pid_t readers[2];
    ck_assert(address_parse(STR("198.51.100.7"), &in) && address_parse(STR("198.51.100.8"), &out));
    n[0] = network("198.51.100.7", BLOCKLIST_FOREVER);
    ck_assert(blocklist_replace(list, n, 1));
    for (int r = 0; r < 2; r++) {
        readers[r] = fork();
        while (readers[r] == 0) {
            if (!blocklist_has(list, &in, 1) || blocklist_has(list, &out, 1)) {
                _exit(1);
            }
        }
    }
    for (int round = 0; round < 60; round++) {
        size_t count = 1 + (size_t)rand() % 1500;
        n[0] = network("198.51.100.7", BLOCKLIST_FOREVER);
        for (size_t i = 1; i < count; i++) {
            n[i] = (struct blocklist_network){ { { [1] = 10 } }, 128, BLOCKLIST_FOREVER };
            n[i].first.b[14] = (uint8_t)rand();
            n[i].first.b[15] = (uint8_t)rand();
        }
        ck_assert(blocklist_replace(list, n, count));
    }
    for (int r = 0; r < 2; r++) {
        int status;
        kill(readers[r], SIGKILL);
        waitpid(readers[r], &status, 0);
        ck_assert(WIFSIGNALED(status));
    }
    const struct blocklist_network ten = network("10.0.0.0", BLOCKLIST_FOREVER);
    for (size_t i = 0; i <= BLOCKLIST_MAX; i++) {
        n[i] = ten;
        n[i].first.b[13] = (uint8_t)(i >> 8);
        n[i].first.b[14] = (uint8_t)i;
    }
    ck_assert(
        blocklist_replace(list, n, BLOCKLIST_MAX)); /* none touches the next: as many ranges as can be */
    ck_assert(has("10.78.31.0", 1) && !has("10.78.31.1", 1));
    ck_assert(!blocklist_replace(list, n, BLOCKLIST_MAX + 1));
    free(n);
}
END_TEST

Suite *blocklist_suite(void)
{
    Suite *s = suite_create("blocklist");
    TCase *c = tcase_create("blocklist");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, nothing_is_blocked_at_first);
    tcase_add_test(c, networks_have_edges_and_ends);
    tcase_add_test(c, agrees_with_looking_at_each);
    tcase_add_test(c, readers_see_whole_lists);
    suite_add_tcase(s, c);
    return s;
}
