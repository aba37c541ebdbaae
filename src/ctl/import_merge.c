/* From temporary tables to the tables. Every statement adds what is not there and counts what it added. */
#include "ctl/import.h"

#include "ctl/term.h"

/*
 * $1 country, $2 city, $3 time zone, $4 currency, $5 source. Not every statement uses all, so each names the
 * types of those it does.
 */
struct step {
    int what; /* an enum import_what whose `loaded` the row count belongs to, or -1 */
    const char *sql;
};

static const struct step steps[] = {
    /* A listing without a price has the one most of its nights have. */
    { -1, "update import_listings l set price = c.price from ("
          "    select listing_id, mode() within group (order by price) as price from import_calendar"
          "     where price is not null group by listing_id) c"
          " where c.listing_id = l.id and l.price is null" },
    { -1, "analyze import_listings; analyze import_calendar; analyze import_reviews" },
    { IMPORT_HOSTS,
      "with new as (select distinct on (host_id) * from import_listings l where not exists ("
      "         select from user_imports i where i.source = $5 and i.source_id = l.host_id)"
      "     order by host_id, line),"
      " users as (insert into users (id, email, name, created_at)"
      "     select new_host, 'host-' || lower(host_id) || '@inside-airbnb.invalid', host_name, "
      "coalesce(host_since, now())"
      "       from new returning id),"
      " roles as (insert into user_roles (user_id, role_name) select new_host, 'host' from new)"
      " insert into user_imports (source, source_id, user_id) select $5, host_id, new_host from new" },
    { IMPORT_LISTINGS,
      "with new as (select l.*, u.user_id from import_listings l"
      "       join user_imports u on u.source = $5 and u.source_id = l.host_id"
      "      where l.price is not null and not exists ("
      "           select from property_imports i where i.source = $5 and i.source_id = l.id)),"
      " made as (insert into properties (id, host_id, status, title, description, kind, room_type, address, "
      "city, country,"
      "         location, time_zone, capacity, bedrooms, beds, bathrooms, price, currency, min_nights, "
      "max_nights)"
      "     select new_property, user_id, 'published', title, description, kind, room_type, address, $2, $1, "
      "location, $3,"
      "            capacity, bedrooms, beds, bathrooms, price, $4, min_nights, max_nights from new order by "
      "line)"
      " insert into property_imports (source, source_id, property_id, rating)"
      "     select $5, id, new_property, rating / 100.0 from new" },
    { -1, "insert into units (id, property_id, position) select l.new_unit, l.new_property, 0"
          "  from import_listings l join properties p on p.id = l.new_property order by l.line" },
    { -1, "insert into property_photos (property_id, position, url) select l.new_property, 0, l.picture"
          "  from import_listings l join properties p on p.id = l.new_property where l.picture is not null" },
    { -1, "insert into property_amenities (property_id, amenity_id) select distinct l.new_property, a.id"
          "  from import_listings l join properties p on p.id = l.new_property,"
          "       unnest(string_to_array(l.amenities, ',')) named join amenities a on a.slug = named" },
    /* Runs of unavailable nights that nothing on the unit takes yet. */
    { -1, "create temporary table import_blocks on commit drop as"
          " with wanted as (select listing_id, range_agg(daterange(night, night + 1)) as nights"
          "       from import_calendar where not available group by listing_id),"
          " taken as (select unit_id, range_agg(nights) as nights from occupancy where unit_id in ("
          "       select u.id from units u join property_imports i on i.property_id = u.property_id and "
          "i.source = $5)"
          "     group by unit_id)"
          " select u.id as unit_id, unnest(w.nights - coalesce(t.nights, '{}')) as nights"
          "   from wanted w join property_imports i on i.source = $5 and i.source_id = w.listing_id"
          "   join units u on u.property_id = i.property_id and u.position = 0"
          "   left join taken t on t.unit_id = u.id" },
    { IMPORT_NIGHTS,
      "with made as (insert into occupancy (id, unit_id, nights, kind)"
      "     select gen_random_uuid(), unit_id, nights, 'block' from import_blocks order by unit_id, nights"
      "     on conflict do nothing returning nights)"
      " select sum(upper(nights) - lower(nights)) from made" },
    { IMPORT_PRICES,
      "insert into calendar_nights (property_id, night, price, min_nights)"
      " select distinct on (p.id, c.night) p.id, c.night, nullif(c.price, p.price), nullif(c.min_nights, "
      "p.min_nights)"
      "   from import_calendar c join property_imports i on i.source = $5 and i.source_id = c.listing_id"
      "   join properties p on p.id = i.property_id"
      "  where c.price <> p.price or c.min_nights <> p.min_nights"
      "  order by p.id, c.night"
      " on conflict do nothing" },
    /* A review's id follows from its source, so that it is not added twice; its time is in front, as in
       version 7. */
    { IMPORT_REVIEWS,
      "insert into reviews (id, property_id, author_name, comment, created_at)"
      " select (lpad(to_hex(extract(epoch from r.night)::bigint * 1000), 12, '0') || '8' ||"
      "         substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid,"
      "        i.property_id, r.author_name, r.comment, r.night"
      "   from import_reviews r join property_imports i on i.source = $5 and i.source_id = r.listing_id,"
      "        encode(sha256(convert_to($5 || '/' || r.id, 'UTF8')), 'hex') h"
      "  order by 1"
      " on conflict do nothing" },
};

