/* Which role may do what, and what every operation asks for. */
#include "api/reference.h"

#include "http/op.h"
#include "http/route.h"

static const char *const perm_docs[PERM_COUNT] = {
#define PERM(id, name, doc) [id] = doc,
#include "auth/permissions.def"
#undef PERM
};

/* Columns of the table, and what the migrations give them. */
static const char *const roles[] = { "guest", "host", "support", "admin" };
#define ROLE_COUNT (sizeof(roles) / sizeof(roles[0]))

#define SEEDS      "insert into role_permissions values"

static bool add_seed(uint64_t perms[ROLE_COUNT], const char *role, const char *permission)
{
    uint64_t set = perm_set(str_from(permission));
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if (strcmp(role, roles[i]) == 0) {
            perms[i] |= set;
            return set != 0;
        }
    }
    return false;
}

/* ('role', 'permission'), ... up to the semicolon. */
static bool read_seeds(const char *migration, uint64_t perms[ROLE_COUNT])
{
    const char *at = strstr(migration, SEEDS);
    const char *end = at ? strchr(at, ';') : NULL;
    char role[33], permission[65];
    while (end && (at = strchr(at, '(')) && at < end) {
        if (sscanf(at, "('%32[a-z_]', '%64[a-z_.*]')", role, permission) != 2 ||
            !add_seed(perms, role, permission)) {
            return false;
        }
        at++;
    }
    return end != NULL;
}

static void write_perm(FILE *out, enum perm p, const uint64_t perms[ROLE_COUNT])
{
    fprintf(out, "| `%s` | %s |", perm_name(p), perm_docs[p]);
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        fputs(p == PERM_PUBLIC || perm_has(perms[i], p) ? " yes |" : " |", out);
    }
    fputc('\n', out);
}

/* Those of the table that a scope leaves something of. */
static void write_scope(FILE *out, enum scope s)
{
    uint64_t perms = scopes_perms(UINT32_C(1) << s);
    fprintf(out, "| `%s` | %s |", scope_name(s), scope_doc(s));
    if (perms == PERM_ALL) {
        fputs(" all", out);
    }
    for (int p = 0; p < PERM_COUNT && perms != PERM_ALL; p++) {
        if (perm_has(perms, (enum perm)p)) {
            fprintf(out, " `%s`", perm_name((enum perm)p));
        }
    }
    fputs(" |\n", out);
}

static void write_op(FILE *out, const struct op *op)
{
    fprintf(out, "| `%s` | `%s %s` | `%s`%s | %s | %s |\n", op->name, method_names[op->method], op->path,
            perm_name(op->perm), op->flags & OP_ON_PROPERTY ? " there" : "",
            op->flags & OP_NO_RATE ? "none" : rate_class_names[op->rate], op->summary);
}

bool reference_write(FILE *out, const char *migration)
{
    uint64_t perms[ROLE_COUNT] = { 0 };
    if (!read_seeds(migration, perms)) {
        return false;
    }
    fputs(
        "# Permissions and operations\n\n"
        "Made by `make docs-update` from `src/auth/permissions.def`, the roles in `sql/migrations` and the\n"
        "operations in `src/api/ops.def`. A role is a set of permissions in the database and a user holds\n"
        "several; the columns show the roles as they are installed. A token's scopes leave some of them. An\n"
        "operation needs exactly one permission. Where it says *there*, the permission may also be one that "
        "a\n"
        "co-host holds for that property. Which rows an account sees beyond that is the scope of the "
        "entity.\n\n"
        "| permission | what it allows | guest | host | support | admin |\n|---|---|---|---|---|---|\n",
        out);
    for (int p = 0; p < PERM_COUNT; p++) {
        write_perm(out, (enum perm)p, perms);
    }
    fputs("\n| scope | what a person is asked to allow | permissions it leaves |\n|---|---|---|\n", out);
    for (int i = 0; i < SCOPE_COUNT; i++) {
        write_scope(out, (enum scope)i);
    }
    fputs("\n| operation | request | permission | rate class | |\n|---|---|---|---|---|\n", out);
    for (const struct op *const *op = op_registry; *op; op++) {
        write_op(out, *op);
    }
    return true;
}
