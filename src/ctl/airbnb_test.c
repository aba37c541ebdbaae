/* The words of Inside Airbnb in ours. */
#include "ctl/airbnb.h"

#include "ctl/ctl_tests.h"

static const char *const kinds[][2] = {
    { "Entire rental unit", "apartment" },
    { "Private room in home", "house" },
    { "Entire townhouse", "townhouse" },
    { "Room in aparthotel", "hotel" },
    { "Private room in guesthouse", "guesthouse" },
    { "Entire guest suite", "guesthouse" },
    { "Entire serviced apartment", "apartment" },
    { "Houseboat", "boat" },
    { "Tiny home", "tiny_house" },
    { "Farm stay", "farm" },
    { "Entire place", "other" },
    { "", "other" },
};

static const char *const amenities[][2] = {
    { "Wifi", "wifi" },
    { "Fast wifi \xe2\x80\x93 120 Mbps", "wifi" },
    { "Hair dryer", "hair_dryer" },
    { "Free dryer \xe2\x80\x93 In unit", "dryer" },
    { "Paid dryer \xe2\x80\x93 In building", "dryer" },
    { "Dishwasher", "dishwasher" },
    { "Free washer \xe2\x80\x93 In building", "washer" },
    { "Free street parking", "free_parking" },
    { "Free residential garage on premises", "free_parking" },
    { "Paid parking on premises", "paid_parking" },
    { "Central air conditioning", "air_conditioning" },
    { "Hot water kettle", "kettle" },
    { "Hot water", "hot_water" },
    { "65 inch HDTV with Amazon Prime Video", "tv" },
    { "Private hot tub", "hot_tub" },
    { "Private outdoor pool - heated", "pool" },
    { "Pool table", NULL },
    { "Children\xe2\x80\x99s books and toys", "childrens_toys" },
    { "Books and reading material", "books" },
    { "Wine glasses", NULL },
    { "", NULL },
    { "Free", NULL },
};

START_TEST(kinds_map)
{
    ck_assert_str_eq(airbnb_kind(str_from(kinds[_i][0])), kinds[_i][1]);
}
END_TEST

START_TEST(amenities_map)
{
    const char *ours = airbnb_amenity(str_from(amenities[_i][0]));
    ck_assert_msg((ours == NULL) == (amenities[_i][1] == NULL), "%s", amenities[_i][0]);
    if (ours) {
        ck_assert_str_eq(ours, amenities[_i][1]);
    }
}
END_TEST

START_TEST(rooms_and_baths_map)
{
    ck_assert_str_eq(airbnb_room_type(STR("Entire home/apt")), "entire_home");
    ck_assert_str_eq(airbnb_room_type(STR("Hotel room")), "hotel_room");
    ck_assert_ptr_null(airbnb_room_type(STR("Castle")));
    ck_assert_ptr_null(airbnb_room_type(STR("")));
    ck_assert_int_eq(airbnb_bathrooms(STR("1.5 shared baths")), 3);
    ck_assert_int_eq(airbnb_bathrooms(STR("Half-bath")), 1);
    ck_assert_int_eq(airbnb_bathrooms(STR("Private half-bath")), 1);
    ck_assert_int_eq(airbnb_bathrooms(STR("")), 2);
}
END_TEST

Suite *airbnb_suite(void)
{
    Suite *s = suite_create("airbnb");
    TCase *t = tcase_create("airbnb");
    tcase_add_loop_test(t, kinds_map, 0, sizeof(kinds) / sizeof(kinds[0]));
    tcase_add_loop_test(t, amenities_map, 0, sizeof(amenities) / sizeof(amenities[0]));
    tcase_add_test(t, rooms_and_baths_map);
    suite_add_tcase(s, t);
    return s;
}
