/* Which role may do what, and what every operation asks for. */
#include "api/reference.h"

#include "http/op.h"
#include "http/route.h"

static const char *const perm_docs[PERM_COUNT] = {
#define PERM(id, name, doc) [id] = doc,
#include "auth/permissions.def"
#undef PERM
};

static const char *const roles[] = { "guest", "host", "support", "admin" };
#define ROLE_COUNT (sizeof(roles) / sizeof(roles[0]))

static void write_perm(FILE *out, enum perm p)
{
    fprintf(out, "| `%s` | %s |", perm_name(p), perm_docs[p]);
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        fputs(perm_has(perm_of_roles(str_from(roles[i])), p) ? " yes |" : " |", out);
    }
    fputc('\n', out);
}

static void write_op(FILE *out, const struct op *op)
{
    fprintf(out, "| `%s` | `%s %s` | `%s` | %s | %s |\n", op->name, method_names[op->method], op->path,
            perm_name(op->perm), op->flags & OP_NO_RATE ? "none" : rate_class_names[op->rate], op->summary);
}

void reference_write(FILE *out)
{
    fputs("# Permissions and operations\n\n"
          "Made by `make docs-update` from `src/auth/permissions.def` and the operations in "
          "`src/api/ops.def`.\n"
          "A token carries roles, a role is a set of permissions, and an operation needs exactly one. Which "
          "rows\n"
          "an account sees beyond that is the scope of the entity, not a permission.\n\n"
          "| permission | what it allows | guest | host | support | admin |\n|---|---|---|---|---|---|\n",
          out);
    for (int p = 0; p < PERM_COUNT; p++) {
        write_perm(out, (enum perm)p);
    }
    fputs("\n| operation | request | permission | rate class | |\n|---|---|---|---|---|\n", out);
    for (const struct op *const *op = op_registry; *op; op++) {
        write_op(out, *op);
    }
}
