/* /v1/me/notification-preferences: who wants to be told of what, and how. */
#include "notify/notify.h"

#include "db/queries.h"
#include "http/idempotency.h"
#include "json/write.h"

#define EVENTS_MAX 100

static const char *const ways[] = { "now", "daily", "off", NULL };

struct preference_in {
    struct shape_seen seen;
    int event, mail;
    bool app;
};
enum { P_EVENT, P_MAIL, P_APP };

static const struct shape_field preference_fields[] = {
    [P_EVENT] = { .name = "event",
                  .type = SHAPE_ENUM,
                  .flags = SHAPE_REQUIRED,
                  .offset = offsetof(struct preference_in, event),
                  .values = notify_event_names,
                  .doc = "Which event." },
    [P_MAIL] = { .name = "mail",
                 .type = SHAPE_ENUM,
                 .offset = offsetof(struct preference_in, mail),
                 .values = ways,
                 .doc =
                     "now: a mail each time; daily: in one mail a day, at eight in the morning; off: none." },
    [P_APP] = { .name = "app",
                .type = SHAPE_BOOL,
                .offset = offsetof(struct preference_in, app),
                .doc = "Whether it is shown in the application." },
};
static const struct shape preference_shape = {
    .name = "NotificationPreferenceInput",
    .fields = preference_fields,
    .count = SHAPE_COUNT(preference_fields),
    .size = sizeof(struct preference_in),
    .doc = "How one wants to be told of an event; what is left out stays."
};
static const struct shape_field preference_item = { .type = SHAPE_OBJECT, .sub = &preference_shape };

struct preferences_in {
    struct shape_seen seen;
    struct shape_list preferences;
};
static const struct shape_field in_fields[] = {
    { .name = "preferences",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct preferences_in, preferences),
      .min = 1,
      .max = EVENTS_MAX,
      .item = &preference_item,
      .doc = "Each event at most once." },
};

/* One event twice: which of the two would count? */
static void check(const void *data, struct violations *v)
{
    const struct preferences_in *in = data;
    const struct preference_in *items = in->preferences.items;
    bool seen[EVENTS_MAX] = { false };
    for (size_t i = 0; i < in->preferences.count; i++) {
        char pointer[48];
        if (seen[items[i].event]) {
            snprintf(pointer, sizeof(pointer), "/preferences/%zu/event", i);
            violations_add(v, pointer, "unique", "This event stands in the list already.");
        }
        seen[items[i].event] = true;
    }
}

static const struct shape in_shape = { .name = "NotificationPreferencesUpdate",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct preferences_in),
                                       .doc = "Preferences to change.",
                                       .check = check };

static const struct shape_field out_fields[] = {
    { .name = "event",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED,
      .values = notify_event_names,
      .doc = "Which event." },
    { .name = "doc",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What it tells of.",
      .example = "\"A stay was booked.\"" },
    { .name = "mail",
      .type = SHAPE_ENUM,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .values = ways,
      .doc = "What was chosen; null: nothing, so that it depends on whether one is guest or host." },
    { .name = "app",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
      .doc = "Likewise.",
      .example = "null" },
};
static const struct shape out_item_shape = { .name = "NotificationPreference",
                                             .fields = out_fields,
                                             .count = SHAPE_COUNT(out_fields),
                                             .doc = "How one wants to be told of an event." };
static const struct shape_field out_item = { .type = SHAPE_OBJECT, .sub = &out_item_shape };
static const struct shape_field list_fields[] = {
    { .name = "data", .type = SHAPE_LIST, .flags = SHAPE_REQUIRED, .item = &out_item, .doc = "All events." },
};
static const struct shape list_shape = { .name = "NotificationPreferences",
                                         .fields = list_fields,
                                         .count = SHAPE_COUNT(list_fields),
                                         .doc = "How one wants to be told." };

static enum err preferences_read_exec(struct request *rq);
static enum err preferences_update_exec(struct request *rq);
static const enum err read_errors[] = { ERR_NONE };
static const enum err update_errors[] = { ERR_VALIDATION, ERR_NONE };

const struct op op_notification_preferences_read = {
    .name = "notification_preferences_read",
    .method = METHOD_GET,
    .path = "/v1/me/notification-preferences",
    .tag = "Notifications",
    .summary = "Read how one is told",
    .doc = "Every event there is, and what was chosen for it. Mails about the account itself cannot be "
           "switched off.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .out = &list_shape,
    .errors = read_errors,
    .exec = preferences_read_exec,
};

const struct op op_notification_preferences_update = {
    .name = "notification_preferences_update",
    .method = METHOD_PATCH,
    .path = "/v1/me/notification-preferences",
    .tag = "Notifications",
    .summary = "Choose how one is told",
    .doc = "Events that are not named stay as they are.",
    .perm = PERM_ACCOUNT,
    .rate = RATE_WRITE,
    .flags = OP_IDEMPOTENT | OP_RAW,
    .in = &in_shape,
    .out = &list_shape,
    .errors = update_errors,
    .exec = preferences_update_exec,
};

static int row_of(const PGresult *r, const char *event)
{
    for (int i = 0; i < PQntuples(r); i++) {
        if (str_eqz(db_get_text(r, i, 0), event)) {
            return i;
        }
    }
    return -1;
}

static void write_all(struct request *rq, const PGresult *r)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_key(&w, STR("data"));
    json_write_array(&w);
    for (const struct notify_event *event = notify_events; event->name; event++) {
        int row = row_of(r, event->name);
        json_write_object(&w);
        JSON_MEMBER(&w, "event", strz, event->name);
        JSON_MEMBER(&w, "doc", strz, event->doc);
        JSON_MEMBER(&w, "mail", str, row < 0 || db_is_null(r, row, 1) ? STR_NONE : db_get_text(r, row, 1));
        json_write_key(&w, STR("app"));
        if (row < 0 || db_is_null(r, row, 2)) {
            json_write_null(&w);
        } else {
            json_write_bool(&w, db_get_bool(r, row, 2));
        }
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
}

static enum err preferences_read_exec(struct request *rq)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_notification_preferences, db_uuid(&rq->principal.user));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    write_all(rq, db_result(b, index));
    return ERR_NONE;
}

static enum err preferences_update_exec(struct request *rq)
{
    const struct preferences_in *in = rq->in;
    const struct preference_in *items = in->preferences.items;
    struct str events[EVENTS_MAX], mails[EVENTS_MAX], apps[EVENTS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < in->preferences.count; i++) {
        bool mail = SHAPE_HAS(&items[i], P_MAIL), app = SHAPE_HAS(&items[i], P_APP);
        events[n] = str_from(notify_event_names[items[i].event]);
        mails[n] = mail ? str_from(ways[items[i].mail]) : STR("");
        apps[n] = !app ? STR("") : items[i].app ? STR("yes") : STR("no");
        n += mail || app;
    }
    bool replayed;
    struct db_batch *b = write_batch(rq);
    (void)DB_ADD(b, &q_notification_prefer, db_uuid(&rq->principal.user), db_text_array(rq->arena, events, n),
                 db_text_array(rq->arena, mails, n), db_text_array(rq->arena, apps, n));
    int index = DB_ADD(b, &q_notification_preferences, db_uuid(&rq->principal.user));
    enum err e = write_run(rq, b, &replayed);
    if (e || replayed) {
        return e;
    }
    write_all(rq, db_result(b, index));
    return ERR_NONE;
}
