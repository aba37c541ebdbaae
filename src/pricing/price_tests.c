/* Unit and property tests of the pricing engine. NEXUS_PRICE_CASES random cases (100,000; make check-prices:
 * a million). */
#include "pricing/price_engine.h"

#include <check.h>
#include <stdlib.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(65536, 1u << 26);
}

static void teardown(void)
{
    arena_destroy(arena);
}

#define NIGHTS_MAX 40
static struct price_night nights[NIGHTS_MAX];

/* So many nights at 100.00 from day 100 on. */
static struct price_stay stay_of(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        nights[i] = (struct price_night){ 100 + (date_t)i, 10000, { { 0 } } };
    }
    return (struct price_stay){ .night_count = n, .nights = nights, .days_ahead = 30, .adults = 2 };
}

static struct price priced(const struct price_stay *s)
{
    struct price p;
    ck_assert(price_make(arena, s, &p));
    return p;
}

static const struct price_line *find(const struct price *p, enum price_party party, enum price_kind kind)
{
    for (size_t i = 0; i < p->line_count; i++) {
        if (p->lines[i].party == party && p->lines[i].kind == kind) {
            return &p->lines[i];
        }
    }
    return NULL;
}

static int64_t amount(const struct price *p, enum price_party party, enum price_kind kind)
{
    const struct price_line *line = find(p, party, kind);
    return line ? line->amount : 0;
}

/* What holds of every price; the first thing that does not, or NULL. Check tells its parent of each
 * assertion, which is too much for millions of cases. */
#define HOLDS(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            return #condition;                                                                               \
        }                                                                                                    \
    } while (0)

static const char *fault(const struct price *p)
{
    int64_t guest = 0, host = 0, tax = 0, platform = 0;
    for (size_t i = 0; i < p->line_count; i++) {
        const struct price_line *line = &p->lines[i];
        HOLDS(line->quantity > 0);
        HOLDS(line->amount == line->quantity * line->unit_amount);
        HOLDS(price_derived(&line->how, line->quantity, line->unit_amount) == llabs(line->amount));
        if (line->party == PRICE_HOST) {
            host += line->amount;
            platform -= line->payee == PRICE_TO_PLATFORM ? line->amount : 0;
        } else {
            guest += line->included ? 0 : line->amount;
            tax += line->payee == PRICE_TO_TAX ? line->amount : 0;
            platform += line->payee == PRICE_TO_PLATFORM ? line->amount : 0;
        }
    }
    HOLDS(guest == p->total);
    HOLDS(host == p->host_total);
    HOLDS(tax == p->tax_total);
    HOLDS(platform == p->platform_total);
    HOLDS(p->total == p->host_total + p->platform_total + p->tax_total);
    HOLDS(p->total >= 0 && p->host_total >= 0 && p->tax_total >= 0);
    return NULL;
}

static void check_price(const struct price *p)
{
    const char *what = fault(p);
    if (what) {
        ck_abort_msg("%s", what);
    }
}

START_TEST(nights_of_one_price_make_one_line)
{
    struct price_stay s = stay_of(7);
    nights[3].price = nights[5].price = 15000;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_uint_eq(p.line_count, 4);
    ck_assert_int_eq(p.lines[0].quantity, 5);
    ck_assert_int_eq(p.lines[1].quantity, 2);
    ck_assert_int_eq(p.lines[1].unit_amount, 15000);
    ck_assert_int_eq(p.total, 80000);
    ck_assert_int_eq(p.host_total, 80000);
}
END_TEST

START_TEST(seasons_have_lines_of_their_own)
{
    struct price_stay s = stay_of(4);
    nights[2].season = nights[3].season = (struct uuid){ { 1 } };
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_uint_eq(p.line_count, 4);
    ck_assert_int_eq(p.lines[1].season.b[0], 1);
}
END_TEST

