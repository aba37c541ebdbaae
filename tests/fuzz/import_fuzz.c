/*
 * libFuzzer target: a file for import, gzip or not, through the CSV reader, and its fields through what reads
 * prices, HTML and the words of others. Beside memory errors it holds that
 * - reading ends, with lines that only grow;
 * - fields are UTF-8 without NUL, within the bounds of a record;
 * - a price is within its bounds, and text made from HTML is UTF-8 within its limit.
 */
#include "base/utf8.h"
#include "ctl/airbnb.h"
#include "ctl/csv.h"
#include "ctl/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HTML_LIMIT 100

static void hold(bool held)
{
    if (!held) {
        abort();
    }
}

static void check_html(struct str field)
{
    struct buf out;
    buf_init(&out, 4096);
    text_from_html(field, HTML_LIMIT, &out);
    hold(out.overflow || (utf8_valid(buf_str(&out)) && utf8_count(buf_str(&out)) <= HTML_LIMIT));
    buf_free(&out);
}

static void check_field(struct str field)
{
    int64_t price = 0;
    double degrees = 0;
    hold(utf8_valid(field) && field.n <= CSV_RECORD_MAX && (field.n == 0 || !memchr(field.p, '\0', field.n)));
    for (int exponent = 0; exponent <= 4; exponent++) {
        hold(!text_price(field, exponent, &price) || (price >= 0 && price <= 100000000000));
    }
    hold(!text_degrees(field, 90, &degrees) || (degrees >= -90 && degrees <= 90));
    hold(text_rating(field) >= -1 && text_rating(field) <= 500);
    hold(text_halves(field) >= -1 && text_halves(field) < 20000);
    hold(airbnb_kind(field) != NULL && airbnb_bathrooms(field) >= 0);
    airbnb_room_type(field);
    airbnb_amenity(field);
    check_html(field);
}

static void read_all(struct csv *csv)
{
    int64_t line = 0;
    enum csv_state state;
    while ((state = csv_next(csv)) == CSV_ROW || state == CSV_BAD) {
        hold(csv_line(csv) > line);
        line = csv_line(csv);
        hold(state != CSV_BAD || csv_why(csv)[0]);
        for (int i = 0; state == CSV_ROW && i < csv_count(csv); i++) {
            check_field(csv_field(csv, i));
        }
    }
    hold(state == CSV_END || csv_why(csv)[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("input", 0);
    hold(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct csv *csv = csv_open(path);
    hold(csv != NULL);
    read_all(csv);
    csv_close(csv);
    close(fd);
    return 0;
}
