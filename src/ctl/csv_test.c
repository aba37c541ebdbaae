/* The CSV reader: RFC 4180, its limits, and input that means harm. */
#include "ctl/csv.h"
#include "ctl/ctl_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

static char path[] = "/tmp/ctl-csv-XXXXXX";

static struct csv *open_bytes(const char *bytes, size_t n)
{
    snprintf(path, sizeof(path), "/tmp/ctl-csv-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
    close(fd);
    struct csv *csv = csv_open(path);
    ck_assert_ptr_nonnull(csv);
    unlink(path);
    return csv;
}

#define OPEN(literal) open_bytes((literal), sizeof(literal) - 1)

/* What a file reads as: fields between <>, rows by line number, bad rows with their reason. */
static const char *summary(struct csv *csv)
{
    static char out[16384];
    size_t n = 0;
    enum csv_state state;
    out[0] = '\0';
    while ((state = csv_next(csv)) != CSV_END && n < sizeof(out) - 300) {
        n += (size_t)snprintf(out + n, sizeof(out) - n, "%lld:", (long long)csv_line(csv));
        for (int i = 0; state == CSV_ROW && i < csv_count(csv); i++) {
            n += (size_t)snprintf(out + n, sizeof(out) - n, "<%.*s>", STR_ARG(csv_field(csv, i)));
        }
        if (state != CSV_ROW) {
            n += (size_t)snprintf(out + n, sizeof(out) - n, "%s %s", state == CSV_BAD ? "BAD" : "LOST",
                                  csv_why(csv));
        }
        n += (size_t)snprintf(out + n, sizeof(out) - n, "|");
        if (state == CSV_LOST) {
            break;
        }
    }
    csv_close(csv);
    return out;
}

START_TEST(reads_what_the_standard_says)
{
    ck_assert_str_eq(summary(OPEN("a,b,c\r\n1,2,3\r\n")), "1:<a><b><c>|2:<1><2><3>|");
    ck_assert_str_eq(summary(OPEN("a,b\n1,2")), "1:<a><b>|2:<1><2>|");
    ck_assert_str_eq(summary(OPEN("\"a,b\",\"c\"\"d\",\"\"\n")), "1:<a,b><c\"d><>|");
    ck_assert_str_eq(summary(OPEN("x,\"two\nlines\",y\nz\n")), "1:<x><two\nlines><y>|3:<z>|");
    ck_assert_str_eq(summary(OPEN("x,\"two\r\nlines\"\r\nz\r\n")), "1:<x><two\r\nlines>|3:<z>|");
    ck_assert_str_eq(summary(OPEN(",,\n")), "1:<><><>|");
    ck_assert_str_eq(summary(OPEN("")), "");
    ck_assert_str_eq(summary(OPEN("\n\n")), "");
}
END_TEST

START_TEST(skips_a_mark_and_blank_lines)
{
    ck_assert_str_eq(summary(OPEN("\xef\xbb\xbfid,x\n\n1,2\n\r\n3,4\n")), "1:<id><x>|3:<1><2>|5:<3><4>|");
}
END_TEST

START_TEST(keeps_lone_carriage_returns)
{
    ck_assert_str_eq(summary(OPEN("a\rb,c\n")), "1:<a\rb><c>|");
    ck_assert_str_eq(summary(OPEN("a\r")), "1:<a\r>|");
}
END_TEST

START_TEST(goes_on_after_a_bad_row)
{
    ck_assert_str_eq(summary(OPEN("a\nb\"c,d\ne\n")),
                     "1:<a>|2:BAD field 1: a quote inside a field that does not start with one|3:<e>|");
    ck_assert_str_eq(summary(OPEN("\"a\"b,c\nd\n")), "1:BAD field 1: text after the closing quote|2:<d>|");
    ck_assert_str_eq(summary(OPEN("a,\xff\xfe\nb\n")), "1:BAD field 2: not UTF-8|2:<b>|");
    ck_assert_str_eq(summary(OPEN("a\0b\nc\n")), "1:BAD field 1: a NUL byte|2:<c>|");
    ck_assert_str_eq(summary(OPEN("a,\"b\nc")), "1:BAD field 2: the closing quote is missing|");
}
END_TEST

START_TEST(bounds_the_number_of_fields)
{
    char commas[CSV_FIELDS_MAX + 3];
    memset(commas, ',', sizeof(commas));
    memcpy(commas + sizeof(commas) - 3, "\nz\n", 3);
    ck_assert_str_eq(summary(open_bytes(commas, sizeof(commas))), "1:BAD more than 256 fields|2:<z>|");
}
END_TEST

START_TEST(bounds_a_record)
{
    size_t n = CSV_RECORD_MAX + 100000;
    char *big = malloc(n);
    ck_assert_ptr_nonnull(big);
    memset(big, 'x', n);
    big[0] = '"';
    memcpy(big + n - 5, "\n1,2\n", 5);
    const char *text = summary(open_bytes(big, n));
    ck_assert_ptr_nonnull(strstr(text, "1:BAD field 1: the record is larger than 1 MiB"));
    ck_assert_ptr_nonnull(strstr(text, "<1><2>|"));
    free(big);
}
END_TEST

static struct csv *open_gzip(const char *text, size_t cut)
{
    unsigned char packed[8192];
    z_stream z = { 0 };
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)strlen(text);
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = sizeof(packed) - z.avail_out;
    deflateEnd(&z);
    return open_bytes((char *)packed, n - cut);
}

