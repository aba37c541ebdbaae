/* From files to temporary tables. */
#include "ctl/import.h"

#include "ctl/airbnb.h"
#include "ctl/term.h"
#include "ctl/text.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>

#define REPORTS_MAX    100 /* bad rows of a file that are told one by one */
#define ID_MAX         40
#define TITLE_MAX      200
#define NAME_MAX_CHARS 200
#define TEXT_MAX       10000
#define NIGHTS_MAX     1125
#define AMENITIES_MAX  400
#define SCRATCH_MAX    ((size_t)256 * 1024)
#define COLUMNS_MAX    24
#define PROGRESS_EVERY 256

struct reader;

struct file {
    const char *name; /* without .csv */
    const char *label;
    const char *const *columns; /* of the header that are used; ends with NULL */
    const char *copy;
    bool required;
    enum import_what what;
    bool (*row)(struct reader *r); /* false after refuse() */
};

struct reader {
    struct import *im;
    const struct file *file;
    char path[PATH_MAX];
    struct csv *csv;
    int columns[COLUMNS_MAX]; /* place of each column in the file */
    struct copy copy;
    struct buf scratch;
    const char *why; /* of the row being refused */
    char why_text[160];
};

static bool read_listing(struct reader *r);
static bool read_night(struct reader *r);
static bool read_review(struct reader *r);

enum {
    L_ID,
    L_NAME,
    L_DESCRIPTION,
    L_OVERVIEW,
    L_PICTURE,
    L_HOST,
    L_HOST_NAME,
    L_HOST_SINCE,
    L_NEIGHBOURHOOD,
    L_LAT,
    L_LON,
    L_TYPE,
    L_ROOM,
    L_GUESTS,
    L_BATHROOMS,
    L_BATHROOMS_TEXT,
    L_BEDROOMS,
    L_BEDS,
    L_AMENITIES,
    L_PRICE,
    L_MIN,
    L_MAX,
    L_RATING
};
static const char *const listing_columns[] = { "id",
                                               "name",
                                               "description",
                                               "neighborhood_overview",
                                               "picture_url",
                                               "host_id",
                                               "host_name",
                                               "host_since",
                                               "neighbourhood_cleansed",
                                               "latitude",
                                               "longitude",
                                               "property_type",
                                               "room_type",
                                               "accommodates",
                                               "bathrooms",
                                               "bathrooms_text",
                                               "bedrooms",
                                               "beds",
                                               "amenities",
                                               "price",
                                               "minimum_nights",
                                               "maximum_nights",
                                               "review_scores_rating",
                                               NULL };
enum { C_LISTING, C_DATE, C_AVAILABLE, C_PRICE, C_MIN };
static const char *const calendar_columns[] = { "listing_id", "date",           "available",
                                                "price",      "minimum_nights", NULL };
enum { R_LISTING, R_ID, R_DATE, R_NAME, R_COMMENT };
static const char *const review_columns[] = { "listing_id", "id", "date", "reviewer_name", "comments", NULL };

static const struct file files[] = {
    { "listings", "listings", listing_columns, "copy import_listings from stdin (format binary)", true,
      IMPORT_LISTINGS, read_listing },
    { "calendar", "calendar", calendar_columns, "copy import_calendar from stdin (format binary)", false,
      IMPORT_NIGHTS, read_night },
    { "reviews", "reviews", review_columns, "copy import_reviews from stdin (format binary)", false,
      IMPORT_REVIEWS, read_review },
};

static const char *const tables_sql =
    "create temporary table import_listings ("
    " line bigint, id text, new_property uuid, new_unit uuid, new_host uuid, host_id text, host_name text, "
    "host_since date,"
    " title text, description text, kind text, room_type text, address text, location point, capacity "
    "smallint,"
    " bedrooms smallint, beds smallint, bathrooms numeric(4,1), price bigint, min_nights smallint, "
    "max_nights smallint,"
    " rating smallint, picture text, amenities text) on commit drop;"
    "create temporary table import_calendar ("
    " listing_id text, night date, available boolean, price bigint, min_nights smallint) on commit drop;"
    "create temporary table import_reviews ("
    " listing_id text, id text, author_name text, comment text, night date) on commit drop;";

