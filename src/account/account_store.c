/* Statements of accounts. */
#include "account/account.h"

#include "db/queries.h"
#include "outbox/outbox.h"

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

static enum err find_login(struct db *db, struct arena *a, struct db_param email, struct db_param user,
                           struct account_login *out, struct db_failure *failure)
{
    struct db_batch *b = db_batch(db, a);
    int found = DB_ADD(b, &q_account_login, email, user);
    *out = (struct account_login){ .password_hash = STR_NONE };
    enum err e = db_run(b, failure);
    if (e != ERR_NONE) {
        return e;
    }
    const PGresult *r = db_result(b, found);
    if (PQntuples(r) == 1) {
        out->id = db_get_uuid(r, 0, 0);
        out->password_hash = db_get_text(r, 0, 1);
        out->active = db_get_bool(r, 0, 2);
        out->factor.sealed = db_is_null(r, 0, 3) ? STR_NONE : db_get_text(r, 0, 3);
        out->factor.last_step = db_get_int8(r, 0, 4);
        out->email = db_get_text(r, 0, 5);
        out->verified = db_get_bool(r, 0, 6);
        out->password_us = db_get_timestamptz(r, 0, 7);
    }
    return ERR_NONE;
}

enum err account_find_login(struct db *db, struct arena *a, struct str email, struct account_login *out,
                            struct db_failure *failure)
{
    return find_login(db, a, db_text(email), db_null(DB_UUID), out, failure);
}

enum err account_find_login_of(struct db *db, struct arena *a, const struct uuid *user,
                               struct account_login *out, struct db_failure *failure)
{
    return find_login(db, a, db_text(STR_NONE), db_uuid(user), out, failure);
}

void account_add_event(struct request *rq, struct db_batch *b, const char *topic, const struct uuid *user)
{
    char id[UUID_TEXT_SIZE];
    uuid_format(id, user);
    const struct outbox_field fields[] = { { "user_id", str_from(id) } };
    outbox_add_event(rq, b, topic, fields, 1);
}
