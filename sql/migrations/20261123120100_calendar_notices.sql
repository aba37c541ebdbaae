-- Hosts are told when a calendar they follow goes on failing, when it is well again, and when it has nights of a booking: once an
-- episode, however often it is read.

alter table calendar_feeds add column told_at timestamptz; -- that it fails; until it is well again

-- Bookings an event of a feed has nights of, which the host was told of.
create table calendar_conflict_notices (
    feed_id    uuid        constraint calendar_conflict_notices_feed_fkey references calendar_feeds on delete cascade,
    booking_id uuid        constraint calendar_conflict_notices_booking_fkey references bookings on delete cascade,
    found_at   timestamptz not null default nexus_now(),
    constraint calendar_conflict_notices_pkey primary key (feed_id, booking_id)
);
create index calendar_conflict_notices_booking_idx on calendar_conflict_notices (booking_id);

-- Five failures in a row, or a day without a success: a server that is away for an hour is nobody's worry.
create function calendar_feeds_tell() returns trigger language plpgsql as $$
begin
    if new.failures = 0 then
        if new.told_at is not null then
            new.told_at := null;
            perform notify_add('calendar.feed_recovered', new.id);
        end if;
    elsif new.told_at is null and (new.failures >= 5 or coalesce(new.succeeded_at, new.created_at) <= nexus_now() - interval '1 day') then
        new.told_at := nexus_now();
        perform notify_add('calendar.feed_failing', new.id);
    end if;
    return new;
end $$;
create trigger calendar_feeds_tell before update of failures on calendar_feeds for each row execute function calendar_feeds_tell();

-- Conflicts of a feed that are new are told in one notice; what is none any more may be one again. How many are new.
create function calendar_conflicts_tell(of uuid) returns bigint language plpgsql as $$
declare
    fresh bigint;
begin
    delete from calendar_conflict_notices n
     where n.feed_id = of and not exists (select from calendar_conflicts c where c.feed_id = of and c.booking_id = n.booking_id);
    insert into calendar_conflict_notices (feed_id, booking_id)
    select distinct c.feed_id, c.booking_id from calendar_conflicts c where c.feed_id = of
        on conflict do nothing;
    get diagnostics fresh = row_count;
    if fresh > 0 then
        perform notify_add('calendar.conflict', of);
    end if;
    return fresh;
end $$;

-- What mails say of a feed (notification_facts); of conflicts the one that was found last. Null: there is none any more.
create function calendar_notice_facts(event text, of uuid) returns jsonb language plpgsql stable as $$
declare
    said jsonb := (select jsonb_build_object('property', p.title, 'property_id', p.id, 'feed', f.name,
                                              'since', (coalesce(f.succeeded_at, f.created_at) at time zone p.time_zone)::date::text)
                      from calendar_feeds f join properties p on p.id = f.property_id where f.id = of);
begin
    if event <> 'calendar.conflict' then
        return said;
    end if;
    return (select (said - 'since') || jsonb_build_object('guest_name', g.name, 'check_in', b.check_in::text, 'check_out', b.check_out::text,
                       'conflicts', (select count(*) from calendar_conflict_notices a where a.feed_id = of)::text)
              from calendar_conflict_notices n join bookings b on b.id = n.booking_id join users g on g.id = b.guest_id
             where n.feed_id = of order by n.found_at desc, b.check_in limit 1);
end $$;

grant select, insert, update, delete on calendar_conflict_notices to nexus_api;
