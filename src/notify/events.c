/* What people are told of. */
#include "notify/notify.h"

#define NONE NOTIFY_NONE
#define APP  NOTIFY_APP
#define MAIL NOTIFY_MAIL

const struct notify_event notify_events[] = {
#define EVENT(name, guest, host, doc) { name, guest, host, doc },
#include "notify/events.def"
#undef EVENT
    { NULL, NONE, NONE, NULL },
};

const char *const notify_event_names[] = {
#define EVENT(name, guest, host, doc) name,
#include "notify/events.def"
#undef EVENT
    NULL,
};

const struct notify_event *notify_event_find(struct str name)
{
    for (const struct notify_event *e = notify_events; e->name; e++) {
        if (str_eqz(name, e->name)) {
            return e;
        }
    }
    return NULL;
}
