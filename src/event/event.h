/*
 * The log of events: what has happened, numbered without gaps in the order of commits
 * (sql/migrations/20261123110200_events_webhooks.sql). Feed and webhooks are made of it.
 */
#ifndef NEXUS_EVENT_EVENT_H
#define NEXUS_EVENT_EVENT_H

#include "http/op.h"
#include "json/shape.h"

/* Types of events, NULL-terminated: types.def. */
extern const char *const event_types[];
#define EVENT_TYPES_MAX 64

extern const struct op op_event_list;

/* How many events one call of events_sequence gives numbers to. */
#define EVENT_SEQUENCE_MAX 1000

#endif
