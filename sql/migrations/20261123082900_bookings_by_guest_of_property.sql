-- "Has this guest a stay there?" is asked whenever a property is read with a token. Of two indexes that each answer half
-- of it PostgreSQL reads both, all stays of the property and all of the guest; this one answers it, and whatever is asked
-- of a property's bookings alone.
create index bookings_property_guest_idx on bookings (property_id, guest_id);
drop index bookings_property_idx;
