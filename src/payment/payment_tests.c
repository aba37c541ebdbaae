/* Unit tests of payments: what is due, pauses, amounts, signatures. */
#include "payment/payment_rules.h"
#include "payment/provider.h"

#include <check.h>
#include <stdlib.h>

#define NOW_US (INT64_C(1700000000) * 1000000)

START_TEST(what_is_due)
{
    struct payment_terms t = { .total = 10001, .days = 31, .deposit_ppm = 300000, .balance_days = 30 };
    struct payment_due due = payment_next_due(&t);
    ck_assert_int_eq(due.purpose, PAYMENT_DEPOSIT);
    ck_assert_int_eq(due.amount, 3001); /* rounded up */
    t.days = 30;
    due = payment_next_due(&t);
    ck_assert_int_eq(due.purpose, PAYMENT_CHARGE);
    ck_assert_int_eq(due.amount, 10001);
    t.paid = 3001;
    due = payment_next_due(&t);
    ck_assert_int_eq(due.purpose, PAYMENT_BALANCE);
    ck_assert_int_eq(due.amount, 7000);
    ck_assert_int_eq(payment_due_of(&t, PAYMENT_DEPOSIT).amount, 0);
    ck_assert_int_eq(payment_due_of(&t, PAYMENT_SECURITY).amount, 0);
    t.paid = 10002;
    ck_assert_int_eq(payment_next_due(&t).amount, 0);
    t = (struct payment_terms){ .total = INT64_MAX, .days = 99, .deposit_ppm = 999999 };
    ck_assert_int_eq(payment_next_due(&t).purpose, PAYMENT_DEPOSIT);
    ck_assert(payment_next_due(&t).amount > INT64_MAX / 1000000 * 999998);
}
END_TEST

START_TEST(a_deposit_and_its_balance_are_the_whole)
{
    for (int64_t total = 1; total < 3000; total++) {
        for (int ppm = 10000; ppm < 1000000; ppm += 97001) {
            struct payment_terms t = { .total = total, .days = 50, .deposit_ppm = ppm, .balance_days = 10 };
            int64_t first = payment_next_due(&t).amount;
            t.paid = first;
            ck_assert(first >= 1 && first <= total);
            ck_assert_int_eq(first + payment_next_due(&t).amount, total);
        }
    }
}
END_TEST

START_TEST(pauses_grow_and_are_bounded)
{
    int64_t before = 0;
    for (int i = 1; i < 40; i++) {
        int64_t pause = payment_pause_us(i, 0, 0);
        ck_assert(pause >= before && pause >= 1000000 && pause <= 600000000);
        ck_assert(payment_pause_us(i, 0, 255) <= pause + pause / 4);
        before = pause;
    }
    ck_assert_int_eq(payment_pause_us(1, 7000000, 0), 7000000);
    ck_assert_int_eq(payment_pause_us(1, INT64_MAX, 0), INT64_C(3600000000));
}
END_TEST

START_TEST(amounts_of_the_major_unit)
{
    static const struct {
        const char *text;
        int exponent;
        int64_t minor; /* -1: refused */
    } cases[] = {
        { "240.00", 2, 24000 }, { "240", 2, 24000 }, { "240.5", 2, 24050 }, { "0.01", 2, 1 },
        { "5", 0, 5 },          { "5.00", 0, 5 },    { "1.234", 3, 1234 },  { "1.5000", 2, 150 },
        { "1.501", 2, -1 },     { "5.1", 0, -1 },    { "", 2, -1 },         { "-1", 2, -1 },
        { "1e3", 2, -1 },       { "1.2.3", 2, -1 },  { "NaN", 2, -1 },      { "99999999999999999999", 2, -1 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t minor = -1;
        bool ok = payment_amount_parse(str_from(cases[i].text), cases[i].exponent, &minor);
        ck_assert_msg(ok == (cases[i].minor >= 0), "%s", cases[i].text);
        ck_assert_msg(!ok || minor == cases[i].minor, "%s: %lld", cases[i].text, (long long)minor);
    }
}
END_TEST

/* RFC 4231, test case 2. */
START_TEST(macs)
{
    struct str hex = STR("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    ck_assert(payment_mac_is(STR("Jefe"), STR("what do ya want "), STR("for nothing?"), hex));
    ck_assert(!payment_mac_is(STR("Jefe"), STR("what do ya want "), STR("for nothing!"), hex));
    ck_assert(!payment_mac_is(STR("Jefe"), STR("what do ya want "), STR("for nothing?"), str_skip(hex, 1)));
    ck_assert(!payment_mac_is(STR("Jefe"), STR("what do ya want "), STR("for nothing?"), STR("")));
}
END_TEST

START_TEST(hostile_signatures)
{
    static const char *const headers[] = { "",
                                           ",",
                                           "t",
                                           "t=",
                                           "v1=",
                                           "t=1,v1=",
                                           "t=-1,v1=00",
                                           "t=1e9,v1=00",
                                           "t=1700000000",
                                           "t=17000000000000000,v1=0",
                                           "v1=0,t=1700000000",
                                           "=,=,=" };
    struct merchant m = { .name = "stripe", .webhook = { STR("secret") }, .webhook_count = 1 };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        ck_assert_msg(payment_stripe.verify(&m, STR("{}"), str_from(headers[i]), NOW_US), "%s", headers[i]);
    }
    ck_assert(payment_chapa.verify(&m, STR("{}"), STR(""), NOW_US));
}
END_TEST

START_TEST(hostile_events)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "null",
        "{\"id\":1,\"type\":2}",
        "{\"id\":\"e\",\"type\":\"t\"}",
        "{\"id\":\"e\",\"type\":\"t\",\"data\":[]}",
        "{\"id\":\"e\",\"id\":\"f\",\"type\":\"t\",\"data\":{\"object\":{}}}",
    };
    struct arena *a = arena_create(4096, 1 << 20);
    struct payment_event event;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        ck_assert_msg(!payment_stripe.read(a, str_from(bodies[i]), &event), "%s", bodies[i]);
    }
    ck_assert(payment_stripe.read(a,
                                  STR("{\"id\":\"e\",\"type\":\"t\",\"data\":{\"object\":{\"object\":"
                                      "\"charge\",\"amount_captured\":\"x\","
                                      "\"refunds\":{\"data\":[]},\"metadata\":[]}}}"),
                                  &event));
    ck_assert_int_eq(event.facts.captured, 0);
    arena_destroy(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("payment");
    TCase *t = tcase_create("all");
    tcase_add_test(t, what_is_due);
    tcase_add_test(t, a_deposit_and_its_balance_are_the_whole);
    tcase_add_test(t, pauses_grow_and_are_bounded);
    tcase_add_test(t, amounts_of_the_major_unit);
    tcase_add_test(t, macs);
    tcase_add_test(t, hostile_signatures);
    tcase_add_test(t, hostile_events);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
