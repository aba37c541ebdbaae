/* The lines of a price, in the order in which they depend on each other. */
#include "pricing/price_engine.h"

#include <string.h>

const char *const price_kinds[] = { "accommodation", "discount",    "extra_guest", "fee",
                                    "tax",           "service_fee", "coupon",      NULL };
const char *const price_parties[] = { "guest", "host", NULL };
const char *const price_payees[] = { "host", "platform", "tax", NULL };
const char *const price_pers[] = { "stay", "night", "guest", "guest_night", NULL };
const char *const price_discount_kinds[] = { "length_of_stay", "early", "late", NULL };

/* What a stay is priced with while its lines are made. */
struct maker {
    struct arena *a;
    const struct price_stay *stay;
    const struct price_plan *plan;
    struct price *out;
    int64_t nights;    /* price of all nights */
    int64_t discounts; /* off them */
    int64_t coupon;    /* the host's, off what is left */
    int64_t extra;     /* extra guests and infants */
    int64_t fees;
    int64_t service_fee; /* the guest's */
    int64_t included;    /* taxes within the host's prices */
    bool overflow;
};

static const struct price_plan no_plan = { 0 };

static void count(struct maker *m, int64_t *sum, int64_t v)
{
    m->overflow = __builtin_add_overflow(*sum, v, sum) || m->overflow;
}

/* A line the guest pays; quantity and unit_amount are set. What the host is paid is his line too. */
static struct price_line *add_line(struct maker *m, struct price_line line)
{
    struct price_line *to = &m->out->lines[m->out->line_count++];
    m->overflow =
        __builtin_mul_overflow((int64_t)line.quantity, line.unit_amount, &line.amount) || m->overflow;
    *to = line;
    return to;
}

int64_t price_derived(const struct price_derivation *how, int quantity, int64_t unit_amount)
{
    int64_t v = how->rule == PRICE_RULE_PERCENT ? price_share(how->base, how->ppm, how->divisor)
                : how->whole > 0                ? how->whole
                                                : quantity * (unit_amount < 0 ? -unit_amount : unit_amount);
    return how->limit >= 0 && v > how->limit ? how->limit : v;
}

/* ---- nights */

static bool is_like(const struct price_line *line, const struct price_night *night)
{
    return line->unit_amount == night->price && uuid_eq(&line->season, &night->season);
}

/* Nights of one price and season make one line. */
static void add_nights(struct maker *m)
{
    const struct price_stay *s = m->stay;
    struct price *out = m->out;
    for (size_t n = 0; n < s->night_count; n++) {
        size_t i = 0;
        while (i < out->line_count && !is_like(&out->lines[i], &s->nights[n])) {
            i++;
        }
        if (i == out->line_count) {
            add_line(
                m, (struct price_line){ .kind = PRICE_NIGHTS,
                                        .unit_amount = s->nights[n].price,
                                        .season = s->nights[n].season,
                                        .how = { .rule = PRICE_RULE_NIGHTS, .limit = -1, .threshold = -1 } });
        }
        out->lines[i].quantity++;
    }
    for (size_t i = 0; i < out->line_count; i++) {
        struct price_line *line = &out->lines[i];
        line->how.nights = line->quantity;
        line->how.of_nights = (int)s->night_count;
        m->overflow =
            __builtin_mul_overflow((int64_t)line->quantity, line->unit_amount, &line->amount) || m->overflow;
        count(m, &m->nights, line->amount);
    }
}

/* ---- discounts */

static bool applies(const struct price_discount *d, const struct price_stay *s)
{
    switch (d->kind) {
    case PRICE_LENGTH_OF_STAY:
        return (int64_t)s->night_count >= d->threshold;
    case PRICE_EARLY:
        return s->days_ahead >= d->threshold;
    case PRICE_LATE:
        return s->days_ahead <= d->threshold;
    case PRICE_DISCOUNT_KINDS:
        break;
    }
    return false;
}

static const struct price_discount *best(const struct maker *m, enum price_discount_kind kind)
{
    const struct price_discount *found = NULL;
    for (size_t i = 0; i < m->plan->discount_count; i++) {
        const struct price_discount *d = &m->plan->discounts[i];
        if (d->kind == kind && applies(d, m->stay) &&
            (!found ||
             (kind == PRICE_LATE ? d->threshold < found->threshold : d->threshold > found->threshold))) {
            found = d;
        }
    }
    return found;
}

/* A percentage that is not nothing. */
static int64_t add_percent(struct maker *m, struct price_line line, int sign)
{
    line.how.rule = PRICE_RULE_PERCENT;
    line.quantity = 1;
    int64_t v = price_derived(&line.how, 1, 0);
    line.unit_amount = sign * v;
    if (v > 0) {
        add_line(m, line);
    }
    return v;
}