static bool refuse(struct reader *r, const char *why, struct str value)
{
    int shown = value.n > 40 ? 40 : (int)value.n;
    if (value.p) {
        snprintf(r->why_text, sizeof(r->why_text), "%s: '%.*s'", why, shown, value.p);
    } else {
        snprintf(r->why_text, sizeof(r->why_text), "%s", why);
    }
    ctl_clean(r->why_text);
    r->why = r->why_text;
    return false;
}

static struct str column(const struct reader *r, int which)
{
    return csv_field(r->csv, r->columns[which]);
}

static bool id_column(struct reader *r, int which, struct str *out)
{
    *out = column(r, which);
    for (size_t i = 0; i < out->n; i++) {
        char c = out->p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
              c == '_')) {
            return refuse(r, "not an id", *out);
        }
    }
    return (out->n > 0 && out->n <= ID_MAX) || refuse(r, "not an id", *out);
}

/* A whole number within bounds; "3.0" is one too, since some exports write so. */
static bool number_column(struct reader *r, int which, int fallback, int min, int max, int *out)
{
    struct str s = column(r, which);
    int64_t v = fallback;
    if (s.n > 2 && s.p[s.n - 2] == '.' && s.p[s.n - 1] == '0') {
        s.n -= 2;
    }
    if ((s.n > 0 && !str_int64(s, &v)) || v < min || v > max) {
        char why[80];
        snprintf(why, sizeof(why), "%s is not a number from %d to %d", r->file->columns[which], min, max);
        return refuse(r, why, s);
    }
    *out = (int)v;
    return true;
}

/* -1 when there is none. */
static bool price_column(struct reader *r, int which, int64_t *out)
{
    struct str s = column(r, which);
    *out = -1;
    return s.n == 0 || text_price(s, r->im->exponent, out) || refuse(r, "price cannot be understood", s);
}

/* Stays longer than our longest are what others write for "any". */
static bool nights_column(struct reader *r, int which, int fallback, int *out)
{
    if (!number_column(r, which, fallback, 0, INT_MAX, out)) {
        return false;
    }
    *out = *out < 1 ? 1 : *out > NIGHTS_MAX ? NIGHTS_MAX : *out;
    return true;
}

/* --- listings --- */

struct listing {
    struct str id, host;
    double lat, lon;
    const char *room_type;
    int capacity, bedrooms, beds, half_baths, min_nights, max_nights;
    int64_t price;
    struct json_object *amenities;
};

static struct json_object *parse_amenities(struct str s)
{
    struct json_tokener *t = json_tokener_new_ex(3);
    struct json_object *o = t ? json_tokener_parse_ex(t, s.p, (int)s.n) : NULL;
    bool whole = o && json_tokener_get_parse_end(t) == s.n && json_object_is_type(o, json_type_array);
    if (t) {
        json_tokener_free(t);
    }
    if (!whole) {
        json_object_put(o);
        return NULL;
    }
    return o;
}

static bool listing_place(struct reader *r, struct listing *l)
{
    return (text_degrees(column(r, L_LAT), 90, &l->lat) ||
            refuse(r, "latitude cannot be understood", column(r, L_LAT))) &&
           (text_degrees(column(r, L_LON), 180, &l->lon) ||
            refuse(r, "longitude cannot be understood", column(r, L_LON)));
}

static bool listing_size(struct reader *r, struct listing *l)
{
    l->half_baths = text_halves(column(r, L_BATHROOMS));
    if (l->half_baths < 0) {
        l->half_baths = airbnb_bathrooms(column(r, L_BATHROOMS_TEXT));
    }
    return (l->half_baths <= 200 || refuse(r, "bathrooms are too many", column(r, L_BATHROOMS))) &&
           number_column(r, L_GUESTS, 0, 1, 100, &l->capacity) &&
           number_column(r, L_BEDROOMS, 1, 0, 100, &l->bedrooms) &&
           number_column(r, L_BEDS, 1, 0, 200, &l->beds);
}

static bool listing_terms(struct reader *r, struct listing *l)
{
    if (!price_column(r, L_PRICE, &l->price) || !nights_column(r, L_MIN, 1, &l->min_nights) ||
        !nights_column(r, L_MAX, 365, &l->max_nights)) {
        return false;
    }
    l->max_nights = l->max_nights < l->min_nights ? l->min_nights : l->max_nights;
    return true;
}

