/* Inside Airbnb's words in terms of our vocabulary. The first row whose text occurs wins, so the special
 * comes first. */
#include "ctl/airbnb.h"

#include "ctl/text.h"

struct word {
    const char *contains; /* lower case */
    const char *ours;
};

static const struct word kinds[] = {
    { "houseboat", "boat" },
    { "boat", "boat" },
    { "tiny", "tiny_house" },
    { "townhouse", "townhouse" },
    { "guesthouse", "guesthouse" },
    { "guest suite", "guesthouse" },
    { "loft", "loft" },
    { "villa", "villa" },
    { "cabin", "cabin" },
    { "chalet", "cabin" },
    { "bungalow", "bungalow" },
    { "farm", "farm" },
    { "barn", "farm" },
    { "hostel", "hostel" },
    { "hotel", "hotel" },
    { "resort", "hotel" },
    { "apartment", "apartment" },
    { "condo", "apartment" },
    { "rental unit", "apartment" },
    { "bed and breakfast", "guesthouse" },
    { "cottage", "house" },
    { "home", "house" },
    { "house", "house" },
};

static const struct word room_types[] = {
    { "entire home/apt", "entire_home" },
    { "private room", "private_room" },
    { "shared room", "shared_room" },
    { "hotel room", "hotel_room" },
};

static const struct word amenities[] = {
    { "wifi", "wifi" },
    { "ethernet", "wifi" },
    { "hair dryer", "hair_dryer" },
    { "drying rack", NULL },
    { "kettle", "kettle" },
    { "hot water", "hot_water" },
    { "dishwasher", "dishwasher" },
    { "washer", "washer" },
    { "washing machine", "washer" },
    { "dryer", "dryer" },
    { "kitchenette", "kitchen" },
    { "outdoor kitchen", NULL },
    { "kitchen", "kitchen" },
    { "lock on bedroom", "lock_on_bedroom" },
    { "air conditioning", "air_conditioning" },
    { "ac unit", "air_conditioning" },
    { "heating", "heating" },
    { "heater", "heating" },
    { "workspace", "dedicated_workspace" },
    { "tv", "tv" },
    { "ironing", "iron" },
    { "iron", "iron" },
    { "pool table", NULL },
    { "pool view", NULL },
    { "pool cover", NULL },
    { "whirlpool", "hot_tub" },
    { "hot tub", "hot_tub" },
    { "pool", "pool" },
    { "ev charger", "ev_charger" },
    { "paid parking", "paid_parking" },
    { "crib", "crib" },
    { "gym", "gym" },
    { "exercise equipment", "gym" },
    { "barbecue utensils", NULL },
    { "bbq", "bbq_grill" },
    { "breakfast", "breakfast" },
    { "fireplace guards", NULL },
    { "fireplace", "indoor_fireplace" },
    { "smoking allowed", "smoking_allowed" },
    { "pets allowed", "pets_allowed" },
    { "beachfront", "beachfront" },
    { "waterfront", "waterfront" },
    { "smoke alarm", "smoke_alarm" },
    { "carbon monoxide", "carbon_monoxide_alarm" },
    { "fire extinguisher", "fire_extinguisher" },
    { "first aid", "first_aid_kit" },
    { "self check-in", "self_check_in" },
    { "essentials", "essentials" },
    { "shampoo", "shampoo" },
    { "bed linens", "bed_linens" },
    { "extra pillows", "extra_pillows" },
    { "hangers", "hangers" },
    { "dishes and silverware", "dishes" },
    { "cooking basics", "cooking_basics" },
    { "refrigerator", "refrigerator" },
    { "fridge", "refrigerator" },
    { "microwave", "microwave" },
    { "oven", "oven" },
    { "stove", "stove" },
    { "coffee maker", "coffee_maker" },
    { "espresso", "coffee_maker" },
    { "toaster", "toaster" },
    { "outdoor dining", "outdoor_dining" },
    { "dining table", "dining_table" },
    { "bathtub", "bathtub" },
    { "private entrance", "private_entrance" },
    { "patio", "patio_or_balcony" },
    { "balcony", "patio_or_balcony" },
    { "backyard", "backyard" },
    { "outdoor furniture", "outdoor_furniture" },
    { "fire pit", "fire_pit" },
    { "hammock", "hammock" },
    { "elevator", "elevator" },
    { "luggage dropoff", "luggage_dropoff" },
    { "long term stays", "long_term_stays" },
    { "security cameras", "security_cameras" },
    { "smart lock", "smart_lock" },
    { "keypad", "keypad" },
    { "lockbox", "lockbox" },
    { "ceiling fan", "ceiling_fan" },
    { "portable fans", "portable_fans" },
    { "room-darkening", "room_darkening_shades" },
    { "board games", "board_games" },
    { "books and toys", "childrens_toys" },
    { "books", "books" },
    { "sound system", "sound_system" },
    { "game console", "game_console" },
    { "high chair", "high_chair" },
    { "clothing storage", "clothing_storage" },
    { "cleaning available", "cleaning_available" },
    { "wheelchair", "wheelchair_accessible" },
    { "step-free", "wheelchair_accessible" },
    { "sauna", "sauna" },
    { "bikes", "bikes" },
    { "kayak", "kayak" },
    { "lake access", "lake_access" },
    { "beach access", "beach_access" },
    { "ski-in", "ski_in_out" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool contains(struct str s, struct str part)
{
    for (size_t i = 0; i + part.n <= s.n; i++) {
        size_t k = 0;
        while (k < part.n && lower(s.p[i + k]) == part.p[k]) {
            k++;
        }
        if (k == part.n) {
            return true;
        }
    }
    return false;
}

static const struct word *find(const struct word *words, size_t count, struct str s)
{
    for (size_t i = 0; i < count; i++) {
        if (contains(s, str_from(words[i].contains))) {
            return &words[i];
        }
    }
    return NULL;
}

const char *airbnb_kind(struct str property_type)
{
    const struct word *w = find(kinds, COUNT(kinds), property_type);
    return w ? w->ours : "other";
}

const char *airbnb_room_type(struct str room_type)
{
    const struct word *w = find(room_types, COUNT(room_types), room_type);
    return w ? w->ours : NULL;
}

const char *airbnb_amenity(struct str amenity)
{
    /* "Free ..." says what a thing costs; the thing follows. */
    bool is_free = contains((struct str){ amenity.p, amenity.n < 5 ? amenity.n : 5 }, STR("free "));
    amenity = is_free ? str_skip(amenity, 5) : amenity;
    if (is_free && contains(amenity, STR("parking"))) {
        return "free_parking";
    }
    const struct word *w = find(amenities, COUNT(amenities), amenity);
    return w ? w->ours : is_free && contains(amenity, STR("garage")) ? "free_parking" : NULL;
}

int airbnb_bathrooms(struct str text)
{
    struct str rest = text, number;
    str_split(&rest, ' ', &number);
    int halves = text_halves(number);
    return halves >= 0 ? halves : contains(text, STR("half-bath")) ? 1 : 2;
}
