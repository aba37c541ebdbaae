/*
 * Where passwords are hashed. One hash takes tens of milliseconds of a core, so that who floods the log-in
 * could take all cores and all workers from everybody else. Therefore at most hash_slots are computed at a
 * time on this host, a few workers wait for their turn for hash_wait at most, and everybody else is told to
 * come again; and the computing thread has a low priority, so that it uses what others leave over.
 */
#ifndef NEXUS_AUTH_HASH_POOL_H
#define NEXUS_AUTH_HASH_POOL_H

#include "base/err.h"
#include "base/options.h"
#include "base/scoreboard.h"

/* This process takes its turns at this scoreboard from now on. Without one (tools, tests) there is no limit.
 */
void hash_pool_join(struct scoreboard *board, struct scoreboard_slot *slot);

/* Run work(arg) in the pool, to its end. ERR_BUSY: it was not run. */
enum err hash_pool_run(const struct options *o, void (*work)(void *arg), void *arg) MUST_CHECK;

/* Whether a turn now would be refused at once: to be asked before anything is spent on the request. */
bool hash_pool_full(const struct options *o);

/* How many hashes at a time, and how many workers may wait. */
unsigned hash_pool_size(const struct options *o);
unsigned hash_pool_queue(const struct options *o);

#endif
