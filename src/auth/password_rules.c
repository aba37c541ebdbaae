/* Which passwords may be chosen. */
#include "auth/password_rules.h"

#include "base/utf8.h"

#include <openssl/crypto.h>
#include <zxcvbn.h>

#define PASSWORD_BYTES (4 * PASSWORD_LENGTH_MAX)
#define OWN_SIZE       1024 /* bytes of address and name that are looked at */
#define OWN_WORDS      32
#define OWN_MIN        4 /* shorter names are in too many words */

static const struct {
    const char *code, *text;
} flaws[] = {
    [PASSWORD_GOOD] = { "", "" },
    [PASSWORD_LENGTH] = { "length", "must be 8 to 1024 characters" },
    [PASSWORD_PERSONAL] = { "personal", "must not contain your own e-mail address or name" },
    [PASSWORD_GUESSABLE] = { "guessable",
                             "is too easy to guess: it is common or made of what is common; take several "
                             "unrelated words, or let a password manager choose" },
};

const char *password_flaw_code(enum password_flaw flaw)
{
    return flaws[flaw].code;
}

const char *password_flaw_text(enum password_flaw flaw)
{
    return flaws[flaw].text;
}

/* As a string of C, ASCII letters in lower case; cut at the end of the buffer. */
static struct str lower(char *to, size_t size, struct str from)
{
    size_t n = from.n < size ? from.n : size - 1;
    for (size_t i = 0; i < n; i++) {
        char c = from.p[i];
        to[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    to[n] = '\0';
    return (struct str){ to, n };
}

static bool contains(struct str text, struct str part)
{
    return part.n >= OWN_MIN && memmem(text.p, text.n, part.p, part.n);
}

static struct str without_blanks(char *to, struct str from)
{
    size_t n = 0;
    for (size_t i = 0; i < from.n; i++) {
        if (from.p[i] != ' ') {
            to[n++] = from.p[i];
        }
    }
    return (struct str){ to, n };
}

static bool is_personal(struct str password, struct str email, struct str name)
{
    char joined[OWN_SIZE];
    struct str rest = email, local;
    (void)str_split(&rest, '@', &local);
    return contains(password, local) || contains(password, name) ||
           contains(password, without_blanks(joined, name));
}

/* Cut `text`, in place, into what stands between blanks and punctuation. */
static size_t words_of(char *text, const char **words, size_t count)
{
    char *state = NULL;
    for (char *word = strtok_r(text, " .-_+@'", &state); word && count < OWN_WORDS;
         word = strtok_r(NULL, " .-_+@'", &state)) {
        words[count++] = word;
    }
    return count;
}

/* One's own words, and the name of this service, are worth nothing to the estimate. */
static bool is_guessable(const char *password, char *email, char *name)
{
    const char *own[OWN_WORDS + 2] = { "nexus" };
    size_t count = words_of(name, own, words_of(email, own, 1));
    own[count] = NULL;
    return ZxcvbnMatch(password, own, NULL) < PASSWORD_BITS_MIN;
}

enum password_flaw password_flaw(struct str password, struct str email, struct str name)
{
    char text[PASSWORD_BYTES + 1], folded[PASSWORD_BYTES + 1], own_email[OWN_SIZE], own_name[OWN_SIZE];
    size_t length = utf8_valid(password) ? utf8_count(password) : 0;
    if (length < PASSWORD_LENGTH_MIN || length > PASSWORD_LENGTH_MAX) {
        return PASSWORD_LENGTH;
    }
    memcpy(text, password.p, password.n);
    text[password.n] = '\0';
    struct str e = lower(own_email, sizeof own_email, email), n = lower(own_name, sizeof own_name, name);
    enum password_flaw flaw = is_personal(lower(folded, sizeof folded, password), e, n) ? PASSWORD_PERSONAL
                              : is_guessable(text, own_email, own_name)                 ? PASSWORD_GUESSABLE
                                                                                        : PASSWORD_GOOD;
    OPENSSL_cleanse(text, sizeof text);
    OPENSSL_cleanse(folded, sizeof folded);
    return flaw;
}
