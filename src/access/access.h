/*
 * Who may what: roles as sets of permissions, the roles users have, and co-hosts, who hold permissions on one
 * property.
 *
 * Nobody gives or takes a permission they do not hold themselves. The last active account with the role admin
 * keeps it, which the database sees to (sql/migrations). A change counts for every request that starts after
 * its answer.
 */
#ifndef NEXUS_ACCESS_ACCESS_H
#define NEXUS_ACCESS_ACCESS_H

#include "http/op.h"
#include "query/entity.h"

extern const struct entity entity_role, entity_property_member;

extern const struct op op_role_list, op_role_create, op_role_read, op_role_update, op_role_delete,
    op_user_roles_read, op_user_roles_replace, op_property_member_list, op_property_member_put,
    op_property_member_delete;

#define ROLE_NAME_MAX  32
#define ROLE_DOC_MAX   500
#define USER_ROLES_MAX 32  /* of one user */
#define MEMBERS_MAX    100 /* of one property */
#define ROLE_ADMIN     "admin"

/* All permissions in the order of enum perm, and those that can be given: all but public; NULL-terminated. */
extern const char *const access_all_permissions[];
#define ACCESS_PERMISSIONS (access_all_permissions + PERM_PUBLIC + 1)
/* Those a host can give to co-hosts, NULL-terminated. */
extern const char *const access_member_permissions[];

/* Names of a list of indexes into `words`. */
struct str *access_words(struct arena *a, const struct shape_list *list, const char *const *words);

/* ERR_FORBIDDEN with a violation at pointer/i for every permission among `names` that the principal does not
 * hold, but for those in `free`, a set of enum perm bits. */
enum err access_require_held(struct request *rq, const char *pointer, const struct str *names, size_t count,
                             uint64_t free);

/* {"<key>":["a","b"]} of names with commas between, for the audit log. */
const char *access_json(struct arena *a, const char *key, struct str names);
/* {"user_id":"...","permissions":["a","b"]}, likewise. */
const char *access_member_json(struct arena *a, const struct uuid *user, struct str names);
/* Names with commas between as a JSON array. */
struct json_writer;
void access_write_names(struct json_writer *w, struct str names);
struct str access_join(struct arena *a, const struct str *names, size_t count);

/* Shape of {name} in the path. */
struct role_path_in {
    struct shape_seen seen;
    struct str name;
};
extern const struct shape role_path_shape;

/* Add the role as it is read to the batch; write it with plan_write. */
struct access_answer {
    const struct plan *plan;
    struct selection *selection;
    int index;
};
enum err role_add_answer(struct request *rq, struct db_batch *b, const struct str *name,
                         struct access_answer *out) MUST_CHECK;

/* A role, locked until the transaction ends; the request's writes must be atomic. ERR_NOT_FOUND,
 * ERR_PRECONDITION by If-Match, recorded. *replayed as in write_run. */
struct role_facts {
    bool built_in, in_use;
    struct str permissions; /* with commas between */
};
enum err role_lock(struct request *rq, struct str name, struct role_facts *out, bool *replayed) MUST_CHECK;

#endif
