/* Sentences of the invented content, put together from lists of words. */
#include "ctl/demo.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
/* Each place in a sentence takes other bits of the property's number, so that choices do not go together. */
#define PICK(list, words, shift) ((list)[((words) >> (shift)) % COUNT(list)])

static const char *const adjectives[] = { "Sunny",    "Quiet",    "Bright", "Cosy",
                                          "Spacious", "Charming", "Modern", "Light-filled",
                                          "Restored", "Stylish",  "Calm",   "Airy",
                                          "Classic",  "Leafy",    "Snug",   "Elegant" };
static const char *const kinds[] = { "flat",       "house", "loft",  "townhouse",
                                     "guesthouse", "villa", "cabin", "bungalow" };
static const char *const places[DEMO_NEIGHBOURHOODS] = {
    "Old Town",       "Riverside",  "Market Quarter", "Station District", "Parkside",        "Harbour",
    "Museum Quarter", "University", "Hillside",       "Garden District",  "Theatre Quarter", "Mill Yard"
};
static const char *const extras[] = { "with a balcony",   "near the park",     "by the market",
                                      "with a view",      "close to the tram", "on a quiet street",
                                      "with a courtyard", "above a bakery" };
static const char *const openings[] = { "A place to come back to after a long day.",
                                        "Everything you need and nothing more.",
                                        "Renovated last year with care.",
                                        "High ceilings and old wooden floors.",
                                        "Cafes, shops and the metro are around the corner.",
                                        "Made for families and for friends who travel together." };
static const char *const middles[] = { "The bedroom looks onto a garden.",
                                       "The kitchen has all that a cook wants.",
                                       "Fast internet and a proper desk are here.",
                                       "The sofa turns into a second bed.",
                                       "Morning sun reaches the breakfast table." };
static const char *const endings[] = { "We live nearby and are glad to help.", "Check in whenever you like.",
                                       "Long stays are welcome.", "Ask us for the best places to eat." };
static const char *const rules[] = { "No smoking. Quiet after 22:00.", "No parties.",
                                     "Shoes off inside, please.", "No smoking, no parties.",
                                     "Please water the plants." };
static const char *const streets[] = { "Mill Street",   "Church Lane", "Station Road",  "Park Avenue",
                                       "Market Street", "Garden Row",  "Bridge Street", "High Street",
                                       "School Lane",   "Linden Way" };
static const char *const opinions[][4] = {
    { "Not as described.", "Noisy, and the heating did not work.", "We left early.", "Could be cleaner." },
    { "Fine for a night.", "Small but in a good place.", "Nice host, thin walls.",
      "The bed was too soft for us." },
    { "A good stay.", "Clean and easy to find.", "We liked the neighbourhood.",
      "Good value for what it costs." },
    { "Very nice place and a kind host.", "Just like the pictures.", "We slept very well.",
      "Great location." },
    { "Wonderful, we will be back!", "The best place of our whole trip.", "Spotless, quiet and beautiful.",
      "The host thought of everything." },
};
static const char *const first_names[] = { "Ada",   "Ben",   "Chiara", "Diego",  "Elif",  "Farid",
                                           "Greta", "Hana",  "Igor",   "Jana",   "Kofi",  "Lena",
                                           "Marco", "Nadia", "Oskar",  "Priya",  "Quinn", "Rosa",
                                           "Sofia", "Tomas", "Uma",    "Viktor", "Wen",   "Yara" };
static const char *const last_names[] = { "Abe",    "Berg",   "Costa",  "Diaz",  "Evans",  "Fischer",
                                          "Garcia", "Hansen", "Ivanov", "Jones", "Kim",    "Lopez",
                                          "Moreau", "Novak",  "Okafor", "Patel", "Rossi",  "Silva",
                                          "Tanaka", "Urban",  "Vega",   "Weber", "Yilmaz", "Zhang" };

void demo_title(const struct demo_property *p, struct buf *out)
{
    buf_printf(out, "%s %s %s, %s", PICK(adjectives, p->words, 0), kinds[p->kind], PICK(extras, p->words, 4),
               places[p->neighbourhood]);
}

void demo_description(const struct demo_property *p, struct buf *out)
{
    buf_printf(out, "%s %s %s", PICK(openings, p->words, 8), PICK(middles, p->words, 12),
               PICK(endings, p->words, 16));
}

void demo_address(const struct demo_property *p, struct buf *out)
{
    buf_printf(out, "%s %d, %s", PICK(streets, p->words, 20), (int)((p->words >> 24) % 180) + 1,
               places[p->neighbourhood]);
}

void demo_house_rules(const struct demo_property *p, struct buf *out)
{
    buf_addz(out, PICK(rules, p->words, 32));
}

void demo_review_text(const struct demo_property *p, int stay, struct buf *out)
{
    const struct demo_stay *s = &p->stays[stay];
    buf_addz(out, opinions[s->rating - 1][((p->words >> (36 + 3 * stay)) & 3)]);
}

void demo_user_name(const struct demo_world *w, int64_t user, struct buf *out)
{
    uint64_t words = ((uint64_t)user + w->seed) * 0x9e3779b97f4a7c15u;
    buf_printf(out, "%s %s", PICK(first_names, words, 20), PICK(last_names, words, 40));
}

void demo_user_email(const struct demo_world *w, int64_t user, struct buf *out)
{
    bool host = user < w->hosts;
    buf_printf(out, "%s-%lld@demo-%llu-%lld.invalid", host ? "host" : "guest",
               (long long)(host ? user : user - w->hosts), (unsigned long long)w->seed,
               (long long)w->properties);
}
