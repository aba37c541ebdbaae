/* POST /v1/quotes: the price of a stay. */
#include "pricing/pricing.h"

#include "calendar/stay.h"
#include "http/idempotency.h"
#include "pricing/quote.h"
#include "property/property.h"
#include "query/plan.h"

struct quote_create_in {
    struct shape_seen seen;
    struct uuid property_id;
    date_t check_in, check_out;
    int64_t guests, adults, children, infants;
    struct shape_list child_ages; /* of int64_t */
    struct str coupon, display_currency;
};
enum {
    PROPERTY_ID,
    CHECK_IN,
    CHECK_OUT,
    GUESTS,
    ADULTS,
    CHILDREN,
    INFANTS,
    CHILD_AGES,
    COUPON,
    DISPLAY_CURRENCY
};
#define IN(member) offsetof(struct quote_create_in, member)

static const struct shape_field in_fields[] = {
    [PROPERTY_ID] = { .name = "property_id",
                      .type = SHAPE_UUID,
                      .flags = SHAPE_REQUIRED,
                      .offset = IN(property_id),
                      .doc = "Property to stay in." },
    [CHECK_IN] = { .name = "check_in",
                   .type = SHAPE_DATE,
                   .flags = SHAPE_REQUIRED,
                   .offset = IN(check_in),
                   .doc = "First night, in the property's zone." },
    [CHECK_OUT] = { .name = "check_out",
                    .example = "\"2027-05-04\"",
                    .type = SHAPE_DATE,
                    .flags = SHAPE_REQUIRED,
                    .offset = IN(check_out),
                    .doc = "Day of departure." },
    [GUESTS] = { .name = "guests",
                 .type = SHAPE_INT,
                 .offset = IN(guests),
                 .min = 1,
                 .max = 100,
                 .doc = "Adults and children together. Without adults, all that are no children are adults.",
                 .example = "3" },
    [ADULTS] = { .name = "adults",
                 .type = SHAPE_INT,
                 .offset = IN(adults),
                 .min = 1,
                 .max = 100,
                 .doc = "Guests of 18 years or more; this or guests is required.",
                 .example = "2" },
    [CHILDREN] = { .name = "children",
                   .type = SHAPE_INT,
                   .offset = IN(children),
                   .min = 0,
                   .max = 99,
                   .def = "0",
                   .doc = "Guests of 2 to 17 years.",
                   .example = "1" },
    [INFANTS] = { .name = "infants",
                  .type = SHAPE_INT,
                  .offset = IN(infants),
                  .min = 0,
                  .max = 20,
                  .def = "0",
                  .doc = "Children under 2, who are no guests: they need no bed." },
    [CHILD_AGES] = { .name = "child_ages",
                     .type = SHAPE_LIST,
                     .offset = IN(child_ages),
                     .min = 0,
                     .max = 99,
                     .item = &quote_child_age,
                     .doc = "The age of each child on the day of arrival; without it they count as 17.",
                     .example = "[9]" },
    [COUPON] = { .name = "coupon",
                 .type = SHAPE_STRING,
                 .offset = IN(coupon),
                 .min = 3,
                 .max = 32,
                 .doc = "Code of a coupon. Its use is reserved by the booking, not by the quote.",
                 .example = "\"SUMMER-10\"" },
    [DISPLAY_CURRENCY] = { .name = "display_currency",
                           .type = SHAPE_STRING,
                           .offset = IN(display_currency),
                           .min = 3,
                           .max = 3,
                           .format = "currency",
                           .doc = "Show the amounts in this currency too, at the latest stored rate. The "
                                  "property's is charged.",
                           .example = "\"EUR\"" },
};

static void check_guests(const struct quote_create_in *in, struct violations *v)
{
    if (!SHAPE_HAS(in, GUESTS) && !SHAPE_HAS(in, ADULTS)) {
        violations_add(v, "/guests", "required", "Give guests or adults.");
    } else if (SHAPE_HAS(in, GUESTS) && SHAPE_HAS(in, ADULTS) && in->guests != in->adults + in->children) {
        violations_add(v, "/guests", "rule", "guests is adults and children together.");
    } else if (SHAPE_HAS(in, GUESTS) && in->guests <= in->children) {
        violations_add(v, "/children", "rule", "At least one guest is an adult.");
    } else if (in->adults + in->children > 100) {
        violations_add(v, "/children", "max", "At most 100 guests.");
    }
    if (SHAPE_HAS(in, CHILD_AGES) && (int64_t)in->child_ages.count != in->children) {
        violations_add(v, "/child_ages", "rule", "One age for each child.");
    }
}

