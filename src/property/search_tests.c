/* Unit tests of the geometry of searches. */
#include "property/search_rules.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#define RADIANS (M_PI / 180.0)

static double distance(double lat1, double lng1, double lat2, double lng2)
{
    double s = sin((lat2 - lat1) * RADIANS / 2), t = sin((lng2 - lng1) * RADIANS / 2);
    return 2 * EARTH_RADIUS_KM *
           asin(fmin(1.0, sqrt(s * s + cos(lat1 * RADIANS) * cos(lat2 * RADIANS) * t * t)));
}

static int holds(const struct search_area *area, double lat, double lng)
{
    for (size_t i = 0; i < area->count; i++) {
        const struct geo_box *b = &area->box[i];
        if (lng >= b->west - 1e-9 && lng <= b->east + 1e-9 && lat >= b->south - 1e-9 &&
            lat <= b->north + 1e-9) {
            return 1;
        }
    }
    return 0;
}

START_TEST(a_box_is_one_area)
{
    struct search_area a = search_area_of_box(-74, 42, -73, 43);
    ck_assert_uint_eq(a.count, 1);
    ck_assert(holds(&a, 42.5, -73.5));
    ck_assert(!holds(&a, 42.5, -72.5));
    ck_assert(!search_area_is_wide(&a));
}
END_TEST

START_TEST(a_box_across_the_antimeridian_is_two)
{
    struct search_area a = search_area_of_box(178, -19, -179, -16);
    ck_assert_uint_eq(a.count, 2);
    ck_assert(holds(&a, -17, 179) && holds(&a, -17, -179.5) && holds(&a, -17, 180) && holds(&a, -17, -180));
    ck_assert(!holds(&a, -17, 0) && !holds(&a, -17, 177));
    ck_assert(!search_area_is_wide(&a));
}
END_TEST

START_TEST(large_areas_are_wide)
{
    struct search_area world = search_area_of_box(-180, -90, 180, 90);
    ck_assert(search_area_is_wide(&world));
    struct search_area almost = search_area_of_box(10, -90, -10, 90);
    ck_assert(search_area_is_wide(&almost));
}
END_TEST

/* No point within the radius is left out, anywhere on earth; and away from the poles little else is let in.
 */
START_TEST(a_circle_is_held_by_its_area)
{
    unsigned seed = 5;
    for (int i = 0; i < 200000; i++) {
        double lat = (rand_r(&seed) % 180001 - 90000) / 1000.0,
               lng = (rand_r(&seed) % 360001 - 180000) / 1000.0;
        double radius = 0.05 + rand_r(&seed) % 5000 / 10.0;
        struct search_area a = search_area_around(lat, lng, radius);
        double lat2 = lat + (rand_r(&seed) % 10001 - 5000) / 1000.0;
        double lng2 = lng + (rand_r(&seed) % 20001 - 10000) / 100.0;
        lat2 = fmin(90, fmax(-90, lat2));
        lng2 = lng2 > 180 ? lng2 - 360 : lng2 < -180 ? lng2 + 360 : lng2;
        if (distance(lat, lng, lat2, lng2) <= radius) {
            ck_assert_msg(holds(&a, lat2, lng2), "%f,%f r %f: %f,%f", lat, lng, radius, lat2, lng2);
        }
        ck_assert(holds(&a, lat, lng));
    }
}
END_TEST

START_TEST(a_small_circle_has_a_small_area)
{
    struct search_area a = search_area_around(42.65, -73.75, 5);
    ck_assert_uint_eq(a.count, 1);
    ck_assert_double_eq_tol(a.box[0].north - a.box[0].south, 2 * 5 / 111.195, 0.001);
    ck_assert(!holds(&a, 42.65, -73.65));
    struct search_area fiji = search_area_around(-17, 179.99, 20);
    ck_assert_uint_eq(fiji.count, 2);
    struct search_area pole = search_area_around(89.99, 0, 50);
    ck_assert(holds(&pole, 89.9, 170));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("search");
    TCase *t = tcase_create("geometry");
    tcase_add_test(t, a_box_is_one_area);
    tcase_add_test(t, a_box_across_the_antimeridian_is_two);
    tcase_add_test(t, large_areas_are_wide);
    tcase_add_test(t, a_circle_is_held_by_its_area);
    tcase_add_test(t, a_small_circle_has_a_small_area);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
