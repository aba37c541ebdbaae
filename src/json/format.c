/* The table of string formats and their checks. */
#include "json/format.h"

#include <stdlib.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alpha(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z');
}

static bool is_alnum(char c)
{
    return is_alpha(c) || is_digit(c);
}

static bool all(struct str s, bool (*is)(char c))
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is(s.p[i])) {
            return false;
        }
    }
    return true;
}

/* RFC 1035, 2.3.1 with RFC 1123, 2.1: letters, digits and inner hyphens, 63 at most. */
static bool is_label(struct str s)
{
    if (s.n == 0 || s.n > 63 || s.p[0] == '-' || s.p[s.n - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!is_alnum(s.p[i]) && s.p[i] != '-') {
            return false;
        }
    }
    return true;
}

/* At least two labels; the last is no number, which excludes IPv4 addresses. Other scripts come as punycode.
 */
static bool is_domain(struct str s)
{
    struct str label;
    size_t count = 0;
    bool last_is_number = false;
    if (s.n > 253) {
        return false;
    }
    for (; str_split(&s, '.', &label); count++) {
        if (!is_label(label)) {
            return false;
        }
        last_is_number = all(label, is_digit);
    }
    return count >= 2 && !last_is_number;
}

static bool is_atom_char(char c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* The dot-atom form of RFC 5321, 4.1.2 (no quoted local parts, no address literals), with its length limits.
 */
static bool check_email(struct str s)
{
    struct str domain = s, local, atom;
    if (s.n > 254 || !str_split(&domain, '@', &local) || !domain.p || local.n > 64) {
        return false;
    }
    while (str_split(&local, '.', &atom)) {
        if (atom.n == 0 || !all(atom, is_atom_char)) {
            return false;
        }
    }
    return is_domain(domain);
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* RFC 3986: pchar, "/", "?" and one "#". */
static bool is_uri_tail(struct str s)
{
    size_t fragments = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            if (i + 2 >= s.n || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2])) {
                return false;
            }
        } else if (c == '#') {
            fragments++;
        } else if (!is_alnum(c) && (c == '\0' || !strchr("-._~!$&'()*+,;=:@/?", c))) {
            return false;
        }
    }
    return fragments <= 1;
}

static bool is_port(struct str s)
{
    int64_t port;
    return s.n > 0 && s.n <= 5 && all(s, is_digit) && str_int64(s, &port) && port > 0 && port < 65536;
}

/* https only, a host by name, and no user information: it would look like a host. */
static bool check_uri(struct str s)
{
    if (s.n > 2048 || !str_starts(s, STR("https://"))) {
        return false;
    }
    struct str rest = str_skip(s, strlen("https://"));
    size_t end = 0;
    while (end < rest.n && !strchr("/?#", rest.p[end])) {
        end++;
    }
    struct str port = { rest.p, end }, host;
    str_split(&port, ':', &host);
    return is_domain(host) && (!port.p || is_port(port)) && is_uri_tail(str_skip(rest, end));
}

/* ISO 4217, currencies in use as money of a country, by decimal places. */
static const struct {
    const char *codes; /* ascending, four bytes each */
    int exponent;
} currencies[] = {
    { "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF ", 0 },
    { "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY "
      "COP "
      "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR "
      "ILS "
      "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK "
      "MXN "
      "MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
      "SLE "
      "SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER "
      "ZAR "
      "ZMW ZWG ",
      2 },
    { "BHD IQD JOD KWD LYD OMR TND ", 3 },
};

/* Is `code` one of the blank-terminated codes? All of them and it have the same length. */
static bool is_listed(struct str code, const char *codes)
{
    for (; *codes; codes += code.n + 1) {
        if (memcmp(codes, code.p, code.n) == 0) {
            return true;
        }
    }
    return false;
}

int currency_exponent(struct str code)
{
    for (size_t i = 0; code.n == 3 && i < sizeof(currencies) / sizeof(currencies[0]); i++) {
        if (is_listed(code, currencies[i].codes)) {
            return currencies[i].exponent;
        }
    }
    return -1;
}

static bool check_currency(struct str s)
{
    return currency_exponent(s) >= 0;
}