static bool listing_words(struct reader *r, struct listing *l)
{
    l->room_type = airbnb_room_type(column(r, L_ROOM));
    if (!l->room_type) {
        return refuse(r, "room type is not known", column(r, L_ROOM));
    }
    if (str_trim(column(r, L_NAME)).n == 0) {
        return refuse(r, "the name is empty", STR_NONE);
    }
    l->amenities = parse_amenities(column(r, L_AMENITIES));
    return l->amenities || refuse(r, "amenities are not a JSON array", column(r, L_AMENITIES));
}

static bool listing_is_new(struct reader *r, struct str id)
{
    int64_t line = csv_line(r->csv);
    if (idset_add(&r->im->listings, id, &line)) {
        return true;
    }
    char why[64];
    snprintf(why, sizeof(why), "the listing stands in line %lld already", (long long)line);
    return refuse(r, why, id);
}

static void put_html(struct reader *r, struct str html, size_t limit)
{
    text_from_html(html, limit, &r->scratch);
    copy_text(&r->copy, buf_str(&r->scratch));
    buf_reset(&r->scratch);
}

static void put_description(struct reader *r)
{
    text_from_html(column(r, L_DESCRIPTION), TEXT_MAX, &r->scratch);
    if (column(r, L_OVERVIEW).n > 0) {
        buf_addz(&r->scratch, r->scratch.n > 0 ? "\n\n" : "");
        text_from_html(column(r, L_OVERVIEW), TEXT_MAX, &r->scratch);
    }
    copy_text(&r->copy, buf_str(&r->scratch));
    buf_reset(&r->scratch);
}

static void put_host(struct reader *r, const struct listing *l)
{
    struct str name = str_trim(column(r, L_HOST_NAME));
    date_t since;
    copy_text(&r->copy, l->host);
    if (name.n == 0) {
        buf_printf(&r->scratch, "Host %.*s", STR_ARG(l->host));
        copy_text(&r->copy, buf_str(&r->scratch));
        buf_reset(&r->scratch);
    } else {
        put_html(r, name, NAME_MAX_CHARS);
    }
    if (date_parse(column(r, L_HOST_SINCE), &since)) {
        copy_date(&r->copy, since);
    } else {
        copy_null(&r->copy);
    }
}

/* Our slugs with a comma behind each; SQL takes them apart and leaves doubles out. */
static void put_amenities(struct reader *r, const struct listing *l)
{
    size_t n = json_object_array_length(l->amenities);
    for (size_t i = 0; i < n && i < AMENITIES_MAX; i++) {
        struct json_object *o = json_object_array_get_idx(l->amenities, i);
        const char *text = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";
        const char *slug = airbnb_amenity(str_from(text));
        if (slug) {
            buf_printf(&r->scratch, "%s,", slug);
        }
    }
    copy_text(&r->copy, buf_str(&r->scratch));
    buf_reset(&r->scratch);
}

static void put_picture(struct reader *r)
{
    struct str url = column(r, L_PICTURE);
    if (str_starts(url, STR("https://")) && url.n <= 2000) {
        copy_text(&r->copy, url);
    } else {
        copy_null(&r->copy);
    }
}

static void put_new_ids(struct reader *r)
{
    for (int i = 0; i < 3; i++) {
        struct uuid id = uuid_v7();
        copy_uuid(&r->copy, &id);
    }
}

static void put_numbers(struct reader *r, const struct listing *l)
{
    copy_point(&r->copy, l->lon, l->lat);
    copy_int2(&r->copy, l->capacity);
    copy_int2(&r->copy, l->bedrooms);
    copy_int2(&r->copy, l->beds);
    copy_halves(&r->copy, l->half_baths);
    if (l->price >= 0) {
        copy_int8(&r->copy, l->price);
    } else {
        copy_null(&r->copy);
    }
    copy_int2(&r->copy, l->min_nights);
    copy_int2(&r->copy, l->max_nights);
    int rating = text_rating(column(r, L_RATING));
    if (rating >= 0) {
        copy_int2(&r->copy, rating);
    } else {
        copy_null(&r->copy);
    }
}

