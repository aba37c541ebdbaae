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
-- Bulk loads (nexusctl demo) write rows whose foreign keys and search index hold by construction, without triggers. The
-- owner of the tables could drop the triggers anyway; this spares it doing so.
grant set on parameter session_replication_role to nexus_owner;
