-- The audit log.

-- name: audit_append
-- Append an entry: id, user, actor, client, operator, request, address, action, type and id of the target, before, after.
with appended as (
    select audit_append($1, $2, $3, $4, $5, $6, $7::text::inet, $8, $9, $10, $11::text::jsonb, $12::text::jsonb)
)
select true from appended;

-- name: audit_watch
-- Lock a row and remember its state: type, id.
with watched as (select audit_watch($1, $2)) select true from watched;

-- name: audit_append_change
-- Append what differs from the state remembered: id, user, actor, client, operator, request, address, action, type and id
-- of the target.
with appended as (select audit_append_change($1, $2, $3, $4, $5, $6, $7::text::inet, $8, $9, $10)) select true from appended;
