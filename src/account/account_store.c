/* Statements of accounts. */
#include "account/account.h"

#include "db/queries.h"

#include <string.h>

const struct str account_default_roles[2] = { { "guest", 5 }, { "host", 4 } };

struct str account_email(struct arena *a, struct str email)
{
    char *text = arena_strdup(a, email);
    for (size_t i = 0; i < email.n; i++) {
        if (text[i] >= 'A' && text[i] <= 'Z') {
            text[i] = (char)(text[i] - 'A' + 'a');
        }
    }
    return (struct str){ text, email.n };
}

void account_add_create(struct db_batch *b, struct arena *a, const struct account_new *n)
{
    (void)DB_ADD(b, &q_account_create, db_uuid(&n->id), db_text(n->email), db_text(n->name),
                 db_text(n->password_hash), db_text_array(a, n->roles, n->role_count));
}

enum err account_create(struct db *db, struct arena *a, const struct account_new *n,
                        struct db_failure *failure)
{
    struct db_batch *b = db_batch(db, a);
    account_add_create(b, a, n);
    return db_run(b, failure);
}

enum err account_find_login(struct db *db, struct arena *a, struct str email, struct account_login *out,
                            struct db_failure *failure)
{
    struct db_batch *b = db_batch(db, a);
    int found = DB_ADD(b, &q_account_login, db_text(email));
    *out = (struct account_login){ .password_hash = STR_NONE };
    enum err e = db_run(b, failure);
    if (e != ERR_NONE) {
        return e;
    }
    const PGresult *r = db_result(b, found);
    if (PQntuples(r) == 1) {
        out->id = db_get_uuid(r, 0, 0);
        out->password_hash = db_get_text(r, 0, 1);
        out->roles = db_get_text(r, 0, 2);
    }
    return ERR_NONE;
}

enum err account_list(struct db *db, struct arena *a, const struct uuid *after, int limit,
                      struct account_row **rows, size_t *count, struct db_failure *failure)
{
    struct db_batch *b = db_batch(db, a);
    int listed = DB_ADD(b, &q_account_list, db_uuid(after), db_int8(a, limit));
    *count = 0;
    enum err e = db_run(b, failure);
    if (e != ERR_NONE) {
        return e;
    }
    const PGresult *r = db_result(b, listed);
    *count = (size_t)PQntuples(r);
    *rows = ARENA_ARRAY(a, struct account_row, *count);
    for (int i = 0; i < PQntuples(r); i++) {
        (*rows)[i] = (struct account_row){ .id = db_get_uuid(r, i, 0),
                                           .email = db_get_text(r, i, 1),
                                           .name = db_get_text(r, i, 2),
                                           .roles = db_get_text(r, i, 3),
                                           .created_us = db_get_timestamptz(r, i, 4) };
    }
    return ERR_NONE;
}

enum err account_set_roles(struct db *db, struct arena *a, struct str email, const struct str *roles,
                           size_t count, struct db_failure *failure)
{
    struct db_batch *b = db_batch(db, a);
    int found = DB_ADD(b, &q_account_set_roles, db_text(email), db_text_array(a, roles, count));
    enum err e = db_run(b, failure);
    if (e != ERR_NONE) {
        return e;
    }
    return db_get_int8(db_result(b, found), 0, 0) == 1 ? ERR_NONE : ERR_NOT_FOUND;
}
