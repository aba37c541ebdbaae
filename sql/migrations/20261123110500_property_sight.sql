-- Who sees a property that is not on offer.

-- Its host and co-hosts see a draft; guest and host of a booking see what was booked for as long as the booking is kept. A function
-- because nearly all properties that are read are published, and a subquery costs something even where it is never asked: it is
-- made ready with the statement. A null user is nobody.
create function property_shown(property uuid, as_host uuid, as_guest uuid) returns boolean language plpgsql stable as $$
begin
    return exists (select from property_grants g where g.property_id = property and g.status = 'draft' and g.user_id = as_host)
        or exists (select from bookings b where b.property_id = property and as_guest in (b.guest_id, b.host_id));
end $$;
