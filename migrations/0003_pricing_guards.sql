-- A finalised invoice keeps everything but status, version, settlement and its voiding.
create or replace function invoice_is_frozen() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or (old.organization_id, old.id, old.account_id, old.subscription_id, old.reason, old.number,
      old.currency, old.period_start, old.period_end, old.issued_at, old.finalized_at, old.due_at, old.bill_to,
      old.subtotal, old.discount, old.tax, old.taxes, old.total, old.corrects, old.memo, old.terms_days)
    is distinct from (new.organization_id, new.id, new.account_id, new.subscription_id, new.reason, new.number,
      new.currency, new.period_start, new.period_end, new.issued_at, new.finalized_at, new.due_at, new.bill_to,
      new.subtotal, new.discount, new.tax, new.taxes, new.total, new.corrects, new.memo, new.terms_days) then
    raise exception 'invoice % is final', old.number using errcode = '23514', constraint = 'invoices_frozen';
  end if;
  return new;
end $$;
--> statement-breakpoint
-- A credit note can be voided; nothing else of it changes.
create function credit_note_is_frozen() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or (to_jsonb(old) - '{status,version,voided_at}'::text[])
      is distinct from (to_jsonb(new) - '{status,version,voided_at}'::text[]) then
    raise exception 'credit note % is final', old.number using errcode = '23514', constraint = 'credit_notes_frozen';
  end if;
  return new;
end $$;
--> statement-breakpoint
create trigger credit_notes_frozen before update or delete on credit_notes
  for each row execute function credit_note_is_frozen();
--> statement-breakpoint
-- What was granted, to whom and why stays; what is left of it moves.
create function credit_is_frozen() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or (old.organization_id, old.id, old.account_id, old.currency, old.amount, old.reason, old.source, old.source_id, old.created_at)
      is distinct from (new.organization_id, new.id, new.account_id, new.currency, new.amount, new.reason, new.source, new.source_id, new.created_at) then
    raise exception 'credit % is granted', old.id using errcode = '23514', constraint = 'credits_frozen';
  end if;
  return new;
end $$;
--> statement-breakpoint
create trigger credits_frozen before update or delete on credits
  for each row execute function credit_is_frozen();
