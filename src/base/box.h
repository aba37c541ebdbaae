/*
 * Work on bytes of strangers in a process of its own that can do nothing but compute: no files, no network,
 * no other process, bounded time and memory. What it found comes back as bytes, to be read as carefully as
 * what came in: a reader that was taken over can write there what it likes.
 */
#ifndef NEXUS_BASE_BOX_H
#define NEXUS_BASE_BOX_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct box_limits {
    int64_t cpu_us;  /* of the work; builds with sanitizers get ten times as much */
    int64_t wall_us; /* until it is given up */
    size_t memory;   /* address space; not limited in builds with sanitizers */
    bool threads;    /* the work may have threads; still no processes */
};

enum box_end {
    BOX_DONE,
    BOX_CRASHED, /* among others: it asked for memory or for something of the system that it may not have */
    BOX_TIME,
    BOX_TOO_MUCH, /* more output than `out` takes */
    BOX_FAILED    /* there was no process to be had: nothing to do with the work */
};

/*
 * Call work(data, out) in a copy of this process and wait for its end. What it put into its `out` is added to
 * the caller's, whose ceiling bounds it. The work sees all memory as it is now and changes nothing of it for
 * the caller; it must not use handles of the process (database, log).
 */
enum box_end box_run(const struct box_limits *l, void (*work)(void *data, struct buf *out), void *data,
                     struct buf *out) __attribute__((warn_unused_result));

#endif