START_TEST(one_discount_of_each_kind)
{
    struct price_discount d[] = { { PRICE_LENGTH_OF_STAY, 7, 100000 }, { PRICE_LENGTH_OF_STAY, 28, 300000 },
                                  { PRICE_LENGTH_OF_STAY, 3, 50000 },  { PRICE_EARLY, 30, 20000 },
                                  { PRICE_EARLY, 31, 990000 },         { PRICE_LATE, 29, 990000 } };
    struct price_plan plan = { .discount_count = 6, .discounts = d };
    struct price_stay s = stay_of(10);
    s.plan = &plan;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.total, 100000 - 10000 - 2000);
    s.days_ahead = 2;
    struct price_discount late[] = { { PRICE_LATE, 7, 100000 },
                                     { PRICE_LATE, 3, 200000 },
                                     { PRICE_LATE, 1, 500000 } };
    plan.discounts = late;
    plan.discount_count = 3;
    p = priced(&s);
    ck_assert_int_eq(p.total, 80000);
}
END_TEST

START_TEST(discounts_take_no_more_than_the_nights)
{
    struct price_discount d[] = { { PRICE_LENGTH_OF_STAY, 1, 900000 }, { PRICE_EARLY, 1, 900000 } };
    struct price_plan plan = { .discount_count = 2, .discounts = d };
    struct price_stay s = stay_of(3);
    s.plan = &plan;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.total, 0);
}
END_TEST

/* The youngest are extra; each pays the price of its age. */
START_TEST(extra_guests_by_age)
{
    struct price_band bands[] = { { 6, 0 }, { 12, 500 } };
    struct price_plan plan = { .guests = { 2, 1000, 300, 2, bands } };
    int ages[] = { 11, 5, 16 };
    struct price_stay s = stay_of(2);
    s.plan = &plan;
    s.children = 3;
    s.infants = 2;
    s.child_ages = ages;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.total, 20000 + 2 * (1000 + 500 + 0) + 2 * 2 * 300);
    s.child_ages = NULL; /* then they are 17 */
    p = priced(&s);
    ck_assert_int_eq(p.total, 20000 + 2 * 3 * 1000 + 1200);
    s.adults = 1; /* one child has the place that is left: the oldest */
    s.child_ages = ages;
    p = priced(&s);
    ck_assert_int_eq(p.total, 20000 + 2 * 500 + 1200);
}
END_TEST

START_TEST(fees_by_what_they_are_for)
{
    struct price_fee fees[] = { { STR("stay"), PRICE_PER_STAY, false, 1, 0 },
                                { STR("night"), PRICE_PER_NIGHT, false, 10, 0 },
                                { STR("guest"), PRICE_PER_GUEST, false, 100, 0 },
                                { STR("guest_night"), PRICE_PER_GUEST_NIGHT, false, 1000, 0 },
                                { STR("share"), PRICE_PER_STAY, true, 0, 100000 } };
    struct price_plan plan = { .fee_count = 5, .fees = fees };
    struct price_stay s = stay_of(5);
    s.plan = &plan;
    s.children = 1;
    s.infants = 4;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.total, 50000 + 1 + 50 + 300 + 15000 + 5000);
    ck_assert_int_eq(p.host_total, p.total);
}
END_TEST

START_TEST(a_tax_on_top_with_exemption_and_cap)
{
    /* 3 of 5 nights of 100.00, 2 of 3 persons: 7 % of 200.00. */
    struct price_tax taxes[] = { { .name = STR("city"),
                                   .percent = true,
                                   .ppm = 70000,
                                   .exempt_under = 12,
                                   .max_nights = 3,
                                   .on = PRICE_ON_NIGHTS } };
    struct price_plan plan = { .tax_count = 1, .taxes = taxes };
    int ages[] = { 11 };
    struct price_stay s = stay_of(5);
    s.plan = &plan;
    s.children = 1;
    s.child_ages = ages;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.tax_total, 1400);
    ck_assert_int_eq(p.total, 51400);
    ck_assert_int_eq(p.host_total, 50000);
    taxes[0] = (struct price_tax){
        .name = STR("bed"), .per = PRICE_PER_GUEST_NIGHT, .amount = 250, .exempt_under = 12, .max_nights = 3
    };
    p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.tax_total, 2 * 3 * 250);
    taxes[0].exempt_under = 0;
    s.infants = 1; /* exempt only by age */
    p = priced(&s);
    ck_assert_int_eq(p.tax_total, 4 * 3 * 250);
}
END_TEST