static void put_listing(struct reader *r, const struct listing *l)
{
    copy_row(&r->copy, 24);
    copy_int8(&r->copy, csv_line(r->csv));
    copy_text(&r->copy, l->id);
    put_new_ids(r);
    put_host(r, l);
    put_html(r, column(r, L_NAME), TITLE_MAX);
    put_description(r);
    copy_textz(&r->copy, airbnb_kind(column(r, L_TYPE)));
    copy_textz(&r->copy, l->room_type);
    put_html(r, column(r, L_NEIGHBOURHOOD), NAME_MAX_CHARS);
    put_numbers(r, l);
    put_picture(r);
    put_amenities(r, l);
}

static bool read_listing(struct reader *r)
{
    struct listing l = { 0 };
    bool ok = id_column(r, L_ID, &l.id) && id_column(r, L_HOST, &l.host) && listing_place(r, &l) &&
              listing_size(r, &l) && listing_terms(r, &l) && listing_words(r, &l) && listing_is_new(r, l.id);
    if (ok) {
        int64_t line = csv_line(r->csv);
        r->im->counts[IMPORT_HOSTS].read += idset_add(&r->im->hosts, l.host, &line);
        put_listing(r, &l);
    }
    json_object_put(l.amenities);
    return ok;
}

/* --- calendar and reviews --- */

static bool known_listing(struct reader *r, int which, struct str *id)
{
    return id_column(r, which, id) &&
           (idset_has(&r->im->listings, *id) || refuse(r, "no such listing was loaded", *id));
}

static bool date_column(struct reader *r, int which, date_t *out)
{
    return date_parse(column(r, which), out) || refuse(r, "not a date like 2026-01-31", column(r, which));
}

static bool read_night(struct reader *r)
{
    struct str id, available = column(r, C_AVAILABLE);
    date_t night;
    int64_t price;
    int min_nights;
    if (!known_listing(r, C_LISTING, &id) || !date_column(r, C_DATE, &night) ||
        !price_column(r, C_PRICE, &price) || !nights_column(r, C_MIN, 1, &min_nights)) {
        return false;
    }
    if (!str_eqz(available, "t") && !str_eqz(available, "f")) {
        return refuse(r, "available is neither t nor f", available);
    }
    copy_row(&r->copy, 5);
    copy_text(&r->copy, id);
    copy_date(&r->copy, night);
    copy_bool(&r->copy, available.p[0] == 't');
    if (price >= 0) {
        copy_int8(&r->copy, price);
    } else {
        copy_null(&r->copy);
    }
    if (column(r, C_MIN).n > 0) {
        copy_int2(&r->copy, min_nights);
    } else {
        copy_null(&r->copy);
    }
    return true;
}

static bool read_review(struct reader *r)
{
    struct str listing, id, name = str_trim(column(r, R_NAME));
    date_t night;
    if (!known_listing(r, R_LISTING, &listing) || !id_column(r, R_ID, &id) ||
        !date_column(r, R_DATE, &night)) {
        return false;
    }
    copy_row(&r->copy, 5);
    copy_text(&r->copy, listing);
    copy_text(&r->copy, id);
    put_html(r, name.n > 0 ? name : STR("Guest"), NAME_MAX_CHARS);
    put_html(r, column(r, R_COMMENT), TEXT_MAX);
    copy_date(&r->copy, night);
    return true;
}

/* --- any file --- */

static bool find_columns(struct reader *r)
{
    enum csv_state state = csv_next(r->csv);
    if (state != CSV_ROW) {
        ctl_say("%s:1: %s", r->path, state == CSV_END ? "the file is empty" : csv_why(r->csv));
        return false;
    }
    for (int i = 0; r->file->columns[i]; i++) {
        r->columns[i] = -1;
        for (int k = 0; k < csv_count(r->csv); k++) {
            if (str_eqz(csv_field(r->csv, k), r->file->columns[i])) {
                r->columns[i] = k;
            }
        }
        if (r->columns[i] < 0) {
            ctl_say("%s:1: there is no column %s", r->path, r->file->columns[i]);
            return false;
        }
    }
    return true;
}

