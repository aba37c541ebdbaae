/* From numbers and words to rows. */
#include "ctl/demo_rows.h"

static void write_users(struct demo_writer *w, int64_t number);
static void write_roles(struct demo_writer *w, int64_t number);
static void write_property(struct demo_writer *w, int64_t number);
static void write_rules(struct demo_writer *w, int64_t number);
static void write_amenities(struct demo_writer *w, int64_t number);
static void write_photo(struct demo_writer *w, int64_t number);
static void write_unit(struct demo_writer *w, int64_t number);
static void write_bookings(struct demo_writer *w, int64_t number);
static void write_occupancy(struct demo_writer *w, int64_t number);
static void write_reviews(struct demo_writer *w, int64_t number);
static void write_search(struct demo_writer *w, int64_t number);

const struct demo_rows demo_rows[] = {
    { "users", "id, email, name, created_at, updated_at", true, 1, write_users },
    { "user_roles", "user_id, role_name", true, 1, write_roles },
    { "properties",
      "id, host_id, status, title, description, kind, room_type, address, city, country, location, "
      "time_zone, capacity,"
      " bedrooms, beds, bathrooms, house_rules, price, currency, min_nights, max_nights, created_at, "
      "updated_at",
      false, 1, write_property },
    { "booking_rules", "property_id", false, 1, write_rules },
    { "property_amenities", "property_id, amenity_id", false, 1, write_amenities },
    { "property_photos", "property_id, position, url", false, 1, write_photo },
    { "units", "id, property_id, position, name", false, 1, write_unit },
    { "bookings",
      "id, property_id, unit_id, guest_id, host_id, status, check_in, check_out, guests, total, currency, "
      "cancelled_at,"
      " cancelled_by, created_at, updated_at",
      false, 2, write_bookings },
    { "occupancy", "id, unit_id, nights, kind, booking_id", false, 0, write_occupancy },
    { "reviews", "id, property_id, booking_id, author_id, author_name, rating, comment, created_at", false, 2,
      write_reviews },
    { "property_search",
      "property_id, location, published, created_at, room_type, price, currency, rating, review_count, "
      "capacity, "
      "bedrooms, min_nights,"
      " max_nights, unit_count, amenity_ids, busy",
      false, 1, write_search },
};
const int demo_rows_count = sizeof(demo_rows) / sizeof(demo_rows[0]);

int64_t demo_rows_calls(const struct demo_rows *r, const struct demo_world *w)
{
    return r->of_users ? w->hosts + w->guests : w->properties;
}

static const struct demo_property *property(struct demo_writer *w, int64_t number)
{
    demo_property_make(w->world, number, &w->property);
    return &w->property;
}

static void put_id(struct demo_writer *w, enum demo_table table, int64_t number)
{
    struct uuid id = demo_id(w->world, table, number);
    copy_uuid(&w->copy, &id);
}

/* Send what has been written to the scratch buffer. */
static void put_text(struct demo_writer *w)
{
    copy_text(&w->copy, buf_str(&w->text));
    buf_reset(&w->text);
}

#define US_PER_DAY ((int64_t)86400 * 1000000)

static void write_users(struct demo_writer *w, int64_t number)
{
    const struct demo_world *world = w->world;
    int64_t created = (int64_t)(world->today - 1500) * US_PER_DAY +
                      50 * US_PER_DAY / (world->hosts + world->guests) * number;
    copy_row(&w->copy, 5);
    put_id(w, DEMO_USER, number);
    demo_user_email(world, number, &w->text);
    put_text(w);
    demo_user_name(world, number, &w->text);
    put_text(w);
    copy_timestamptz(&w->copy, created);
    copy_timestamptz(&w->copy, created);
}

static void write_roles(struct demo_writer *w, int64_t number)
{
    copy_row(&w->copy, 2);
    put_id(w, DEMO_USER, number);
    copy_textz(&w->copy, "guest");
    if (number < w->world->hosts) {
        copy_row(&w->copy, 2);
        put_id(w, DEMO_USER, number);
        copy_textz(&w->copy, "host");
    }
}

static void write_texts(struct demo_writer *w, const struct demo_property *p)
{
    demo_title(p, &w->text);
    put_text(w);
    demo_description(p, &w->text);
    put_text(w);
    copy_textz(&w->copy, demo_kinds[p->kind]);
    copy_textz(&w->copy, demo_room_types[p->room_type]);
    demo_address(p, &w->text);
    put_text(w);
}