START_TEST(an_included_tax_is_the_hosts_to_pay)
{
    struct price_tax taxes[] = {
        { .name = STR("VAT"), .percent = true, .included = true, .ppm = 70000, .on = PRICE_ON_NIGHTS },
        { .name = STR("more"), .percent = true, .included = true, .ppm = 30000, .on = PRICE_ON_NIGHTS }
    };
    struct price_plan plan = { .tax_count = 1, .taxes = taxes };
    struct price_stay s = stay_of(1);
    s.plan = &plan;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.total, 10000);
    ck_assert_int_eq(p.tax_total, 654); /* 10000 * 7 / 107 = 654.2 */
    ck_assert_int_eq(p.host_total, 9346);
    plan.tax_count = 2;
    p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.tax_total, 636 + 273); /* 10000 * 7 / 110, 10000 * 3 / 110 */
}
END_TEST

START_TEST(an_included_sum_takes_no_more_than_there_is)
{
    struct price_tax taxes[] = {
        { .name = STR("bed"), .per = PRICE_PER_NIGHT, .included = true, .amount = 70000 }
    };
    struct price_plan plan = { .tax_count = 1, .taxes = taxes };
    struct price_stay s = stay_of(2);
    s.plan = &plan;
    s.host_fee_ppm = 30000;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.tax_total, 20000);
    ck_assert_int_eq(p.host_total, 0);
    ck_assert_int_eq(p.platform_total, 0);
}
END_TEST

START_TEST(service_fees_of_both)
{
    struct price_stay s = stay_of(3);
    struct price_tax taxes[] = {
        { .name = STR("VAT on fee"), .percent = true, .ppm = 200000, .on = PRICE_ON_SERVICE_FEE }
    };
    struct price_plan plan = { .tax_count = 1, .taxes = taxes };
    s.plan = &plan;
    s.guest_fee_ppm = 141234;
    s.host_fee_ppm = 30000;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(amount(&p, PRICE_GUEST, PRICE_SERVICE_FEE), 4237); /* 4237.02 */
    ck_assert_int_eq(amount(&p, PRICE_HOST, PRICE_SERVICE_FEE), -900);
    ck_assert_int_eq(p.tax_total, 847); /* 847.4 */
    ck_assert_int_eq(p.platform_total, 4237 + 900);
}
END_TEST

START_TEST(who_gives_a_coupon_pays_for_it)
{
    struct price_stay s = stay_of(3);
    struct price_coupon c = { STR("SUN"), true, 100000, 0, 0 };
    s.coupon = &c;
    s.guest_fee_ppm = 100000;
    struct price p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.host_total, 27000);
    ck_assert_int_eq(p.total, 29700);
    c.by_host = false;
    p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.host_total, 30000);
    ck_assert_int_eq(p.total, 30000);
    ck_assert_int_eq(p.platform_total, 0);
    c = (struct price_coupon){ STR("BIG"), false, 0, 99999999, 0 };
    p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(p.total, 3000);
    ck_assert_int_eq(p.platform_total, -27000);
    c = (struct price_coupon){ STR("CAP"), true, 500000, 0, 1234 };
    p = priced(&s);
    check_price(&p);
    ck_assert_int_eq(amount(&p, PRICE_GUEST, PRICE_COUPON), -1234);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    struct price_stay s = stay_of(2);
    struct price p;
    nights[0].price = INT64_MAX;
    ck_assert(!price_make(arena, &s, &p));
    nights[0].price = INT64_MAX - 10000;
    ck_assert(price_make(arena, &s, &p));
    s.guest_fee_ppm = 1;
    ck_assert(!price_make(arena, &s, &p));
}
END_TEST

START_TEST(shares_are_rounded_half_up)
{
    ck_assert_int_eq(price_share(5, 100000, PRICE_PPM), 1);
    ck_assert_int_eq(price_share(4, 100000, PRICE_PPM), 0);
    ck_assert_int_eq(price_share(15, 100000, PRICE_PPM), 2);
    ck_assert_int_eq(price_share(INT64_MAX, PRICE_PPM, PRICE_PPM), INT64_MAX);
    ck_assert_int_eq(price_share(INT64_MAX, PRICE_PPM, 1), INT64_MAX);
    ck_assert_int_eq(price_share(0, 7, 3), 0);
}
END_TEST

