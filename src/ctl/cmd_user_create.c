/* nexusctl user create: an account, made by whoever runs the server. */
#include "account/account.h"
#include "base/utf8.h"
#include "ctl/commands.h"
#include "ctl/password.h"
#include "ctl/user.h"
#include "json/format.h"

#include <json-c/json.h>
#include <stdlib.h>

static enum ctl_exit user_create_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "email", "EMAIL", "Address the user logs in with; required." },
    { "name", "NAME", "Name others see; required." },
    { "role", "ROLE", "guest, host, support or admin; may be repeated (default: guest and host)." },
    { "password-file", "FILE", "Read the password from FILE; without it, it is asked for on the terminal." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_user_create = {
    .name = "user create",
    .args = "",
    .example = "nexusctl user create --email ada@example.com --name Ada --role admin",
    .summary = "Make an account",
    .doc = "Makes an account by the rules of signing up: a password of 8 to 1024 characters, an address that "
           "has no account yet. The password never stands on the command line, where other users of the "
           "machine could read it. The address counts as verified. The id is printed.",
    .options = options,
    .run = user_create_run,
};

static const char *const default_roles[] = { "guest", "host" };

struct account {
    const char *email, *name;
    struct ctl_password password;
    char id[UUID_TEXT_SIZE];
};

/* False after the reason has been printed. */
static bool fits(const struct account *u)
{
    const struct format *email = format_find("email");
    struct str name = str_from(u->name);
    size_t n = utf8_valid(name) ? utf8_count(name) : 0;
    if (!email->check(str_from(u->email))) {
        ctl_say("--email %s", email->detail);
    } else if (n < 1 || n > ACCOUNT_NAME_MAX) {
        ctl_say("--name must be UTF-8 text of 1 to %d characters", ACCOUNT_NAME_MAX);
    } else {
        return true;
    }
    return false;
}

static enum ctl_exit insert_user(PGconn *c, struct account *u, const char *hash)
{
    struct uuid id = uuid_v7();
    uuid_format(u->id, &id);
    const char *params[] = { u->id, u->email, u->name };
    PGresult *r = pg_query_params(c,
                                  "insert into users (id, email, name, email_verified_at)"
                                  " values ($1::uuid, lower($2), $3, now())"
                                  " on conflict (email) do nothing returning id",
                                  3, params);
    int made = r ? PQntuples(r) : -1;
    PQclear(r);
    if (made != 1) {
        return made < 0 ? pg_exit(c) : ctl_fail(CTL_FAILED, "%s has an account already", u->email);
    }
    const char *secret[] = { u->id, hash };
    r = pg_query_params(c, "insert into user_credentials (user_id, password_hash) values ($1::uuid, $2)", 2,
                        secret);
    PQclear(r);
    return r && ctl_audit_change(c, AUDIT_USER_CREATE, u->id) ? CTL_OK : pg_exit(c);
}

static enum ctl_exit store(struct ctl *ctl, PGconn *c, struct account *u, const char *hash)
{
    const char *roles[CTL_GIVEN_MAX];
    int count = 0;
    while (ctl_value_at(ctl, "role", count)) {
        roles[count] = ctl_value_at(ctl, "role", count);
        count++;
    }
    if (!pg_exec(c, "begin")) {
        return pg_exit(c);
    }
    enum ctl_exit exit = insert_user(c, u, hash);
    if (exit == CTL_OK) {
        exit =
            count > 0 ? user_set_roles(c, u->id, roles, count) : user_set_roles(c, u->id, default_roles, 2);
    }
    if (exit == CTL_OK && !pg_exec(c, "commit")) {
        exit = pg_exit(c);
    }
    return exit;
}

static void print_user(const struct ctl *ctl, const struct account *u)
{
    if (!ctl_json(ctl)) {
        puts(u->id);
        return;
    }
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "id", json_object_new_string(u->id));
    json_object_object_add(o, "email", json_object_new_string(u->email));
    json_object_object_add(o, "name", json_object_new_string(u->name));
    puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    json_object_put(o);
}

static enum ctl_exit create(struct ctl *ctl, const struct options *o, struct account *u)
{
    struct arena *a = arena_create(4096, (size_t)1 << 20);
    struct str hash;
    enum ctl_exit exit = CTL_FAILED;
    if (password_hash(o, a, str_from(u->password.text), &hash) != ERR_NONE) {
        ctl_say("the password could not be hashed: not enough memory?");
    } else {
        PGconn *c = pg_connect(o, &exit);
        if (c) {
            exit = store(ctl, c, u, arena_strdup(a, hash));
            pg_close(c);
        }
    }
    arena_destroy(a);
    return exit;
}

static enum ctl_exit user_create_run(struct ctl *ctl)
{
    struct account u = { .email = ctl_value(ctl, "email"), .name = ctl_value(ctl, "name") };
    if (!u.email || !u.name) {
        return ctl_fail(CTL_USAGE, "user create needs --email EMAIL and --name NAME");
    }
    if (!fits(&u)) {
        return CTL_USAGE;
    }
    const struct options *o = ctl_options(ctl);
    enum ctl_exit exit =
        o ? ctl_password_take(&u.password, ctl_value(ctl, "password-file"), u.email, u.name) : CTL_FAILED;
    if (exit == CTL_OK) {
        exit = create(ctl, o, &u);
    }
    ctl_password_wipe(&u.password);
    if (exit == CTL_OK) {
        print_user(ctl, &u);
    }
    return exit;
}