static void write_property(struct demo_writer *w, int64_t number)
{
    const struct demo_property *p = property(w, number);
    struct copy *cp = &w->copy;
    copy_row(cp, 23);
    put_id(w, DEMO_PROPERTY, number);
    put_id(w, DEMO_USER, p->host);
    copy_textz(cp, "published");
    write_texts(w, p);
    copy_textz(cp, p->city->name);
    copy_textz(cp, p->city->country);
    copy_point(cp, p->lon, p->lat);
    copy_textz(cp, p->city->zone);
    copy_int2(cp, p->capacity);
    copy_int2(cp, p->bedrooms);
    copy_int2(cp, p->beds);
    copy_halves(cp, p->half_baths);
    demo_house_rules(p, &w->text);
    put_text(w);
    copy_int8(cp, p->price);
    copy_textz(cp, p->city->currency);
    copy_int2(cp, p->min_nights);
    copy_int2(cp, p->max_nights);
    copy_timestamptz(cp, p->created_us);
    copy_timestamptz(cp, p->created_us);
}

/* Ids the vocabulary has, ascending; returns how many. */
static int amenity_ids(const struct demo_writer *w, const struct demo_property *p,
                       int16_t out[DEMO_AMENITIES_MAX])
{
    int n = 0;
    for (int i = 0; i < p->amenity_count; i++) {
        int16_t id = w->amenity_ids[p->amenities[i]];
        if (id == 0) {
            continue;
        }
        int at = n++;
        while (at > 0 && out[at - 1] > id) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = id;
    }
    return n;
}

static void write_rules(struct demo_writer *w, int64_t number)
{
    copy_row(&w->copy, 1);
    put_id(w, DEMO_PROPERTY, number);
}

static void write_amenities(struct demo_writer *w, int64_t number)
{
    int16_t ids[DEMO_AMENITIES_MAX];
    int n = amenity_ids(w, property(w, number), ids);
    for (int i = 0; i < n; i++) {
        copy_row(&w->copy, 2);
        put_id(w, DEMO_PROPERTY, number);
        copy_int2(&w->copy, ids[i]);
    }
}

static void write_photo(struct demo_writer *w, int64_t number)
{
    const struct demo_property *p = property(w, number);
    copy_row(&w->copy, 3);
    put_id(w, DEMO_PROPERTY, number);
    copy_int2(&w->copy, 0);
    buf_printf(&w->text, "https://images.invalid/demo/%s/%d.jpg", demo_kinds[p->kind],
               (int)(p->words >> 50) % 500);
    put_text(w);
}

static void write_unit(struct demo_writer *w, int64_t number)
{
    copy_row(&w->copy, 4);
    put_id(w, DEMO_UNIT, number);
    put_id(w, DEMO_PROPERTY, number);
    copy_int2(&w->copy, 0);
    copy_textz(&w->copy, "");
}

static const char *status_of(const struct demo_stay *s, int which)
{
    return s->cancelled ? "cancelled" : which < DEMO_STAYS_PAST ? "completed" : "confirmed";
}

static void write_booking(struct demo_writer *w, const struct demo_property *p, int which)
{
    const struct demo_stay *s = &p->stays[which];
    struct copy *cp = &w->copy;
    copy_row(cp, 15);
    put_id(w, DEMO_BOOKING, p->number * DEMO_STAYS + which);
    put_id(w, DEMO_PROPERTY, p->number);
    put_id(w, DEMO_UNIT, p->number);
    put_id(w, DEMO_USER, s->guest);
    put_id(w, DEMO_USER, p->host);
    copy_textz(cp, status_of(s, which));
    copy_date(cp, s->check_in);
    copy_date(cp, s->check_out);
    copy_int2(cp, s->guests);
    copy_int8(cp, s->total);
    copy_textz(cp, p->city->currency);
    if (s->cancelled) {
        copy_timestamptz(cp, s->cancelled_us);
        put_id(w, DEMO_USER, s->guest);
    } else {
        copy_null(cp);
        copy_null(cp);
    }
    copy_timestamptz(cp, s->created_us);
    copy_timestamptz(cp, s->cancelled ? s->cancelled_us : s->created_us);
}

