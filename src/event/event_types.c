/* Types of events. */
#include "event/event.h"

const char *const event_types[] = {
#define EVENT(type, doc) type,
#include "event/types.def"
#undef EVENT
    NULL,
};
