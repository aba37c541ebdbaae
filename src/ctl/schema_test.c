/* Names and checksums of migrations. */
#include "ctl/schema.h"

#include "ctl/ctl_tests.h"

static const struct {
    const char *name;
    bool valid;
} names[] = {
    { "20261123050000_spine.sql", true },
    { "20261123050000_add_2_things.sql", true },
    { "20261123050000.sql", false },
    { "20261123050000_.sql", false },
    { "2026112305000_spine.sql", false },
    { "20261323050000_spine.sql", false },
    { "20260230050000_spine.sql", false },
    { "20261123240000_spine.sql", false },
    { "20261123056000_spine.sql", false },
    { "20261123050000_Spine.sql", false },
    { "20261123050000-spine.sql", false },
    { "20261123050000_spine.txt", false },
    { "20261123050000_spi ne.sql", false },
    { "", false },
    { ".sql", false },
};

START_TEST(names_have_a_form)
{
    ck_assert_msg(schema_name_valid(str_from(names[_i].name)) == names[_i].valid, "%s", names[_i].name);
}
END_TEST

/* FIPS 180-4, the examples of one block and of none. */
START_TEST(checksum_is_sha256)
{
    char sum[SCHEMA_CHECKSUM_SIZE];
    schema_checksum(sum, STR("abc"));
    ck_assert_str_eq(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    schema_checksum(sum, STR(""));
    ck_assert_str_eq(sum, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(reads_the_folder)
{
    struct arena *a = arena_create(65536, (size_t)64 << 20);
    struct schema s;
    ck_assert(schema_read(NULL, NEXUS_SRCDIR "/sql/migrations", a, &s));
    ck_assert_uint_ge(s.count, 1);
    ck_assert_str_eq(s.items[0].name, "20261123050000_spine");
    ck_assert_uint_eq(s.counts[SCHEMA_PENDING], s.count);
    ck_assert(!schema_current(&s));
    ck_assert(!schema_read(NULL, "/nonexistent", a, &s));
    arena_destroy(a);
}
END_TEST

Suite *schema_suite(void)
{
    Suite *s = suite_create("schema");
    TCase *t = tcase_create("schema");
    tcase_add_loop_test(t, names_have_a_form, 0, sizeof(names) / sizeof(names[0]));
    tcase_add_test(t, checksum_is_sha256);
    tcase_add_test(t, reads_the_folder);
    suite_add_tcase(s, t);
    return s;
}