static void write_bookings(struct demo_writer *w, int64_t number)
{
    const struct demo_property *p = property(w, number);
    for (int i = 0; i < DEMO_STAYS; i++) {
        write_booking(w, p, i);
    }
}

/* Neither a cancelled nor a completed stay takes nights. */
static bool takes_nights(const struct demo_property *p, int which)
{
    return which >= DEMO_STAYS_PAST && !p->stays[which].cancelled;
}

static struct copy_range nights(const struct demo_stay *s)
{
    return (struct copy_range){ s->check_in, s->check_out };
}

static void write_occupancy(struct demo_writer *w, int64_t number)
{
    const struct demo_property *p = property(w, number);
    for (int i = 0; i < DEMO_STAYS; i++) {
        if (takes_nights(p, i)) {
            copy_row(&w->copy, 5);
            put_id(w, DEMO_OCCUPANCY, number * DEMO_STAYS + i);
            put_id(w, DEMO_UNIT, number);
            copy_daterange(&w->copy, nights(&p->stays[i]));
            copy_textz(&w->copy, "booking");
            put_id(w, DEMO_BOOKING, number * DEMO_STAYS + i);
        }
    }
}

static void write_review(struct demo_writer *w, const struct demo_property *p, int which)
{
    const struct demo_stay *s = &p->stays[which];
    copy_row(&w->copy, 8);
    put_id(w, DEMO_REVIEW, p->number * DEMO_STAYS + which);
    put_id(w, DEMO_PROPERTY, p->number);
    put_id(w, DEMO_BOOKING, p->number * DEMO_STAYS + which);
    put_id(w, DEMO_USER, s->guest);
    demo_user_name(w->world, s->guest, &w->text);
    put_text(w);
    copy_int2(&w->copy, s->rating);
    demo_review_text(p, which, &w->text);
    put_text(w);
    copy_timestamptz(&w->copy, s->reviewed_us);
}

static void write_reviews(struct demo_writer *w, int64_t number)
{
    const struct demo_property *p = property(w, number);
    for (int i = 0; i < DEMO_STAYS; i++) {
        if (p->stays[i].rating > 0) {
            write_review(w, p, i);
        }
    }
}

/* As the view property_search_truth has it: the average rounded to two decimals, half up; 0 without reviews.
 */
static double rating_of(const struct demo_property *p, int *count)
{
    int sum = 0;
    *count = 0;
    for (int i = 0; i < DEMO_STAYS; i++) {
        sum += p->stays[i].rating;
        *count += p->stays[i].rating > 0;
    }
    return *count == 0 ? 0 : (double)((200 * sum + *count) / (2 * *count)) / 100.0;
}

static void write_busy(struct demo_writer *w, const struct demo_property *p)
{
    struct copy_range busy[DEMO_STAYS];
    int n = 0;
    for (int i = 0; i < DEMO_STAYS; i++) {
        if (!takes_nights(p, i)) {
            continue;
        }
        if (n > 0 && busy[n - 1].to == p->stays[i].check_in) {
            busy[n - 1].to = p->stays[i].check_out;
        } else {
            busy[n++] = nights(&p->stays[i]);
        }
    }
    copy_datemultirange(&w->copy, busy, n);
}

static void write_search(struct demo_writer *w, int64_t number)
{
    const struct demo_property *p = property(w, number);
    struct copy *cp = &w->copy;
    int16_t ids[DEMO_AMENITIES_MAX];
    int reviews;
    copy_row(cp, 16);
    put_id(w, DEMO_PROPERTY, number);
    copy_point(cp, p->lon, p->lat);
    copy_bool(cp, true);
    copy_timestamptz(cp, p->created_us);
    copy_textz(cp, demo_room_types[p->room_type]);
    copy_int8(cp, p->price);
    copy_textz(cp, p->city->currency);
    copy_float8(cp, rating_of(p, &reviews));
    copy_int4(cp, reviews);
    copy_int2(cp, p->capacity);
    copy_int2(cp, p->bedrooms);
    copy_int2(cp, p->min_nights);
    copy_int2(cp, p->max_nights);
    copy_int2(cp, 1);
    int n = amenity_ids(w, p, ids);
    copy_int2_array(cp, ids, n);
    write_busy(w, p);
}