START_TEST(largest_remainders)
{
    const int64_t w[] = { 1, 1, 1 }, u[] = { 47000, 16000, 15900, 12000, 6000, 3100 }, none[] = { 0, 0 };
    int64_t out[6];
    price_split(arena, 100, w, 3, out);
    ck_assert_int_eq(out[0], 34);
    ck_assert_int_eq(out[1], 33);
    ck_assert_int_eq(out[2], 33);
    price_split(arena, 10, u, 6, out); /* the example of the Hare quota */
    const int64_t seats[] = { 5, 2, 1, 1, 1, 0 };
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(out[i], seats[i]);
    }
    price_split(arena, 3, none, 2, out);
    ck_assert_int_eq(out[0], 2);
    ck_assert_int_eq(out[1], 1);
}
END_TEST

START_TEST(conversion_heeds_exponents)
{
    const struct price_rate yen = { 157250000000000, 2, 0 }, back = { 6359300477, 0, 2 },
                            dinar = { 307000000000, 2, 3 }, far = { INT64_MAX, 0, 4 };
    int64_t v;
    ck_assert(price_convert(10000, &yen, &v)); /* 100.00 USD in JPY at 157.25 */
    ck_assert_int_eq(v, 15725);
    ck_assert(price_convert(15725, &back, &v));
    ck_assert_int_eq(v, 10000);
    ck_assert(price_convert(-1000, &dinar, &v)); /* -10.00 USD in KWD */
    ck_assert_int_eq(v, -3070);
    ck_assert(!price_convert(INT64_MAX, &far, &v));
}
END_TEST

START_TEST(converted_parts_sum_to_the_converted_sum)
{
    const struct price_rate third = { 333333333333, 2, 2 };
    const int64_t parts[] = { 100, 100, 100, -50 };
    int64_t out[4], sum;
    ck_assert(price_convert_parts(arena, parts, 4, &third, out, &sum));
    ck_assert_int_eq(sum, 83); /* 83.33 */
    ck_assert_int_eq(out[0] + out[1] + out[2] + out[3], sum);
    ck_assert_int_eq(out[0], 33);
    ck_assert_int_eq(out[3], -16);
}
END_TEST

/* ---- random cases */

static uint64_t state;

/* xorshift64*: the same cases everywhere. */
static uint64_t any(uint64_t n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * UINT64_C(2685821657736338717)) % n;
}

static int64_t some_money(void)
{
    static const int64_t sizes[] = { 2, 100, 10000, 1000000, 100000000000 };
    return (int64_t)any((uint64_t)sizes[any(5)]);
}

static int32_t some_ppm(void)
{
    return (int32_t)(any(4) == 0 ? 1 + any(PRICE_PPM) : 1000 * (1 + any(250)));
}

static void random_plan(struct price_plan *p)
{
    static struct price_discount discounts[4];
    static struct price_fee fees[4];
    static struct price_tax taxes[4];
    static struct price_band bands[3];
    *p = (struct price_plan){ any(5), any(5), any(5), discounts, fees, taxes, { 0 } };
    for (size_t i = 0; i < p->discount_count; i++) {
        discounts[i] = (struct price_discount){ (enum price_discount_kind)any(PRICE_DISCOUNT_KINDS),
                                                (int)any(20), some_ppm() };
    }
    for (size_t i = 0; i < p->fee_count; i++) {
        bool percent = any(2);
        fees[i] = (struct price_fee){ STR("fee"), (enum price_per)any(PRICE_PERS), percent,
                                      percent ? 0 : some_money(), percent ? some_ppm() : 0 };
    }
    for (size_t i = 0; i < p->tax_count; i++) {
        bool percent = any(2), included = any(2);
        taxes[i] = (struct price_tax){ STR("tax"),
                                       (enum price_per)any(PRICE_PERS),
                                       percent,
                                       included,
                                       percent ? 0 : some_money(),
                                       percent ? some_ppm() : 0,
                                       (int)any(19),
                                       (int)any(8),
                                       1 + (unsigned)any(included ? 7 : 15) };
    }
    p->guests = (struct price_guests){ (int)any(4), some_money(), any(2) ? some_money() : 0, any(4), bands };
    for (size_t i = 0; i < p->guests.band_count; i++) {
        bands[i] = (struct price_band){ 3 + 5 * (int)i, some_money() };
    }
}

