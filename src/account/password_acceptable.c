/* Whether a password may be chosen, as an answer. */
#include "account/login.h"

#include "auth/password_rules.h"

enum err password_acceptable(struct request *rq, const char *pointer, struct str password, struct str email,
                             struct str name)
{
    enum password_flaw flaw = password_flaw(password, email, name);
    if (flaw == PASSWORD_GOOD) {
        return ERR_NONE;
    }
    violations_add(&rq->violations, pointer, password_flaw_code(flaw), "%s", password_flaw_text(flaw));
    return fail(rq, ERR_VALIDATION, NULL, NULL);
}
