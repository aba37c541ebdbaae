-- Idempotency keys: the claim and the stored answer are in the op's own transaction.

-- name: idempotency_claim
-- Claim a key: principal, op, key, fingerprint, lifetime in microseconds. Fails with NX001 when another
-- transaction holds it, NX002 when it was used for this request, NX003 when for another.
select idempotency_claim($1, $2, $3, $4, $5 * interval '1 microsecond');

-- name: idempotency_read
-- The answer stored under a key: principal, op, key. No row when it is unknown or unfinished.
select status::int4, etag, location, body from idempotency_keys
 where principal = $1 and op = $2 and key = $3 and status is not null;

-- name: idempotency_store
-- Store the answer of the claimed key: principal, op, key, status, etag, location, body.
update idempotency_keys set status = $4, etag = $5, location = $6, body = $7
 where principal = $1 and op = $2 and key = $3;

-- name: idempotency_body
-- The stored answer has become another one, as that of its request has: principal, op, key, etag, body.
update idempotency_keys set etag = $4, body = $5 where principal = $1 and op = $2 and key = $3 and status is not null;
