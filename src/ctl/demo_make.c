/* Numbers of the invented content: who hosts what where, at which price, and who stays when. */
#include "ctl/demo.h"

#include <math.h>
#include <stdlib.h>

#define US_PER_DAY    ((int64_t)86400 * 1000000)
#define KM_PER_DEGREE 111.2

/* Ten properties next to each other have three hosts: with six, three and one. */
#define HOSTS_BLOCK     10
#define HOSTS_PER_BLOCK 3

struct rng {
    uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood 2014): small, and any state is a good start. */
static uint64_t rng_next(struct rng *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static struct rng rng_for(const struct demo_world *w, uint64_t stream, uint64_t number)
{
    struct rng r = { w->seed * 0xd1342543de82ef95u + (uint64_t)w->properties };
    r.state = rng_next(&r) ^ (stream << 56) ^ number * 0xda942042e4dd58b5u;
    rng_next(&r);
    return r;
}

static int64_t rng_below(struct rng *r, int64_t n)
{
    return (int64_t)(((unsigned __int128)rng_next(r) * (uint64_t)n) >> 64);
}

static double rng_unit(struct rng *r) /* (0, 1) */
{
    return ((double)(rng_next(r) >> 12) + 0.5) / 4503599627370496.0;
}

static double rng_normal(struct rng *r) /* Box-Muller */
{
    double radius = sqrt(-2.0 * log(rng_unit(r)));
    return radius * cos(6.283185307179586 * rng_unit(r));
}

static bool rng_percent(struct rng *r, int percent)
{
    return rng_below(r, 100) < percent;
}

void demo_world_init(struct demo_world *w)
{
    int64_t weights = 0, before = 0;
    for (int i = 0; i < demo_city_count; i++) {
        weights += demo_cities[i].weight;
    }
    w->first = calloc((size_t)demo_city_count + 1, sizeof(*w->first));
    if (!w->first) {
        abort();
    }
    for (int i = 0; i < demo_city_count; i++) {
        w->first[i] = w->properties * before / weights;
        before += demo_cities[i].weight;
    }
    w->first[demo_city_count] = w->properties;
    w->hosts = (w->properties + HOSTS_BLOCK - 1) / HOSTS_BLOCK * HOSTS_PER_BLOCK;
    w->guests = w->properties / 4 + 50;
}

void demo_world_free(struct demo_world *w)
{
    free(w->first);
    w->first = NULL;
}

static int city_of(const struct demo_world *w, int64_t number)
{
    int low = 0, high = demo_city_count;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (w->first[middle] <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static int64_t host_of(int64_t number)
{
    static const int owner[HOSTS_BLOCK] = { 0, 0, 0, 1, 0, 1, 0, 2, 1, 0 };
    return number / HOSTS_BLOCK * HOSTS_PER_BLOCK + owner[number % HOSTS_BLOCK];
}

/* Neighbourhoods of a city are around its centre in the same places whatever the seed. */
static void place(const struct demo_world *w, struct demo_property *p, int city, struct rng *r)
{
    int64_t inside = p->number - w->first[city], size = w->first[city + 1] - w->first[city];
    p->city = &demo_cities[city];
    p->neighbourhood = (int)(inside * DEMO_NEIGHBOURHOODS / size);
    struct rng fixed = { ((uint64_t)city << 8 | (uint64_t)p->neighbourhood) * 0x9e3779b97f4a7c15u };
    double north = rng_normal(&fixed) * p->city->radius * 0.5,
           east = rng_normal(&fixed) * p->city->radius * 0.5;
    north += rng_normal(r) * 0.7;
    east += rng_normal(r) * 0.7;
    double lat = p->city->lat + north / KM_PER_DEGREE;
    double lon = p->city->lon + east / (KM_PER_DEGREE * cos(p->city->lat * 0.017453292519943295));
    p->lat = round(lat * 1e5) / 1e5;
    p->lon = round(lon * 1e5) / 1e5;
}

static void size(struct demo_property *p, struct rng *r)
{
    static const int kinds[] = { 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 0, 0, 1 };
    static const int capacities[] = { 1, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4, 5, 6, 6, 8, 10 };
    bool home = rng_percent(r, 72);
    p->kind = kinds[rng_below(r, 16)];
    p->room_type = home ? 0 : rng_percent(r, 92) ? 1 : 2;
    p->capacity = home ? capacities[rng_below(r, 16)] : 1 + (int)rng_below(r, 2);
    p->bedrooms = home ? (p->capacity + 1) / 2 - (int)rng_below(r, 2) : 1;
    p->beds = (p->capacity + 1) / 2 + (int)rng_below(r, 2);
    p->half_baths = 2 + (p->capacity > 4 ? (int)rng_below(r, 4) : 0);
}

/* Log-normal around the city's median; a room costs less than half of a home, each guest beyond two adds a
 * fifth. */
static int64_t price_of(const struct demo_property *p, struct rng *r)
{
    double factor =
        exp(0.42 * rng_normal(r)) * (p->room_type == 0 ? 1.0 : 0.45) * (1.0 + 0.2 * (p->capacity - 2));
    int64_t price = (int64_t)((double)p->city->price * factor / (double)p->city->round) * p->city->round;
    return price < p->city->round ? p->city->round : price;
}

/* Popular amenities stand first and are more likely; the choice is ascending. */
static void furnish(struct demo_property *p, struct rng *r)
{
    p->amenity_count = 0;
    for (int i = 0; i < demo_amenity_count && p->amenity_count < DEMO_AMENITIES_MAX; i++) {
        int percent = i < 4 ? 70 : i < 12 ? 16 : 4;
        if (rng_percent(r, percent)) {
            p->amenities[p->amenity_count++] = (uint8_t)i;
        }
    }
}

/* Each stay has a window of its own, so that no two meet. Days are relative to today. */
static const struct {
    int from, to;
} windows[DEMO_STAYS] = { { -330, -221 }, { -220, -111 }, { -110, -1 }, { 2, 60 }, { 61, 150 } };

static void review(struct demo_stay *s, int64_t quality, struct rng *r)
{
    static const int ratings[3][10] = { { 2, 3, 3, 4, 4, 4, 5, 5, 3, 1 },
                                        { 4, 4, 5, 5, 5, 4, 3, 5, 5, 4 },
                                        { 5, 5, 5, 5, 5, 4, 5, 5, 4, 5 } };
    s->rating = rng_percent(r, 50) ? ratings[quality][rng_below(r, 10)] : 0;
    s->reviewed_us = s->check_out * US_PER_DAY + rng_below(r, US_PER_DAY);
}

static void book(const struct demo_world *w, struct demo_property *p, int which, int64_t quality,
                 struct rng *r)
{
    struct demo_stay *s = &p->stays[which];
    int nights = p->min_nights + (int)rng_below(r, 5);
    int room = windows[which].to - windows[which].from - nights;
    s->check_in = w->today + windows[which].from + (date_t)rng_below(r, room + 1);
    s->check_out = s->check_in + nights;
    s->guests = 1 + (int)rng_below(r, p->capacity);
    s->guest = w->hosts + rng_below(r, w->guests);
    s->total = p->price * nights;
    s->cancelled = rng_percent(r, 4);
    int64_t latest = s->check_in < w->today ? s->check_in : w->today;
    s->created_us = latest * US_PER_DAY - rng_below(r, 60 * US_PER_DAY) - 1;
    s->cancelled_us = s->created_us + rng_below(r, latest * US_PER_DAY - s->created_us);
    s->rating = 0;
    if (which < DEMO_STAYS_PAST && !s->cancelled) {
        review(s, quality, r);
    }
}

void demo_property_make(const struct demo_world *w, int64_t number, struct demo_property *p)
{
    static const int min_nights[] = { 1, 1, 1, 1, 2, 2, 2, 3 };
    static const int max_nights[] = { 14, 28, 30, 60, 90, 180, 365, 365 };
    struct rng r = rng_for(w, DEMO_PROPERTY, (uint64_t)number);
    memset(p, 0, sizeof(*p));
    p->number = number;
    p->host = host_of(number);
    place(w, p, city_of(w, number), &r);
    size(p, &r);
    p->price = price_of(p, &r);
    p->min_nights = min_nights[rng_below(&r, 8)];
    p->max_nights = max_nights[rng_below(&r, 8)];
    p->created_us = (int64_t)(w->today - 400) * US_PER_DAY - rng_below(&r, 1000 * US_PER_DAY);
    furnish(p, &r);
    int64_t quality = rng_below(&r, 3);
    for (int i = 0; i < DEMO_STAYS; i++) {
        book(w, p, i, quality, &r);
    }
    p->words = rng_next(&r);
}

struct uuid demo_id(const struct demo_world *w, enum demo_table table, int64_t number)
{
    struct rng r = rng_for(w, 16 + (uint64_t)table, (uint64_t)number);
    int64_t rows = table == DEMO_USER                             ? w->hosts + w->guests
                   : table == DEMO_PROPERTY || table == DEMO_UNIT ? w->properties
                                                                  : w->properties * DEMO_STAYS;
    /* Spread over the five hundred days before the oldest stay: eight seconds a row at the most rows. */
    int64_t start = (int64_t)(w->today - 900) * 86400000, span = (int64_t)500 * 86400000;
    uint64_t ms = (uint64_t)(start + (int64_t)((__int128)span * number / rows));
    uint64_t random[2] = { rng_next(&r), rng_next(&r) };
    struct uuid u;
    for (int i = 0; i < 6; i++) {
        u.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    for (int i = 6; i < 16; i++) {
        u.b[i] = (uint8_t)(random[i & 1] >> (4 * (i - 6)));
    }
    u.b[6] = (uint8_t)((u.b[6] & 0x0f) | 0x70);
    u.b[8] = (uint8_t)((u.b[8] & 0x3f) | 0x80);
    return u;
}
