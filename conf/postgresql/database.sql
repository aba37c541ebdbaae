-- The database of Nexus; run once as superuser, after roles.sql.
create database nexus owner nexus_owner encoding 'UTF8' template template0 lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8';
revoke all on database nexus from public;
grant connect on database nexus to nexus_api;
\connect nexus
-- The schema belongs to the owner of the database; nobody else may create objects in it.
alter schema public owner to nexus_owner;
revoke create on schema public from public;
