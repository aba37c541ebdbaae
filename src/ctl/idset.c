/* Open addressing with linear probing; the hash is keyed by chance so that no file can be made to collide. */
#include "ctl/idset.h"

#include <sys/random.h>
#include <xxhash.h>

#define FIRST_PLACES 1024

static uint64_t key(void)
{
    static uint64_t k;
    if (k == 0 && getrandom(&k, sizeof(k), 0) != (ssize_t)sizeof(k)) {
        k = 1;
    }
    return k;
}

void idset_init(struct idset *s, struct arena *memory)
{
    *s = (struct idset){ .memory = memory, .places = FIRST_PLACES };
    s->items = ARENA_ARRAY(memory, struct idset_item, s->places);
}

static struct idset_item *find(const struct idset *s, struct str id)
{
    size_t at = XXH3_64bits_withSeed(id.p, id.n, key()) & (s->places - 1);
    while (s->items[at].id.p && !str_eq(s->items[at].id, id)) {
        at = (at + 1) & (s->places - 1);
    }
    return &s->items[at];
}

static void grow(struct idset *s)
{
    struct idset before = *s;
    s->places *= 2;
    s->items = ARENA_ARRAY(s->memory, struct idset_item, s->places);
    for (size_t i = 0; i < before.places; i++) {
        if (before.items[i].id.p) {
            *find(s, before.items[i].id) = before.items[i];
        }
    }
}

bool idset_add(struct idset *s, struct str id, int64_t *value)
{
    if (s->count * 2 >= s->places) {
        grow(s);
    }
    struct idset_item *item = find(s, id);
    if (item->id.p) {
        *value = item->value;
        return false;
    }
    *item = (struct idset_item){ arena_str(s->memory, id), *value };
    s->count++;
    return true;
}

bool idset_has(const struct idset *s, struct str id)
{
    return find(s, id)->id.p != NULL;
}