/* ISO 3166-1 alpha-2, officially assigned. */
static const char countries[] =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV "
    "BW BY "
    "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI "
    "FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO "
    "IQ IR "
    "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG "
    "MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK "
    "PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC "
    "TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

static bool check_country(struct str s)
{
    return s.n == 2 && is_listed(s, countries);
}

/* RFC 5646, 2.1 without extensions and private use: language[-Script][-REGION][-variant]... */
static bool check_language(struct str s)
{
    struct str part;
    size_t count = 0;
    bool script = false, region = false, variant = false;
    for (; str_split(&s, '-', &part); count++) {
        if (count == 0) {
            if (part.n < 2 || part.n > 3 || !all(part, is_alpha)) {
                return false;
            }
        } else if (part.n == 4 && all(part, is_alpha) && !script && !region && !variant) {
            script = true;
        } else if (((part.n == 2 && all(part, is_alpha)) || (part.n == 3 && all(part, is_digit))) &&
                   !region && !variant) {
            region = true;
        } else if ((part.n >= 5 && part.n <= 8 && all(part, is_alnum)) ||
                   (part.n == 4 && is_digit(part.p[0]) && all(part, is_alnum))) {
            variant = true;
        } else {
            return false;
        }
    }
    return count <= 8;
}

/* E.164: a country code and a subscriber number, 15 digits at most. */
static bool check_phone(struct str s)
{
    return s.n >= 8 && s.n <= 16 && s.p[0] == '+' && s.p[1] != '0' && all(str_skip(s, 1), is_digit);
}

static bool is_base64url(char c)
{
    return is_alnum(c) || c == '-' || c == '_';
}

static bool check_cursor(struct str s)
{
    return s.n > 0 && s.n <= 1024 && all(s, is_base64url);
}

static bool check_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool lower = is_alpha(s.p[i]) && !is_upper(s.p[i]);
        if (!lower && (i == 0 || !(is_digit(s.p[i]) || s.p[i] == '_'))) {
            return false;
        }
    }
    return s.n > 0;
}

/* HH:MM of a day of 24 hours. */
static bool check_time(struct str s)
{
    return s.n == 5 && is_digit(s.p[0]) && is_digit(s.p[1]) && s.p[2] == ':' && s.p[3] >= '0' &&
           s.p[3] <= '5' && is_digit(s.p[4]) && (s.p[0] - '0') * 10 + s.p[1] - '0' < 24;
}

const struct format format_table[] = {
    { "email", check_email, "must be an e-mail address", "email", NULL, "ada@example.com" },
    { "uri", check_uri, "must be an https:// URL with a host name", "uri", "^https://",
      "https://example.com/a.jpg" },
    { "timezone", timezone_exists, "must be a time zone of the IANA database", NULL,
      "^[A-Za-z][A-Za-z0-9_+/-]*$", "America/New_York" },
    { "currency", check_currency, "must be an ISO 4217 currency code", NULL, "^[A-Z]{3}$", "USD" },
    { "country", check_country, "must be an ISO 3166-1 alpha-2 country code", NULL, "^[A-Z]{2}$", "US" },
    { "language", check_language, "must be a BCP 47 language tag", NULL,
      "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", "en-US" },
    { "phone", check_phone, "must be an E.164 phone number", NULL, "^\\+[1-9][0-9]{6,14}$", "+442079460123" },
    { "name", check_name, "must be a letter and then letters, digits and underscores, all in lower case",
      NULL, "^[a-z][a-z0-9_]*$", "front_desk" },
    { "time", check_time, "must be a time of day, HH:MM", NULL, "^([01][0-9]|2[0-3]):[0-5][0-9]$", "15:00" },
    { "cursor", check_cursor, "must be a cursor as an earlier answer gave it", NULL, "^[A-Za-z0-9_-]+$",
      "AAECAwQFBgc" },
};

const size_t format_count = sizeof(format_table) / sizeof(format_table[0]);

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < format_count; i++) {
        if (strcmp(format_table[i].name, name) == 0) {
            return &format_table[i];
        }
    }
    return NULL;
}