static void add_discounts(struct maker *m)
{
    for (int kind = 0; kind < PRICE_DISCOUNT_KINDS; kind++) {
        const struct price_discount *d = best(m, (enum price_discount_kind)kind);
        if (d) {
            m->discounts += add_percent(m,
                                        (struct price_line){ .kind = PRICE_DISCOUNT,
                                                             .how = { .discount = d->kind,
                                                                      .threshold = d->threshold,
                                                                      .whole = m->nights,
                                                                      .base = m->nights,
                                                                      .ppm = d->ppm,
                                                                      .divisor = PRICE_PPM,
                                                                      .on = PRICE_ON_NIGHTS,
                                                                      .limit = m->nights - m->discounts } },
                                        -1);
        }
    }
}

/* ---- guests */

static int age_of(const struct price_stay *s, int child)
{
    return s->child_ages ? s->child_ages[child] : PRICE_ADULT_AGE - 1;
}

static int64_t price_of_age(const struct price_guests *g, int age)
{
    for (size_t i = 0; i < g->band_count; i++) {
        if (age < g->bands[i].under) {
            return g->bands[i].price;
        }
    }
    return g->extra;
}

/* Ages of the children that are beyond the included places: the youngest. */
static int extra_children(const struct maker *m, int *ages)
{
    const struct price_stay *s = m->stay;
    int beyond = s->adults + s->children - m->plan->guests.included;
    int wanted = beyond < s->children ? beyond : s->children;
    for (int i = 0; i < s->children; i++) {
        int at = i, age = age_of(s, i);
        for (; at > 0 && ages[at - 1] > age; at--) {
            ages[at] = ages[at - 1];
        }
        ages[at] = age;
    }
    return wanted > 0 ? wanted : 0;
}

/* So many persons, each night. Nothing is said of what costs nothing. */
static void add_persons(struct maker *m, struct str who, int persons, int64_t price, int all)
{
    int nights = (int)m->stay->night_count;
    if (persons <= 0 || price == 0) {
        return;
    }
    const struct price_line *line = add_line(m, (struct price_line){ .kind = PRICE_EXTRA_GUEST,
                                                                     .name = who,
                                                                     .quantity = persons * nights,
                                                                     .unit_amount = price,
                                                                     .how = { .rule = PRICE_RULE_FLAT,
                                                                              .per = PRICE_PER_GUEST_NIGHT,
                                                                              .threshold = -1,
                                                                              .nights = nights,
                                                                              .of_nights = nights,
                                                                              .persons = persons,
                                                                              .of_persons = all,
                                                                              .limit = -1 } });
    count(m, &m->extra, line->amount);
}

static void add_guests(struct maker *m)
{
    const struct price_guests *g = &m->plan->guests;
    const struct price_stay *s = m->stay;
    const struct str extra = STR("extra guest");
    int guests = s->adults + s->children;
    if (g->included > 0 && guests > g->included) {
        int *ages = ARENA_ARRAY(m->a, int, (size_t)s->children + 1);
        int children = extra_children(m, ages);
        int64_t price = g->extra;
        int same = guests - g->included - children;
        /* From the oldest on, as long as the price is the same: adults first. */
        for (int i = children; i-- > 0;) {
            int64_t own = price_of_age(g, ages[i]);
            if (own != price) {
                add_persons(m, extra, same, price, guests);
                price = own;
                same = 0;
            }
            same++;
        }
        add_persons(m, extra, same, price, guests);
    }
    add_persons(m, STR("infant"), s->infants, g->infant, guests + s->infants);
}

/* ---- fees, coupon, service fee */

static int units(enum price_per per, int nights, int persons)
{
    switch (per) {
    case PRICE_PER_NIGHT:
        return nights;
    case PRICE_PER_GUEST:
        return persons;
    case PRICE_PER_GUEST_NIGHT:
        return nights * persons;
    case PRICE_PER_STAY:
    case PRICE_PERS:
        break;
    }
    return 1;
}

static void add_fee(struct maker *m, const struct price_fee *f)
{
    int nights = (int)m->stay->night_count, persons = m->stay->adults + m->stay->children;
    struct price_line line = { .kind = PRICE_FEE, .name = f->name };
    if (f->percent) {
        int64_t base = m->nights - m->discounts;
        count(m, &base, m->extra);
        line.how = (struct price_derivation){ .threshold = -1,
                                              .whole = base,
                                              .base = base,
                                              .ppm = f->ppm,
                                              .divisor = PRICE_PPM,
                                              .limit = -1,
                                              .on = PRICE_ON_NIGHTS | PRICE_ON_EXTRA_GUESTS };
        count(m, &m->fees, add_percent(m, line, 1));
        return;
    }
    line.quantity = units(f->per, nights, persons);
    line.unit_amount = f->amount;
    line.how = (struct price_derivation){ .rule = PRICE_RULE_FLAT,
                                          .per = f->per,
                                          .threshold = -1,
                                          .nights = nights,
                                          .of_nights = nights,
                                          .persons = persons,
                                          .of_persons = persons,
                                          .limit = -1 };
    if (f->amount > 0) {
        count(m, &m->fees, add_line(m, line)->amount);
    }
}

