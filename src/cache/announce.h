/* Inside src/cache: values and keys of the access versions, and announcements that are owed. */
#ifndef NEXUS_CACHE_ANNOUNCE_H
#define NEXUS_CACHE_ANNOUNCE_H

#include "cache/cache.h"

#define CHANGE_VALUE_SIZE 17 /* 16 hexadecimal digits and NUL */

/* A value nobody has seen before. */
void announce_fresh(char value[CHANGE_VALUE_SIZE]);
/* Write the key of an identifier, or with NULL that of everybody, as a word of the command. */
void announce_put_key(struct cache *c, const struct uuid *id);

/* Something could not be announced: this host's workers load anew at once; whoever of them reaches Redis next
 * announces it to everybody. */
void announce_owe(struct cache *c);
/* True for the one who has to announce it. */
bool announce_take_debt(struct cache *c);

#endif