static void in_check(const void *p, struct violations *v)
{
    const struct quote_create_in *in = p;
    if (in->check_out <= in->check_in) {
        violations_add(v, "/check_out", "rule", "check_out is after check_in.");
    } else if (in->check_out - in->check_in > PROPERTY_NIGHTS_MAX) {
        violations_add(v, "/check_out", "max", "A stay has at most %d nights.", PROPERTY_NIGHTS_MAX);
    }
    check_guests(in, v);
}

static const struct shape in_shape = { .name = "QuoteCreate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct quote_create_in),
                                       .doc = "A stay to be priced.",
                                       .check = in_check };

static enum err quote_create_exec(struct request *rq);
static const enum err errors[] = { ERR_NOT_FOUND,      ERR_STAY_RULES, ERR_DATES_UNAVAILABLE,
                                   ERR_COUPON_USED_UP, ERR_VALIDATION, ERR_NONE };

const struct op op_quote_create = {
    .name = "quote_create",
    .method = METHOD_POST,
    .path = "/v1/quotes",
    .tag = "Bookings",
    .summary = "Ask for the price of a stay",
    .doc = "Freezes the price for a while (expires_at). Nothing is reserved. With a token the quote is the "
           "caller's; without one, whoever knows its id may book it. A stay that breaks rules is refused "
           "with all of "
           "them. GET /v1/quotes/{id}/explain derives every amount.",
    .perm = PERM_PUBLIC,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT,
    .status = 201,
    .in = &in_shape,
    .entity = &entity_quote,
    .errors = errors,
    .exec = quote_create_exec,
};

static struct quote_wanted wanted_of(struct request *rq, const struct quote_create_in *in)
{
    return (struct quote_wanted){ .property_id = in->property_id,
                                  .check_in = in->check_in,
                                  .check_out = in->check_out,
                                  .adults =
                                      (int)(SHAPE_HAS(in, ADULTS) ? in->adults : in->guests - in->children),
                                  .children = (int)in->children,
                                  .infants = (int)in->infants,
                                  .child_ages = quote_child_ages(rq->arena, &in->child_ages),
                                  .coupon = in->coupon,
                                  .display_currency = in->display_currency };
}

static enum err store_quote(struct request *rq, const struct quote_wanted *w, const struct quote_basis *basis,
                            const struct price *price)
{
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    *id = uuid_v7();
    struct db_batch *b = write_batch(rq);
    const struct plan *plan;
    struct selection *sel;
    int index;
    bool replayed;
    enum err e = quote_add_rows(rq, b, id, w, basis, price);
    if (e || (e = plan_add_item(rq, b, &entity_quote, id, &index, &plan, &sel)) ||
        (e = write_run(rq, b, &replayed))) {
        return e;
    }
    char text[UUID_TEXT_SIZE];
    uuid_format(text, id);
    response_header(rq, "Location", arena_printf(rq->arena, "/v1/quotes/%s", text));
    return plan_write(rq, plan, sel, db_result(b, index));
}

static enum err quote_create_exec(struct request *rq)
{
    struct quote_wanted wanted = wanted_of(rq, rq->in);
    struct stay stay = { wanted.check_in, wanted.check_out, wanted.adults + wanted.children };
    struct quote_basis basis;
    struct price price;
    bool replayed;
    struct db_batch *b = write_batch(rq);
    struct quote_ask ask = quote_add(rq, b, &wanted);
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed || (e = quote_read(rq, b, ask, &wanted, &basis)) ||
        (e = stay_check(rq, &stay, &basis.stay)) || (e = quote_price(rq, &wanted, &basis, &price))) {
        return e;
    }
    return store_quote(rq, &wanted, &basis, &price);
}
