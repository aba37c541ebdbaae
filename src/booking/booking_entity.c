/* The booking as it is read. */
#include "booking/booking.h"

#include "account/account.h"
#include "pricing/pricing.h"
#include "property/property.h"
#include "query/plan.h"

static const struct personal party = { "Names the people of a stay to each other.", "ten years, for accounts",
                                       "kept; the account behind it is made anonymous" };
static const struct personal stay = { "Says when and where a person stays.", "ten years, for accounts",
                                      "kept without a person behind it" };

static const char *const parties[] = { "guest", "host", NULL };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the booking." },
    { "quote_id", FIELD_UUID, "{t}.quote_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Quote it was made from." },
    { "property_id", FIELD_UUID, "{t}.property_id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Property." },
    { "unit_id", FIELD_UUID, "{t}.unit_id", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Unit of the property, for the whole stay." },
    { "guest_id", FIELD_UUID, "{t}.guest_id", NULL, 0, NULL, PERM_PUBLIC, &party, "Account that booked." },
    { "host_id", FIELD_UUID, "{t}.host_id", NULL, 0, NULL, PERM_PUBLIC, &party, "Account that hosts." },
    { "status", FIELD_ENUM, "{t}.status", NULL, FIELD_FILTER, booking_statuses, PERM_PUBLIC, NULL,
      "What has become of it; docs/booking-states.md has every state and what leads to it." },
    { "check_in", FIELD_DATE, "{t}.check_in", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, &stay,
      "First night, in the property's zone." },
    { "check_out", FIELD_DATE, "{t}.check_out", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, &stay,
      "Day of departure." },
    { "guests", FIELD_INT, "{t}.guests", NULL, 0, NULL, PERM_PUBLIC, &stay, "Guests." },
    { "lines", FIELD_JSON, QUOTE_LINES_SQL("{t}.quote_id"), NULL, 0, NULL, PERM_PUBLIC, NULL,
      "What the total is made of: kind, description, quantity, unit_amount and amount of each line." },
    { "total", FIELD_MONEY, "{t}.total", "{t}.currency", 0, NULL, PERM_PUBLIC, NULL, "Price of the stay." },
    { "address", FIELD_TEXT,
      "case when {t}.status in ('confirmed', 'checked_in', 'completed', 'no_show') then (select ba.address "
      "from properties ba where ba.id = "
      "{t}.property_id) end",
      NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &stay,
      "Street address of the property; null unless the stay is sold." },
    { "hold_expires_at", FIELD_TIME, "{t}.hold_expires_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Of a hold: when it ends unless it is paid for." },
    { "respond_by", FIELD_TIME, "{t}.respond_by", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Of a request: when it ends unless the host has answered." },
    { "confirmed_at", FIELD_TIME, "{t}.confirmed_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it was sold." },
    { "check_in_at", FIELD_TIME, "{t}.check_in_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &stay,
      "From when on the guest may come." },
    { "check_out_at", FIELD_TIME, "{t}.check_out_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &stay,
      "When the guest must have left." },
    { "arrived_at", FIELD_TIME, "{t}.arrived_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &stay,
      "When the guest was checked in." },
    { "left_at", FIELD_TIME, "{t}.left_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &stay,
      "When the guest was checked out." },
    { "cancellation_policy", FIELD_TEXT, "{t}.policy->>'name'", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Policy as it was when the stay was booked; null: everything comes back until check-in." },
    { "refund_steps", FIELD_JSON, "refund_steps_json({t})", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "What comes back when the guest cancels: before `until`, by the clock of the place, it is `refund`; "
      "after the last "
      "step nothing." },
    { "change", FIELD_JSON, "booking_change_json({t})", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &stay,
      "The latest change that was asked for, and what has become of it." },
    { "refund", FIELD_MONEY, "{t}.refund", "{t}.currency", FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "What of the price is not owed any more since it was cancelled; null unless it was sold and "
      "cancelled." },
    { "cancelled_at", FIELD_TIME, "{t}.cancelled_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it was cancelled." },
    { "cancelled_by", FIELD_ENUM,
      "case when {t}.cancelled_by = {t}.guest_id then 'guest' when {t}.cancelled_by is not null then "
      "'host' end",
      NULL, FIELD_NULLABLE, parties, PERM_PUBLIC, NULL, "Who cancelled it; a co-host does it for the host." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was made." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static const struct shape money = { .name = "Money" };
static const struct shape_field step_fields[] = {
    { .name = "until",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "RFC 3339, with the offset of the property's zone at that time.",
      .example = "\"2026-12-01T15:00:00-05:00\"" },
    { .name = "refund",
      .type = SHAPE_OBJECT,
      .flags = SHAPE_REQUIRED,
      .sub = &money,
      .doc = "What comes back before that time.",
      .example = "{\"amount\":12900,\"currency\":\"USD\"}" },
};
static const struct shape step = { .name = "RefundStep",
                                   .fields = step_fields,
                                   .count = SHAPE_COUNT(step_fields),
                                   .doc = "A step of what comes back." };
static const struct shape_field step_item = { .type = SHAPE_OBJECT, .sub = &step };
static const struct shape_field steps = {
    .name = "refund_steps", .type = SHAPE_LIST, .item = &step_item, .doc = "In the order of time."
};

#define CHANGE_TEXT(member, text, sample)                                                                    \
    {                                                                                                        \
        .name = member, .type = SHAPE_STRING, .flags = SHAPE_REQUIRED, .doc = text, .example = sample        \
    }
#define CHANGE_MONEY(member, text, sample)                                                                   \
    {                                                                                                        \
        .name = member, .type = SHAPE_OBJECT, .flags = SHAPE_REQUIRED, .sub = &money, .doc = text,           \
        .example = sample                                                                                    \
    }
static const struct shape_field change_fields[] = {
    CHANGE_TEXT("id", "Identifies the change.", "\"01935d2c-7f00-7c3a-8a54-1f4c5d6e7f80\""),
    CHANGE_TEXT("status", "open, accepted, declined, withdrawn or expired.", "\"open\""),
    CHANGE_TEXT("requested_by", "guest or host.", "\"guest\""),
    CHANGE_TEXT("check_in", "First night.", "\"2027-05-02\""),
    CHANGE_TEXT("check_out", "Day of departure.", "\"2027-05-05\""),
    { .name = "guests", .type = SHAPE_INT, .flags = SHAPE_REQUIRED, .doc = "Guests.", .example = "2" },
    CHANGE_MONEY("total", "Price of the changed stay.", "{\"amount\":51600,\"currency\":\"USD\"}"),
    CHANGE_MONEY("difference", "Of what the guest pays; below zero it comes back.",
                 "{\"amount\":12900,\"currency\":\"USD\"}"),
    CHANGE_TEXT("respond_by", "Until when it may be accepted.", "\"2027-04-30T15:00:00Z\""),
};
static const struct shape change = { .name = "BookingChange",
                                     .fields = change_fields,
                                     .count = SHAPE_COUNT(change_fields),
                                     .doc = "Other dates or guests." };
static const struct shape_field change_value = { .name = "change",
                                                 .type = SHAPE_OBJECT,
                                                 .flags = SHAPE_NULLABLE,
                                                 .sub = &change,
                                                 .doc = "The latest change." };

static const struct field_json booking_json[] = {
    { "lines", &quote_lines_shape }, { "refund_steps", &steps }, { "change", &change_value }, { NULL, NULL }
};

static const struct edge edges[] = {
    { "property", EDGE_ONE, &entity_property, "{t}.property_id = {p}.property_id", NULL, 0, true,
      "Property." },
    { "unit", EDGE_ONE, &entity_unit, "{t}.id = {p}.unit_id", NULL, 0, false, "Unit of the property." },
    { "guest", EDGE_ONE, &entity_user_public, "{t}.id = {p}.guest_id", NULL, 0, false, "Who booked." },
    { "host", EDGE_ONE, &entity_user_public, "{t}.id = {p}.host_id", NULL, 0, false, "Who hosts." },
};

/*
 * Also for administrators: a stay is the business of its two parties, and of co-hosts who were given that.
 * Theirs is an array that is made once, so that each of the three has an index.
 */
static void booking_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!who->known) {
        plan_sql(b, " and false");
        return;
    }
    int me = plan_param(b, db_uuid(&who->user));
    plan_sql(b, " and (%s.guest_id = $%d or %s.host_id = $%d", alias, me, alias, me);
    if (perm_has(who->ceiling, PERM_BOOKING_READ)) {
        plan_sql(b,
                 " or %s.property_id = any (array(select bm.property_id from property_members bm"
                 " where bm.user_id = $%d and 'booking.read' = any (bm.permissions)))",
                 alias, me);
    }
    plan_sql(b, ")");
}

const struct entity entity_booking = {
    .name = "booking",
    .type = "Booking",
    .plural = "bookings",
    .table = "bookings",
    .key = "id",
    .version = "{t}.version",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .edges = edges,
    .edge_count = sizeof(edges) / sizeof(edges[0]),
    .json = booking_json,
    .default_sort = "-created_at",
    .scope = booking_scope,
    .doc = "Nights of one unit, sold to a guest.",
};
