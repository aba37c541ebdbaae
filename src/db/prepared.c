/* Open addressing with linear probing; removal shifts later entries back, so there are no tombstones. */
#include "db/prepared.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define PREPARED_START 64

static size_t home(const struct prepared *p, const struct db_statement *s)
{
    uint64_t h = (uint64_t)(uintptr_t)s * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 32) & (p->size - 1);
}

/* The slot of s, or the free slot where it belongs. The table must not be empty or full. */
static size_t slot_of(const struct prepared *p, const struct db_statement *s)
{
    size_t i = home(p, s);
    while (p->entries[i].statement && p->entries[i].statement != s) {
        i = (i + 1) & (p->size - 1);
    }
    return i;
}

const struct prepared_entry *prepared_find(const struct prepared *p, const struct db_statement *s)
{
    if (!p->size) {
        return NULL;
    }
    const struct prepared_entry *e = &p->entries[slot_of(p, s)];
    return e->statement ? e : NULL;
}

static void grow(struct prepared *p)
{
    struct prepared bigger = { .size = p->size ? p->size * 2 : PREPARED_START };
    bigger.entries = calloc(bigger.size, sizeof(*bigger.entries));
    if (!bigger.entries) {
        log_msg(LOG_ERROR, "out of memory");
        abort();
    }
    for (size_t i = 0; i < p->size; i++) {
        if (p->entries[i].statement) {
            bigger.entries[slot_of(&bigger, p->entries[i].statement)] = p->entries[i];
            bigger.count++;
        }
    }
    free(p->entries);
    *p = bigger;
}

void prepared_add(struct prepared *p, const struct db_statement *s, uint32_t types)
{
    if (2 * (p->count + 1) > p->size) {
        grow(p);
    }
    struct prepared_entry *e = &p->entries[slot_of(p, s)];
    p->count += !e->statement;
    *e = (struct prepared_entry){ s, types };
}

bool prepared_remove(struct prepared *p, const struct db_statement *s)
{
    if (!prepared_find(p, s)) {
        return false;
    }
    size_t mask = p->size - 1;
    size_t hole = slot_of(p, s);
    for (size_t i = (hole + 1) & mask; p->entries[i].statement; i = (i + 1) & mask) {
        /* An entry may move back into the hole unless its home lies between the hole and itself. */
        size_t from_home = (i - home(p, p->entries[i].statement)) & mask;
        if (from_home >= ((i - hole) & mask)) {
            p->entries[hole] = p->entries[i];
            hole = i;
        }
    }
    p->entries[hole] = (struct prepared_entry){ 0 };
    p->count--;
    return true;
}

void prepared_clear(struct prepared *p)
{
    if (p->count) {
        memset(p->entries, 0, p->size * sizeof(*p->entries));
        p->count = 0;
    }
}

void prepared_free(struct prepared *p)
{
    free(p->entries);
    *p = (struct prepared){ 0 };
}
