-- What a property asks beyond its nights is told like the rules of its calendar: somebody who shows prices elsewhere reads them again.
create constraint trigger property_pricing_event_made after insert on property_pricing deferrable initially deferred
    for each row execute function event_rules();
create constraint trigger property_pricing_event_changed after update on property_pricing deferrable initially deferred
    for each row when (old.version <> new.version) execute function event_rules();
