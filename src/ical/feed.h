/*
 * Feeds: calendars of other platforms that a unit follows, and the calendar each unit shows them. What a feed
 * says takes nights under the same constraint as stays; what both have is a conflict that the host is shown.
 */
#ifndef NEXUS_ICAL_FEED_H
#define NEXUS_ICAL_FEED_H

#include "http/op.h"
#include "query/entity.h"

#define FEEDS_MAX     50 /* of a property */
#define CONFLICTS_MAX 500

extern const struct entity entity_calendar_feed;

extern const struct op op_calendar_feed_list, op_calendar_feed_create, op_calendar_feed_read,
    op_calendar_feed_update, op_calendar_feed_delete, op_calendar_feed_refresh, op_calendar_conflict_list,
    op_calendar_export_list, op_calendar_export_rotate, op_calendar_export_read;

/* Path parameters of what is about one feed; the first members of the op's struct. */
struct feed_path {
    struct shape_seen seen;
    struct uuid id, feed_id;
};
#define FEED_PATH_FIELDS(of)                                                                                 \
    { .name = "id",                                                                                          \
      .type = SHAPE_UUID,                                                                                    \
      .in = IN_PATH,                                                                                         \
      .flags = SHAPE_REQUIRED,                                                                               \
      .offset = offsetof(of, id),                                                                            \
      .doc = "The property." },                                                                              \
    {                                                                                                        \
        .name = "feed_id", .type = SHAPE_UUID, .in = IN_PATH, .flags = SHAPE_REQUIRED,                       \
        .offset = offsetof(of, feed_id), .doc = "The feed."                                                  \
    }

/* Add the read of the feed to a batch, and answer with it after that has run. */
struct plan;
struct selection;
struct feed_answer {
    const struct plan *plan;
    struct selection *selection;
    int index;
};
enum err feed_add_answer(struct request *rq, struct db_batch *b, const struct uuid *property,
                         const struct uuid *feed, struct feed_answer *out) MUST_CHECK;
enum err feed_write_answer(struct request *rq, const struct db_batch *b,
                           const struct feed_answer *answer) MUST_CHECK;

enum err feed_none(struct request *rq);
/* ERR_VALIDATION, recorded, for a URL that is never called. */
enum err feed_check_url(struct request *rq, struct str url) MUST_CHECK;
/* Have it imported soon: added to the writer's batch. */
void feed_add_import(struct request *rq, struct db_batch *b, const struct uuid *feed);

/* "@HOST" of public_url: the end of our UIDs. In the arena. */
struct str feed_own_suffix(struct request *rq);

/*
 * The secret part of a unit's URL, made from secret_file, the unit and the generation: nobody has to store
 * it, and another generation is another one. In the arena.
 */
struct str export_token(struct request *rq, const struct uuid *unit, int32_t generation);
struct str export_url(struct request *rq, const struct uuid *unit, int32_t generation);

#endif
