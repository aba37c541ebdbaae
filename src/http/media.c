/* What an answer may be and what a body is: Accept, Content-Type. */
#include "http/gates.h"

static struct str before(struct str s, char c)
{
    struct str item;
    return str_split(&s, c, &item) ? str_trim(item) : STR("");
}

bool content_type_is(struct str type, const char *wanted)
{
    struct str name;
    struct str parameter;
    struct str rest = type;
    if (!type.p || !str_split(&rest, ';', &name) || !str_eq_nocase(str_trim(name), str_from(wanted))) {
        return false;
    }
    while (str_split(&rest, ';', &parameter)) {
        parameter = str_trim(parameter);
        if (parameter.n > 0 && !str_eq_nocase(parameter, STR("charset=utf-8")) &&
            !str_eq_nocase(parameter, STR("charset=\"utf-8\""))) {
            return false;
        }
    }
    return true;
}

/* ";q=0", ";q=0.0", ...: the range is refused. */
static bool is_refused(struct str range)
{
    struct str parameter;
    while (str_split(&range, ';', &parameter)) {
        parameter = str_trim(parameter);
        if (parameter.n >= 3 && (parameter.p[0] | 0x20) == 'q' && parameter.p[1] == '=' &&
            parameter.p[2] == '0') {
            for (size_t i = 3; i < parameter.n; i++) {
                if (parameter.p[i] != '.' && parameter.p[i] != '0') {
                    return false;
                }
            }
            return true;
        }
    }
    return false;
}

/* How exactly a range names the type: 0 not at all, 3 by its name. */
static int range_rank(struct str range, struct str type)
{
    struct str name = before(range, ';');
    struct str kind = before(type, '/');
    if (str_eq_nocase(name, type)) {
        return 3;
    }
    if (name.n == kind.n + 2 && str_eq_nocase((struct str){ name.p, kind.n }, kind) &&
        memcmp(name.p + kind.n, "/*", 2) == 0) {
        return 2;
    }
    return str_eqz(name, "*/*");
}

/* The most exact range decides. */
bool accept_allows(struct str accept, const char *type)
{
    int best = 0;
    bool allowed = false;
    struct str range;
    if (str_trim(accept).n == 0) {
        return true;
    }
    while (str_split(&accept, ',', &range)) {
        int rank = range_rank(range, str_from(type));
        if (rank > best || (rank == best && rank > 0 && !is_refused(range))) {
            best = rank;
            allowed = !is_refused(range);
        }
    }
    return allowed;
}