START_TEST(reads_gzip)
{
    ck_assert_str_eq(summary(open_gzip("a,b\n\"1\n2\",3\n", 0)), "1:<a><b>|2:<1\n2><3>|");
}
END_TEST

START_TEST(says_when_gzip_is_cut_off)
{
    char text[4000];
    uint32_t x = 1; /* noise, so that the packed form is long */
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        x = x * 1103515245u + 12345u;
        text[i] = i % 80 == 79 ? '\n' : (char)('a' + (x >> 16) % 26);
    }
    text[sizeof(text) - 1] = '\0';
    ck_assert_ptr_nonnull(strstr(summary(open_gzip(text, 200)), "LOST the compressed data is cut off"));
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
    ck_assert_ptr_null(csv_open("/tmp"));
    ck_assert_ptr_null(csv_open("/nonexistent/file.csv"));
}
END_TEST

/* Any bytes at all: it must come to an end, and fields must be UTF-8 within bounds (the sanitizers watch). */
START_TEST(survives_noise)
{
    static const char alphabet[] = "\"\"\",,\n\r\0ab\xc3\xa9\xff";
    uint32_t x = (uint32_t)_i * 2654435761u + 1;
    char noise[3000];
    for (size_t i = 0; i < sizeof(noise); i++) {
        x = x * 1664525u + 1013904223u;
        noise[i] = alphabet[(x >> 20) % (sizeof(alphabet) - 1)];
    }
    struct csv *csv = open_bytes(noise, sizeof(noise));
    enum csv_state state;
    int rows = 0;
    while ((state = csv_next(csv)) == CSV_ROW || state == CSV_BAD) {
        ck_assert_int_lt(rows++, 3001);
        for (int i = 0; state == CSV_ROW && i < csv_count(csv); i++) {
            ck_assert_uint_le(csv_field(csv, i).n, sizeof(noise));
        }
    }
    ck_assert_int_eq(state, CSV_END);
    csv_close(csv);
}
END_TEST

Suite *csv_suite(void)
{
    Suite *s = suite_create("csv");
    TCase *t = tcase_create("csv");
    tcase_add_test(t, reads_what_the_standard_says);
    tcase_add_test(t, skips_a_mark_and_blank_lines);
    tcase_add_test(t, keeps_lone_carriage_returns);
    tcase_add_test(t, goes_on_after_a_bad_row);
    tcase_add_test(t, bounds_the_number_of_fields);
    tcase_add_test(t, bounds_a_record);
    tcase_add_test(t, reads_gzip);
    tcase_add_test(t, says_when_gzip_is_cut_off);
    tcase_add_test(t, refuses_what_is_no_file);
    tcase_add_loop_test(t, survives_noise, 0, 50);
    suite_add_tcase(s, t);
    return s;
}
