/*
 * The chains of the audit log as rows of the database: read in one snapshot, hashed here and not by a
 * function of the server, because whoever edits rows can edit functions.
 */
#ifndef NEXUS_CTL_AUDIT_CHAIN_H
#define NEXUS_CTL_AUDIT_CHAIN_H

#include "ctl/pg.h"

#define AUDIT_LANES     16
#define AUDIT_HASH_SIZE 32

enum audit_fault {
    AUDIT_EDITED,    /* an entry or its link is not what was hashed */
    AUDIT_REMOVED,   /* the entry of a link is gone */
    AUDIT_GAP,       /* links are gone, or stand elsewhere */
    AUDIT_UNCHAINED, /* an entry nobody appended in the proper way */
    AUDIT_HEAD,      /* the newest link is not the one the head of its lane names */
    AUDIT_ANCHOR,    /* the chain does not go through a link the anchor names */
    AUDIT_FAULTS
};
extern const char *const audit_fault_names[AUDIT_FAULTS];

struct audit_head {
    bool known;
    int64_t seq;
    unsigned char hash[AUDIT_HASH_SIZE];
};

/* What was found, in the order of lanes and links. Texts live until the callback returns. */
struct audit_finding {
    enum audit_fault fault;
    int lane;          /* -1: of no lane */
    int64_t seq;       /* 0: of no link */
    const char *entry; /* UUID, or NULL */
    const char *detail;
};

struct audit_walk {
    const struct audit_head *anchor; /* AUDIT_LANES heads, or NULL */
    void (*found)(void *context, const struct audit_finding *finding);
    void *context;
    int64_t entries; /* counted */
    int64_t faults;
};

/* Walks all chains in the running transaction, which should see one snapshot. False after the reason has been
 * printed. */
bool audit_chain_walk(PGconn *c, struct audit_walk *walk);
/* The heads as they are stored. */
bool audit_chain_heads(PGconn *c, struct audit_head heads[AUDIT_LANES]);

/* One snapshot without a name of ours in the way of the server's own functions; ends with pg_close. */
bool audit_chain_begin(PGconn *c);

/* 64 hexadecimal digits. */
void audit_hash_format(char out[2 * AUDIT_HASH_SIZE + 1], const unsigned char hash[AUDIT_HASH_SIZE]);
bool audit_hash_parse(const char *text, unsigned char hash[AUDIT_HASH_SIZE]);

#endif
