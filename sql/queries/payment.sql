-- Statements of src/payment.

-- name: payment_refund
-- $1 booking, $2 one payment or null, $3 amount at most, $4 reason. How much is given back.
with given as (select payment_refund($1, $2, $3::int8, $4) as amount)
select amount from given;

-- name: payment_close
with closed as (select payment_close($1))
select from closed;

-- name: payment_instant
-- $1 payment, $2 booking, $3 whether it is paid. The whole of a confirmed booking, offline.
insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at)
select $1, b.id, 'offline', 'charge', case when $3::bool then 'captured' else 'pending' end, b.total, b.currency,
       case when $3 then b.total else 0 end, case when $3 then now() end
  from bookings b
 where b.id = $2 and b.total > 0;
