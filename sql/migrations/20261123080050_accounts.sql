-- Accounts: signing up without telling whether the address was known.

-- Whether one more mail of a topic may be sent to an address whose owner did not ask for it: ten an hour.
create function mail_allowed(address text, mail_topic text) returns boolean language sql stable as $$
    select count(*) < 10
      from (select from outbox
             where recipient = address and kind = 'mail' and topic = mail_topic and not withheld
               and created_at > now() - interval '1 hour'
             limit 10) x
$$;

-- Makes an account with its credentials, roles and a token that verifies its address; or, when the address has an account,
-- makes all that under a throw-away address and takes it back, so that both take the same time. Either way somebody gets a
-- mail. Says when that was. Two who sign up with one address at the same moment: the later one is told no more than others.
create function account_sign_up(new_id uuid, address text, shown_name text, password text, role_names text[],
                                token bytea, token_lifetime interval, mail_new jsonb, mail_known jsonb,
                                entry uuid, request text, client inet)
returns timestamptz language plpgsql as $$
declare
    known boolean := exists (select from users where email = address);
begin
    begin
        insert into users (id, email, name)
        values (new_id, case when known then new_id || '@nobody.invalid' else address end, shown_name);
        insert into user_credentials (user_id, password_hash) values (new_id, password);
        insert into user_roles (user_id, role_name) select new_id, unnest(role_names);
        insert into mailed_tokens (hash, user_id, purpose, email, expires_at)
        values (token, new_id, 'verify_email', address, now() + token_lifetime);
        if known then
            raise exception 'the address is known' using errcode = 'NX010';
        end if;
    exception
        when sqlstate 'NX010' then null;
        when unique_violation then known := true;
    end;
    insert into outbox (kind, topic, recipient, payload, withheld)
    values ('mail', case when known then 'account.exists' else 'account.verify_email' end, address,
            case when known then mail_known else mail_new end, not mail_allowed(address, 'account.exists'));
    perform audit_append(entry, null, null, null, null, request, client,
                         case when known then 'user.sign_up_again' else 'user.create' end, 'user',
                         (select id::text from users where email = address), null, null);
    return now();
end $$;
