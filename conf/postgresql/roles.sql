-- Roles of Nexus; run as superuser, any number of times.
-- nexus_owner owns the schema and migrates it; nexus_api only reads and writes rows.
do $$
begin
    if not exists (select from pg_roles where rolname = 'nexus_owner') then
        create role nexus_owner login;
    end if;
    if not exists (select from pg_roles where rolname = 'nexus_api') then
        create role nexus_api login;
    end if;
end
$$;
-- Compiling a plan costs more than any statement of the API takes.
alter role nexus_api set jit = off;
alter role nexus_api set default_transaction_isolation = 'read committed';
