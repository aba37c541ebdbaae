/* The invented content keeps the rules the database would enforce. */
#include "ctl/demo.h"

#include "ctl/ctl_tests.h"

static struct demo_world world;

static void make_world(int64_t properties, uint64_t seed)
{
    world =
        (struct demo_world){ .properties = properties, .seed = seed, .today = date_from_ymd(2026, 11, 23) };
    demo_world_init(&world);
}

START_TEST(same_numbers_same_content)
{
    struct demo_property a = { 0 }, b = { 0 };
    make_world(1000, 7);
    demo_property_make(&world, 321, &a);
    demo_property_make(&world, 320, &b);
    demo_property_make(&world, 321, &b);
    ck_assert_int_eq(a.price, b.price);
    ck_assert_int_eq(a.words == b.words, 1);
    ck_assert_int_eq(memcmp(a.stays, b.stays, sizeof(a.stays)), 0);
    demo_world_free(&world);
    make_world(1000, 8);
    demo_property_make(&world, 321, &b);
    ck_assert(a.words != b.words);
    demo_world_free(&world);
}
END_TEST

static void check_stays(const struct demo_property *p)
{
    date_t free_from = DATE_MIN;
    for (int i = 0; i < DEMO_STAYS; i++) {
        const struct demo_stay *s = &p->stays[i];
        int nights = s->check_out - s->check_in;
        ck_assert_int_ge(s->check_in, free_from);
        ck_assert_int_ge(nights, p->min_nights);
        ck_assert_int_le(nights, p->max_nights);
        ck_assert_int_eq(s->total, p->price * nights);
        ck_assert(i < DEMO_STAYS_PAST ? s->check_out < world.today : s->check_in > world.today);
        ck_assert(s->guests >= 1 && s->guests <= p->capacity);
        ck_assert(s->guest >= world.hosts && s->guest < world.hosts + world.guests);
        ck_assert(s->rating >= 0 && s->rating <= 5 && !(s->rating > 0 && s->cancelled));
        ck_assert(s->cancelled_us >= s->created_us);
        free_from = s->check_out;
    }
}

START_TEST(content_keeps_the_rules)
{
    make_world(5000, 1);
    for (int64_t i = 0; i < world.properties; i++) {
        struct demo_property p;
        demo_property_make(&world, i, &p);
        ck_assert(p.host >= 0 && p.host < world.hosts);
        ck_assert(p.lat > -90 && p.lat < 90 && p.lon > -180 && p.lon < 180);
        ck_assert(p.capacity >= 1 && p.capacity <= 100 && p.bedrooms >= 0 && p.beds >= 1);
        ck_assert(p.price > 0 && p.price % p.city->round == 0);
        ck_assert(p.neighbourhood >= 0 && p.neighbourhood < DEMO_NEIGHBOURHOODS);
        check_stays(&p);
    }
    demo_world_free(&world);
}
END_TEST

START_TEST(small_worlds_have_every_property_in_a_city)
{
    for (int64_t n = 1; n < 60; n++) {
        make_world(n, 3);
        for (int64_t i = 0; i < n; i++) {
            struct demo_property p;
            demo_property_make(&world, i, &p);
            ck_assert_ptr_nonnull(p.city);
        }
        demo_world_free(&world);
    }
}
END_TEST

START_TEST(ids_grow_and_are_version_7)
{
    make_world(1000000, 1);
    struct uuid before = demo_id(&world, DEMO_UNIT, 0);
    for (int64_t i = 1; i < 2000; i++) {
        struct uuid id = demo_id(&world, DEMO_UNIT, i);
        ck_assert_int_lt(memcmp(before.b, id.b, 6), 0); /* another millisecond */
        ck_assert_int_eq(id.b[6] >> 4, 7);
        ck_assert_int_eq(id.b[8] >> 6, 2);
        before = id;
    }
    demo_world_free(&world);
}
END_TEST

Suite *demo_suite(void)
{
    Suite *s = suite_create("demo");
    TCase *t = tcase_create("demo");
    tcase_add_test(t, same_numbers_same_content);
    tcase_add_test(t, content_keeps_the_rules);
    tcase_add_test(t, small_worlds_have_every_property_in_a_city);
    tcase_add_test(t, ids_grow_and_are_version_7);
    suite_add_tcase(s, t);
    return s;
}
