-- Statements of src/outbox.

-- name: outbox_mail
-- A mail: topic, recipient, payload (JSON text).
insert into outbox (kind, topic, recipient, payload) values ('mail', $1, $2, $3::text::jsonb);

-- name: outbox_event
-- An event: topic, payload (JSON text).
insert into outbox (kind, topic, payload) values ('event', $1, $2::text::jsonb);
