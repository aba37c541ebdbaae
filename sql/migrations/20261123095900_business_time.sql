-- Business time: what a sandbox can move.

-- In sandbox mode programs move business time by so much; one row, or none. Without sandbox mode nobody reads it.
create table sandbox_clock (
    one   boolean  constraint sandbox_clock_pkey primary key default true constraint sandbox_clock_one check (one),
    shift interval not null
);

-- What time it is for quotes, bookings, payments and the ledger. Tokens and sessions keep to now(). It is inlined; outside sandbox
-- mode nexus.clock is not set and it is now().
create function nexus_now() returns timestamptz language sql stable parallel safe as $$
    select coalesce(now() + nullif(current_setting('nexus.clock', true), '')::interval, now())
$$;
-- The same for what must not be older than a lock that was waited for.
create function nexus_clock() returns timestamptz language sql volatile parallel safe as $$
    select coalesce(clock_timestamp() + nullif(current_setting('nexus.clock', true), '')::interval, clock_timestamp())
$$;

grant select on sandbox_clock to nexus_api;