static void report(struct reader *r, const char *why)
{
    struct import_count *count = &r->im->counts[r->file->what];
    if (count->rejected++ < REPORTS_MAX) {
        fprintf(stderr, "%s%s:%lld: %s\n", term_progress() ? "\r\033[K" : "", r->path,
                (long long)csv_line(r->csv), why);
    }
}

static void take_row(struct reader *r, int width)
{
    if (csv_count(r->csv) != width) {
        char why[80];
        snprintf(why, sizeof(why), "%d fields where the header has %d", csv_count(r->csv), width);
        report(r, why);
    } else if (!r->file->row(r)) {
        report(r, r->why);
    }
}

static enum ctl_exit read_rows(struct reader *r)
{
    struct import_count *count = &r->im->counts[r->file->what];
    struct progress progress;
    int width = csv_count(r->csv);
    enum csv_state state;
    progress_start(&progress, r->file->label, csv_size(r->csv), r->im->quiet);
    while (((state = csv_next(r->csv)) == CSV_ROW || state == CSV_BAD) && !r->copy.failed) {
        if (count->read++ % PROGRESS_EVERY == 0) {
            progress_set(&progress, csv_offset(r->csv));
        }
        if (state == CSV_BAD) {
            report(r, csv_why(r->csv));
        } else {
            take_row(r, width);
        }
    }
    progress.done = count->read;
    progress_end(&progress, NULL);
    if (count->rejected > REPORTS_MAX) {
        fprintf(stderr, "%s: %lld more bad rows\n", r->path, (long long)count->rejected - REPORTS_MAX);
    }
    return state == CSV_LOST
               ? ctl_fail(CTL_FAILED, "%s:%lld: %s", r->path, (long long)csv_line(r->csv), csv_why(r->csv))
               : CTL_OK;
}

static enum ctl_exit load_file(struct reader *r)
{
    if (!find_columns(r)) {
        return CTL_FAILED;
    }
    if (!copy_begin(&r->copy, r->im->c, r->file->copy)) {
        return pg_exit(r->im->c);
    }
    enum ctl_exit exit = read_rows(r);
    r->copy.failed |= exit != CTL_OK;
    if (!copy_end(&r->copy) && exit == CTL_OK) {
        exit = pg_exit(r->im->c);
    }
    return exit;
}

static enum ctl_exit open_file(struct reader *r)
{
    static const char *const endings[] = { ".csv.gz", ".csv" };
    for (size_t i = 0; i < 2; i++) {
        snprintf(r->path, sizeof(r->path), "%s/%s%s", r->im->dir, r->file->name, endings[i]);
        r->csv = csv_open(r->path);
        if (r->csv || errno != ENOENT) {
            break;
        }
    }
    if (r->csv) {
        return CTL_OK;
    }
    if (errno != ENOENT) {
        return ctl_fail(CTL_FAILED, "%s: %s", r->path, strerror(errno));
    }
    return r->file->required ? ctl_fail(CTL_NOT_FOUND, "%s has neither %s.csv.gz nor %s.csv", r->im->dir,
                                        r->file->name, r->file->name)
                             : CTL_NOT_FOUND;
}

static enum ctl_exit read_file(struct import *im, const struct file *file)
{
    struct reader r = { .im = im, .file = file };
    enum ctl_exit exit = open_file(&r);
    if (exit != CTL_OK) {
        if (exit == CTL_NOT_FOUND && !file->required) {
            ctl_say("%s has no %s.csv.gz: skipped", im->dir, file->name);
            return CTL_OK;
        }
        return exit;
    }
    if (file->what == IMPORT_LISTINGS) {
        snprintf(im->listings_path, sizeof(im->listings_path), "%s", r.path);
    }
    buf_init(&r.scratch, SCRATCH_MAX);
    exit = load_file(&r);
    buf_free(&r.scratch);
    csv_close(r.csv);
    return exit;
}

enum ctl_exit import_read(struct import *im)
{
    if (!pg_exec(im->c, tables_sql)) {
        return pg_exit(im->c);
    }
    enum ctl_exit exit = CTL_OK;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && exit == CTL_OK; i++) {
        exit = read_file(im, &files[i]);
    }
    return exit;
}
