-- Photos that hosts upload. What came is kept as a file until it was decoded; what is shown are variants made from it, files of
-- names that never mean anything else. property_photos, which the property shows, has their URLs behind those the host has set.

create table photos (
    id          uuid        constraint photos_pkey primary key,
    property_id uuid        not null constraint photos_property_fkey references properties on delete cascade,
    position    smallint    not null constraint photos_position_range check (position between 0 and 99),
    state       text        not null default 'processing' constraint photos_state_known check (state in ('processing', 'ready', 'rejected')),
    reason      text        constraint photos_reason_length check (length(reason) between 1 and 40), -- why it was rejected
    caption     text        not null default '' constraint photos_caption_length check (length(caption) <= 200),
    media_type  text        not null constraint photos_media_type_known check (media_type in ('image/jpeg', 'image/png', 'image/webp')),
    bytes       bigint      not null constraint photos_bytes_range check (bytes > 0), -- of what came
    hash        bytea       not null constraint photos_hash_length check (octet_length(hash) = 32), -- SHA-256 of it
    width       integer     constraint photos_width_range check (width > 0), -- as it is to be looked at
    height      integer     constraint photos_height_range check (height > 0),
    decided_at  timestamptz, -- ready or rejected; business time
    version     bigint      not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    constraint photos_position_key unique (property_id, position) deferrable initially immediate,
    constraint photos_decided check ((state = 'processing') = (decided_at is null) and (state = 'rejected') = (reason is not null)
                                     and (state = 'ready') = (width is not null and height is not null))
);
create index photos_property_idx on photos (property_id, position, id);
create index photos_rejected_idx on photos (decided_at) where state = 'rejected';

create table photo_variants (
    photo_id uuid    constraint photo_variants_photo_fkey references photos on delete cascade,
    name     text    constraint photo_variants_name_form check (name ~ '^[0-9a-f]{2}/[0-9a-f-]{36}-[0-9a-f]{16}-[0-9]{3,4}\.(webp|jpg)$'),
    format   text    not null constraint photo_variants_format_known check (format in ('webp', 'jpeg')),
    size     integer not null constraint photo_variants_size_range check (size > 0), -- the longest a side may be
    width    integer not null constraint photo_variants_width_range check (width between 1 and size),
    height   integer not null constraint photo_variants_height_range check (height between 1 and size),
    bytes    bigint  not null constraint photo_variants_bytes_range check (bytes > 0),
    constraint photo_variants_pkey primary key (photo_id, name),
    constraint photo_variants_kind_key unique (photo_id, format, size)
);

-- URLs the host has set are at 0 to 99, those of uploaded photos behind them.
alter table property_photos
    drop constraint property_photos_position_range,
    add constraint property_photos_position_range check (position between 0 and 199),
    add column photo_id uuid constraint property_photos_photo_fkey references photos on delete cascade,
    add constraint property_photos_uploaded_behind check ((position >= 100) = (photo_id is not null));
create index property_photos_photo_idx on property_photos (photo_id) where photo_id is not null;

-- Show what is ready, in its order, by the largest JPEG. `base` is what a name is put behind to be a URL. The caller holds the
-- property's lock or takes it here.
create function photos_show(property uuid, base text) returns void language plpgsql as $$
begin
    perform from properties p where p.id = property for no key update;
    delete from property_photos s where s.property_id = property and s.photo_id is not null;
    insert into property_photos (property_id, position, url, photo_id)
    select property, 99 + row_number() over (order by p.position), base || v.name, p.id
      from photos p
      join lateral (select name from photo_variants v where v.photo_id = p.id and v.format = 'jpeg' order by v.size desc limit 1) v on true
     where p.property_id = property and p.state = 'ready';
end $$;

-- Put one at a place among its property's photos; the others close up.
create function photo_move(photo uuid, property uuid, place integer) returns void language sql as $$
    with others as (
        select id, row_number() over (order by position) - 1 as n from photos where property_id = property and id <> photo),
    ranks as (
        select id, n + (n >= place)::integer as rank from others
        union all
        select photo, least(place, (select count(*) from others)))
    update photos p set position = r.rank from ranks r where p.id = r.id and p.position <> r.rank
$$;

create function photos_on_removal() returns trigger language plpgsql as $$
begin
    delete from photos where property_id = new.id;
    return null;
end $$;
create trigger properties_uploaded after update on properties
    for each row when (new.status = 'removed' and old.status <> 'removed') execute function photos_on_removal();

grant select, insert, update, delete on photos, photo_variants to nexus_api;
