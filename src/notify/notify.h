/*
 * Whom events are told to, and how: notifications in the application, mails at once or once a day, each as
 * the user wants it. What there is to be told of is events.def.
 *
 * Writers say notify_add(event, subject) in SQL, mostly by triggers; the job "notify" finds the people, words
 * it in their language and leaves rows: notifications, and mails in the outbox, which the job "mail-send"
 * hands to a server.
 */
#ifndef NEXUS_NOTIFY_NOTIFY_H
#define NEXUS_NOTIFY_NOTIFY_H

#include "http/op.h"
#include "query/entity.h"

extern const struct op op_notification_list, op_notification_read, op_notification_mark,
    op_notification_mark_all, op_notification_count, op_notification_preferences_read,
    op_notification_preferences_update, op_unsubscribe_page, op_unsubscribe;
extern const struct entity entity_notification;

enum notify_way { NOTIFY_NONE, NOTIFY_APP, NOTIFY_MAIL };

struct notify_event {
    const char *name;
    enum notify_way guest, host;
    const char *doc;
};
/* Ends with a NULL name; the names by themselves are NULL-terminated, too. */
extern const struct notify_event notify_events[];
extern const char *const notify_event_names[];
/* NULL: there is none. */
const struct notify_event *notify_event_find(struct str name);

/* ---- unsubscribing without a log-in ---- */

#define UNSUBSCRIBE_EVENT_MAX 60
#define UNSUBSCRIBE_TOKEN_MAX 128 /* characters */
/* The daily mail has no event of its own. */
#define UNSUBSCRIBE_DIGEST "notification.digest"

/* The link of mails about an event to a user: it is good for ever, for nothing else. Arena. */
struct str unsubscribe_link(struct arena *a, const struct options *o, struct str secret,
                            const struct uuid *user, struct str event);
/* False: no token of ours. *event is in the arena. */
bool unsubscribe_read(struct arena *a, struct str secret, struct str token, struct uuid *user,
                      struct str *event);

#endif