/* Of nights less discounts. The platform's makes the guest pay less, but nobody get less for it. */
static int64_t add_coupon(struct maker *m)
{
    const struct price_coupon *c = m->stay->coupon;
    int64_t base = m->nights - m->discounts;
    struct price_line line = { .kind = PRICE_COUPON,
                               .name = c->code,
                               .payee = c->by_host ? PRICE_TO_HOST : PRICE_TO_PLATFORM };
    line.how =
        (struct price_derivation){ .threshold = -1,
                                   .whole = base,
                                   .base = base,
                                   .ppm = c->ppm,
                                   .divisor = PRICE_PPM,
                                   .limit = c->max_amount > 0 && c->max_amount < base ? c->max_amount : base,
                                   .on = PRICE_ON_NIGHTS };
    if (c->ppm > 0) {
        return add_percent(m, line, -1);
    }
    int64_t v = c->amount < base ? c->amount : base;
    line.quantity = 1;
    line.unit_amount = -v;
    line.how = (struct price_derivation){
        .rule = PRICE_RULE_FLAT, .threshold = -1, .limit = base, .whole = c->amount
    };
    if (v > 0) {
        add_line(m, line);
    }
    return v;
}

/* What the host asks for in all, taxes included. */
static int64_t gross(struct maker *m)
{
    int64_t v = m->nights - m->discounts - m->coupon;
    count(m, &v, m->extra);
    count(m, &v, m->fees);
    return v;
}

static struct price_line service_fee(int64_t base, int32_t ppm, int64_t limit)
{
    return (struct price_line){ .kind = PRICE_SERVICE_FEE,
                                .payee = PRICE_TO_PLATFORM,
                                .how = { .threshold = -1,
                                         .whole = base,
                                         .base = base,
                                         .ppm = ppm,
                                         .divisor = PRICE_PPM,
                                         .limit = limit,
                                         .on = PRICE_ON_NIGHTS | PRICE_ON_EXTRA_GUESTS | PRICE_ON_FEES } };
}

/* ---- taxes */

/* The first `nights` of the nights' prices, less their part of discounts and the host's coupon. */
static int64_t first_nights(struct maker *m, int nights)
{
    size_t n = m->stay->night_count;
    int64_t *weights = ARENA_ARRAY(m->a, int64_t, n), *parts = ARENA_ARRAY(m->a, int64_t, n), sum = 0;
    for (size_t i = 0; i < n; i++) {
        weights[i] = m->stay->nights[i].price;
    }
    price_split(m->a, m->discounts + m->coupon, weights, n, parts);
    for (int i = 0; i < nights; i++) {
        count(m, &sum, weights[i] - parts[i]);
    }
    return sum;
}

/* The first `some` of `all` equal parts; what is left over goes to the first. */
static int64_t first_parts(int64_t total, int some, int all)
{
    int64_t over = total % all;
    return total / all * some + (over < some ? over : some);
}

static void base_of_tax(struct maker *m, const struct price_tax *t, struct price_derivation *how)
{
    static const enum price_base even[] = { PRICE_ON_EXTRA_GUESTS, PRICE_ON_FEES, PRICE_ON_SERVICE_FEE };
    const int64_t sums[] = { m->extra, m->fees, m->service_fee };
    if (t->on & PRICE_ON_NIGHTS) {
        how->whole = m->nights - m->discounts - m->coupon;
        how->base = how->nights < how->of_nights ? first_nights(m, how->nights) : how->whole;
    }
    for (size_t i = 0; i < sizeof(even) / sizeof(even[0]); i++) {
        if (t->on & even[i]) {
            count(m, &how->whole, sums[i]);
            count(m, &how->base, first_parts(sums[i], how->nights, how->of_nights));
        }
    }
    how->base = first_parts(how->base, how->persons, how->of_persons);
}

static int persons_taxed(const struct price_stay *s, int exempt_under)
{
    int n = s->adults;
    for (int i = 0; i < s->children; i++) {
        n += age_of(s, i) >= exempt_under;
    }
    return n + (exempt_under < PRICE_CHILD_AGE ? s->infants : 0);
}

