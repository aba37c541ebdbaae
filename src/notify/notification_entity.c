/* A notification as its user reads it. */
#include "notify/notify.h"

#include "query/plan.h"
#include "json/shape.h"

static const struct personal told = { "Tells people what has happened to what is theirs.", "a year",
                                      "deleted with the account" };

#define DATA(member, text, sample)                                                                           \
    {                                                                                                        \
        .name = #member, .type = SHAPE_STRING, .doc = text, .example = sample                                \
    }
static const struct shape_field data_fields[] = {
    DATA(property, "Title of the property.", "\"Lake House\""),
    DATA(city, "Where it is.", "\"Zurich\""),
    DATA(address, "Its address.", "\"Seestrasse 1\""),
    DATA(guest_name, "The guest.", "\"Ada\""),
    DATA(host_name, "The host.", "\"Grace\""),
    DATA(check_in, "First night.", "\"2026-12-24\""),
    DATA(check_out, "Day of departure.", "\"2026-12-28\""),
    DATA(check_in_time, "From when on the guest may come.", "\"15:00\""),
    DATA(check_out_time, "When the guest must have left.", "\"11:00\""),
    DATA(nights, "How many.", "\"4\""),
    DATA(guests, "How many.", "\"2\""),
    DATA(total, "What the stay costs.", "\"1234.50 EUR\""),
    DATA(refund, "What comes back of it.", "\"617.25 EUR\""),
    DATA(respond_by, "Until when an answer is due.", "\"2026-11-24T12:00:00Z\""),
    DATA(new_check_in, "First night that is asked for.", "\"2026-12-25\""),
    DATA(new_check_out, "Day of departure that is asked for.", "\"2026-12-29\""),
    DATA(new_guests, "Guests that are asked for.", "\"3\""),
    DATA(new_total, "What it would cost.", "\"1300.00 EUR\""),
    DATA(amount, "How much it is about.", "\"370.35 EUR\""),
    DATA(due_on, "When it is due.", "\"2026-11-24\""),
    DATA(rating, "Of five.", "\"5\""),
    DATA(property_id, "The property, of notices about its calendar.",
         "\"0192f3a4-5b6c-7d8e-9f01-23456789abcd\""),
    DATA(feed, "Calendar of another platform.", "\"Other platform\""),
    DATA(since, "Since when it cannot be read.", "\"2026-11-23\""),
    DATA(conflicts, "Bookings it has nights of.", "\"2\""),
    DATA(payout_id, "The payout.", "\"0192f3a4-5b6c-7d8e-9f01-23456789abcd\""),
};
static const struct shape data_shape = {
    .name = "NotificationData",
    .fields = data_fields,
    .count = SHAPE_COUNT(data_fields),
    .doc = "What an event is about; members that make no sense are not there."
};
static const struct shape_field data_field = {
    .name = "data", .type = SHAPE_OBJECT, .sub = &data_shape, .doc = "What it is about."
};
static const struct field_json json[] = { { "data", &data_field }, { NULL, NULL } };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the notification." },
    { "event", FIELD_ENUM, "{t}.event", NULL, 0, notify_event_names, PERM_PUBLIC, NULL, "What it tells of." },
    { "title", FIELD_TEXT, "{t}.title", NULL, 0, NULL, PERM_PUBLIC, &told,
      "One sentence, in the language the user had chosen." },
    { "booking_id", FIELD_UUID, "{t}.booking_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "The booking it is about; null: it is about none." },
    { "data", FIELD_JSON, "{t}.data", NULL, 0, NULL, PERM_PUBLIC, &told,
      "What it is about, for those who word it themselves." },
    { "read_at", FIELD_TIME, "{t}.read_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it was marked as read; null: it was not." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT | FIELD_FILTER, NULL, PERM_PUBLIC, NULL,
      "When it was written." },
};

/* One's own. The id is copied as plans outlive changes of the principal. */
static void notification_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!who->known) {
        plan_sql(b, " and false");
        return;
    }
    struct uuid *me = ARENA_NEW(plan_arena(b), struct uuid);
    *me = who->user;
    plan_sql(b, " and %s.user_id = $%d and %s.shown", alias, plan_param(b, db_uuid(me)), alias);
}

const struct entity entity_notification = {
    .name = "notification",
    .type = "Notification",
    .plural = "notifications",
    .table = "notifications",
    .key = "id",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .json = json,
    .default_sort = "-created_at",
    .scope = notification_scope,
    .doc = "What one is told of in the application.",
};