static const char *const labels[IMPORT_WHATS] = { "merging listings", "merging hosts", "merging nights",
                                                  "merging prices", "merging reviews" };

/* Every parameter is named, so that the server knows the type of those a statement does not use. */
static PGresult *run_step(const struct import *im, const char *sql)
{
    const char *params[] = { im->country, im->city, im->time_zone, im->currency, IMPORT_SOURCE };
    static const Oid text_types[] = { 25, 25, 25, 25, 25 };
    if (strchr(sql, ';')) {
        return pg_query(im->c, sql);
    }
    return pg_query_typed(im->c, sql, 5, text_types, params);
}

static int64_t changed(const PGresult *r)
{
    int64_t n = 0;
    const char *text =
        PQresultStatus(r) == PGRES_TUPLES_OK ? PQgetvalue(r, 0, 0) : PQcmdTuples((PGresult *)(uintptr_t)r);
    return str_int64(str_from(text), &n) ? n : 0;
}

static enum ctl_exit run_steps(struct import *im)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct progress progress;
        bool shown = steps[i].what >= 0;
        progress_start(&progress, shown ? labels[steps[i].what] : "merging", 0, im->quiet || !shown);
        PGresult *r = run_step(im, steps[i].sql);
        if (!r) {
            return pg_exit(im->c);
        }
        if (shown) {
            im->counts[steps[i].what].loaded = changed(r);
            progress.done = im->counts[steps[i].what].loaded;
        }
        progress_end(&progress, NULL);
        PQclear(r);
    }
    return CTL_OK;
}

static bool report_unpriced(struct import *im)
{
    PGresult *r = pg_query(im->c, "select line from import_listings where price is null order by line");
    for (int i = 0; r && i < PQntuples(r); i++) {
        fprintf(stderr, "%s:%s: neither the listing nor its calendar has a price\n", im->listings_path,
                PQgetvalue(r, i, 0));
        im->counts[IMPORT_LISTINGS].rejected++;
    }
    PQclear(r);
    return r != NULL;
}

enum ctl_exit import_merge(struct import *im)
{
    enum ctl_exit exit = run_steps(im);
    if (exit != CTL_OK || !report_unpriced(im) ||
        !pg_number(im->c,
                   "select count(*) from import_calendar c"
                   "  join property_imports i on i.source = '" IMPORT_SOURCE
                   "' and i.source_id = c.listing_id"
                   "  join properties p on p.id = i.property_id"
                   " where c.price <> p.price or c.min_nights <> p.min_nights",
                   0, &im->counts[IMPORT_PRICES].read)) {
        return exit != CTL_OK ? exit : pg_exit(im->c);
    }
    for (int i = 0; i < IMPORT_WHATS; i++) {
        struct import_count *n = &im->counts[i];
        n->unchanged = n->read - n->loaded - n->rejected;
    }
    return CTL_OK;
}