static void random_stay(struct price_stay *s)
{
    static struct price_coupon coupon;
    static struct price_plan plan;
    static int ages[6];
    size_t n = any(8) == 0 ? 1 + any(NIGHTS_MAX) : 1 + any(7);
    int64_t price = some_money();
    for (size_t i = 0; i < n; i++) {
        nights[i] = (struct price_night){ 100 + (date_t)i,
                                          any(3) == 0 ? some_money() : price,
                                          { { (uint8_t)(any(5) == 0) } } };
    }
    *s = (struct price_stay){ .night_count = n,
                              .nights = nights,
                              .days_ahead = (int)any(30),
                              .adults = 1 + (int)any(5),
                              .children = (int)any(6),
                              .infants = (int)any(3),
                              .plan = &plan };
    for (int i = 0; i < s->children; i++) {
        ages[i] = 2 + (int)any(16);
    }
    s->child_ages = any(4) ? ages : NULL;
    s->guest_fee_ppm = any(2) ? some_ppm() / 2 : 0;
    s->host_fee_ppm = any(2) ? some_ppm() / 2 : 0;
    random_plan(&plan);
    if (any(2)) {
        bool percent = any(2);
        coupon =
            (struct price_coupon){ STR("CODE"), any(2), percent ? some_ppm() : 0,
                                   percent ? 0 : 1 + some_money(), percent && any(2) ? 1 + some_money() : 0 };
        s->coupon = &coupon;
    }
}

static long cases(void)
{
    const char *n = getenv("NEXUS_PRICE_CASES");
    return n ? strtol(n, NULL, 10) : 100000;
}

START_TEST(every_price_adds_up)
{
    state = UINT64_C(88172645463325252);
    for (long i = 0; i < cases(); i++) {
        struct price_stay s;
        struct price p;
        arena_reset(arena);
        random_stay(&s);
        if (!price_make(arena, &s, &p)) {
            ck_abort_msg("case %ld does not fit", i);
        }
        check_price(&p);
    }
}
END_TEST

/* Nothing is lost, and no part is a whole unit away from its exact share. */
START_TEST(every_split_adds_up)
{
    state = 42;
    for (long i = 0; i < cases(); i++) {
        int64_t w[8], out[8], sum = 0, parts = 0, total = some_money();
        size_t n = 1 + any(8);
        arena_reset(arena);
        for (size_t k = 0; k < n; k++) {
            sum += w[k] = some_money() % 1000000;
        }
        price_split(arena, total, w, n, out);
        for (size_t k = 0; k < n; k++) {
            __extension__ __int128 exact = sum ? (__int128)total * w[k] : total, per = sum ? sum : (int64_t)n;
            if (out[k] * per <= exact - per || out[k] * per >= exact + per) {
                ck_abort_msg("case %ld: a part is a unit off", i);
            }
            parts += out[k];
        }
        if (parts != total) {
            ck_abort_msg("case %ld: the parts are not the whole", i);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("prices");
    TCase *t = tcase_create("rules");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 600);
    tcase_add_test(t, nights_of_one_price_make_one_line);
    tcase_add_test(t, seasons_have_lines_of_their_own);
    tcase_add_test(t, one_discount_of_each_kind);
    tcase_add_test(t, discounts_take_no_more_than_the_nights);
    tcase_add_test(t, extra_guests_by_age);
    tcase_add_test(t, fees_by_what_they_are_for);
    tcase_add_test(t, a_tax_on_top_with_exemption_and_cap);
    tcase_add_test(t, an_included_tax_is_the_hosts_to_pay);
    tcase_add_test(t, an_included_sum_takes_no_more_than_there_is);
    tcase_add_test(t, service_fees_of_both);
    tcase_add_test(t, who_gives_a_coupon_pays_for_it);
    tcase_add_test(t, what_does_not_fit_is_refused);
    tcase_add_test(t, shares_are_rounded_half_up);
    tcase_add_test(t, largest_remainders);
    tcase_add_test(t, conversion_heeds_exponents);
    tcase_add_test(t, converted_parts_sum_to_the_converted_sum);
    tcase_add_test(t, every_price_adds_up);
    tcase_add_test(t, every_split_adds_up);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
