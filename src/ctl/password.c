/* Reading a password. */
#include "ctl/password.h"

#include "ctl/term.h"

#include <stdlib.h>
#include <string.h>

static bool ask(struct ctl_password *p)
{
    struct ctl_password again;
    if (!term_password("Password", p->text, sizeof(p->text))) {
        ctl_say("no terminal to ask on; name a file with --password-file");
        return false;
    }
    bool same = term_password("Again", again.text, sizeof(again.text)) && strcmp(again.text, p->text) == 0;
    ctl_password_wipe(&again);
    if (!same) {
        ctl_say("the two passwords differ");
    }
    return same;
}

static bool read_file(struct ctl_password *p, const char *path)
{
    char error[256];
    size_t size;
    char *text = options_secret(path, &size, error, sizeof(error));
    if (!text) {
        ctl_say("%s", error);
        return false;
    }
    bool fits = size < sizeof(p->text);
    memcpy(p->text, text, fits ? size : sizeof(p->text) - 1);
    explicit_bzero(text, size);
    free(text);
    return true;
}

enum ctl_exit ctl_password_take(struct ctl_password *p, const char *file, const char *email, const char *name)
{
    memset(p, 0, sizeof(*p));
    if (!(file ? read_file(p, file) : ask(p))) {
        return file ? CTL_FAILED : CTL_USAGE;
    }
    enum password_flaw flaw = password_flaw(str_from(p->text), str_from(email), str_from(name));
    return flaw == PASSWORD_GOOD ? CTL_OK : ctl_fail(CTL_FAILED, "the password %s", password_flaw_text(flaw));
}

void ctl_password_wipe(struct ctl_password *p)
{
    explicit_bzero(p->text, sizeof(p->text));
}
