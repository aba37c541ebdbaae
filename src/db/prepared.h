/* Which statements the server knows on the present connection: a hash set of statement addresses. */
#ifndef NEXUS_DB_PREPARED_H
#define NEXUS_DB_PREPARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db_statement;

struct prepared_entry {
    const struct db_statement *statement; /* NULL: free */
    uint32_t types;                       /* hash of the parameter types it was prepared with */
};

struct prepared {
    struct prepared_entry *entries; /* malloc'd; size is a power of two, at most half full */
    size_t size, count;
};

/* NULL when unknown. */
const struct prepared_entry *prepared_find(const struct prepared *p, const struct db_statement *s);
void prepared_add(struct prepared *p, const struct db_statement *s, uint32_t types);
/* False when it was not there. */
bool prepared_remove(struct prepared *p, const struct db_statement *s);
void prepared_clear(struct prepared *p);
void prepared_free(struct prepared *p);

#endif