/* Included taxes of one plan share their base: a gross price is the net price and all of them. */
static int64_t divisor_of(const struct price_plan *plan, bool included)
{
    int64_t divisor = PRICE_PPM;
    for (size_t i = 0; included && i < plan->tax_count; i++) {
        divisor += plan->taxes[i].included && plan->taxes[i].percent ? plan->taxes[i].ppm : 0;
    }
    return divisor;
}

static void add_tax(struct maker *m, const struct price_tax *t)
{
    const struct price_stay *s = m->stay;
    int nights = (int)s->night_count, all = s->adults + s->children + s->infants;
    int64_t limit = t->included ? gross(m) - m->included : -1;
    struct price_line line = {
        .kind = PRICE_TAX, .name = t->name, .payee = PRICE_TO_TAX, .included = t->included
    };
    line.how =
        (struct price_derivation){ .per = t->per,
                                   .threshold = -1,
                                   .nights =
                                       t->max_nights > 0 && t->max_nights < nights ? t->max_nights : nights,
                                   .of_nights = nights,
                                   .persons = persons_taxed(s, t->exempt_under),
                                   .of_persons = all,
                                   .limit = limit };
    int64_t v;
    if (t->percent) {
        line.how.ppm = t->ppm;
        line.how.divisor = divisor_of(m->plan, t->included);
        line.how.on = t->on;
        base_of_tax(m, t, &line.how);
        v = add_percent(m, line, 1);
    } else {
        line.how.rule = PRICE_RULE_FLAT;
        line.quantity = units(t->per, line.how.nights, line.how.persons);
        line.unit_amount = t->amount;
        v = price_derived(&line.how, line.quantity, t->amount);
        if (v != line.quantity * t->amount) { /* no more than there is */
            line.how.whole = line.quantity * t->amount;
            line.quantity = 1;
            line.unit_amount = v;
        }
        if (v > 0) {
            add_line(m, line);
        }
    }
    if (t->included) {
        m->included += v;
    }
}

/* ---- both sides */

/* What the host is paid, less what he pays of it. */
static void add_host_lines(struct maker *m)
{
    size_t guest_lines = m->out->line_count;
    for (size_t i = 0; i < guest_lines; i++) {
        struct price_line line = m->out->lines[i];
        if (line.payee == PRICE_TO_HOST || line.included) {
            line.party = PRICE_HOST;
            line.unit_amount = line.included ? -line.unit_amount : line.unit_amount;
            line.included = false;
            add_line(m, line);
        }
    }
    int64_t base = gross(m);
    struct price_line fee = service_fee(base, m->stay->host_fee_ppm, base - m->included);
    fee.party = PRICE_HOST;
    add_percent(m, fee, -1);
}

static void sum_up(struct maker *m)
{
    struct price *p = m->out;
    for (size_t i = 0; i < p->line_count; i++) {
        const struct price_line *line = &p->lines[i];
        if (line->party == PRICE_HOST) {
            count(m, &p->host_total, line->amount);
            continue;
        }
        if (!line->included) {
            count(m, &p->total, line->amount);
        }
        if (line->payee == PRICE_TO_TAX) {
            count(m, &p->tax_total, line->amount);
        }
    }
    m->overflow |= __builtin_sub_overflow(p->total, p->host_total, &p->platform_total);
    m->overflow |= __builtin_sub_overflow(p->platform_total, p->tax_total, &p->platform_total);
}

static size_t room(const struct price_stay *s, const struct price_plan *plan)
{
    return 2 * (s->night_count + PRICE_DISCOUNT_KINDS + plan->guests.band_count + 2 + plan->fee_count +
                plan->tax_count + 3);
}

bool price_make(struct arena *a, const struct price_stay *stay, struct price *out)
{
    struct maker m = { .a = a, .stay = stay, .plan = stay->plan ? stay->plan : &no_plan, .out = out };
    *out = (struct price){ .lines = ARENA_ARRAY(a, struct price_line, room(stay, m.plan)) };
    add_nights(&m);
    if (m.overflow) {
        return false;
    }
    add_discounts(&m);
    add_guests(&m);
    for (size_t i = 0; i < m.plan->fee_count; i++) {
        add_fee(&m, &m.plan->fees[i]);
    }
    if (stay->coupon && stay->coupon->by_host) {
        m.coupon = add_coupon(&m);
    }
    int64_t base = gross(&m);
    m.service_fee = add_percent(&m, service_fee(base, stay->guest_fee_ppm, -1), 1);
    for (size_t i = 0; i < m.plan->tax_count; i++) {
        add_tax(&m, &m.plan->taxes[i]);
    }
    if (stay->coupon && !stay->coupon->by_host) {
        add_coupon(&m);
    }
    add_host_lines(&m);
    sum_up(&m);
    return !m.overflow;
}
