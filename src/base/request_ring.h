/*
 * How a worker tells of the requests it has answered without waiting for anybody: a ring of notes in shared
 * memory, one a worker, written by it alone and read by one process (api/tracker.h). Writing is a copy of
 * some hundred bytes and one store; a full ring loses the note, and counts it. What a worker was writing when
 * it was killed was never published.
 */
#ifndef NEXUS_BASE_REQUEST_RING_H
#define NEXUS_BASE_REQUEST_RING_H

#include "base/address.h"
#include "base/uuid.h"

#include <stdatomic.h>
#include <stddef.h>

#define REQUEST_RING_NOTES 2048 /* a power of two */
#define REQUEST_NOTE_PATH  190  /* bytes; what is longer is cut */

struct request_note {
    int64_t at_us;  /* wall time, unix */
    struct uuid id; /* the request's */
    struct uuid user;
    struct address address;
    uint16_t status;
    uint8_t op;     /* index in the scoreboard */
    uint8_t method; /* enum method */
    uint8_t path_size;
    char path[REQUEST_NOTE_PATH + 5]; /* a note fills whole cache lines */
};
_Static_assert(sizeof(struct request_note) == 256, "notes do not share cache lines");

struct request_ring { /* zeroed: empty */
    _Atomic uint64_t written __attribute__((aligned(64)));
    _Atomic uint64_t lost;
    _Atomic uint64_t read __attribute__((aligned(64)));
    struct request_note notes[REQUEST_RING_NOTES] __attribute__((aligned(64)));
};

/* ---- the worker ---- */
/* Where the next note goes; NULL, and counted as lost, when the ring is full. */
struct request_note *request_ring_begin(struct request_ring *r);
/* It is complete. */
void request_ring_end(struct request_ring *r);

/* ---- the one reader ---- */
/* The oldest notes that lie in one piece, at most `most`: *notes is good until they are dropped. */
size_t request_ring_peek(const struct request_ring *r, const struct request_note **notes, size_t most);
void request_ring_drop(struct request_ring *r, size_t count);

#endif
