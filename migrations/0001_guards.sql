-- Raised at the end of a commit that must win as a whole: undoes it with its idempotency key.
create function commit_must_win(wanted integer, won integer) returns boolean language plpgsql as $$
begin
  if won < wanted then
    raise exception 'a guard was lost: % of % rows are as they were read', won, wanted using errcode = 'PB001';
  end if;
  return true;
end $$;
--> statement-breakpoint
-- Debits equal credits, per document and currency, in every statement that posts.
create function ledger_must_balance() returns trigger language plpgsql as $$
begin
  if exists (
    select from posted group by organization_id, document_id, kind, currency having sum(amount) <> 0
  ) then
    raise exception 'the ledger must balance' using errcode = '23514', constraint = 'ledger_entries_balance';
  end if;
  return null;
end $$;
--> statement-breakpoint
create trigger ledger_entries_balance after insert on ledger_entries
  referencing new table as posted for each statement execute function ledger_must_balance();
--> statement-breakpoint
create function is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = '23514', constraint = tg_table_name || '_append_only';
end $$;
--> statement-breakpoint
create trigger ledger_entries_append_only before update or delete on ledger_entries
  for each row execute function is_append_only();
--> statement-breakpoint
create trigger events_append_only before update or delete on events
  for each row execute function is_append_only();
--> statement-breakpoint
create trigger plan_versions_append_only before update or delete on plan_versions
  for each row execute function is_append_only();
--> statement-breakpoint
-- A finalised invoice keeps everything but status, version and settlement.
create function invoice_is_frozen() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or (old.organization_id, old.id, old.account_id, old.subscription_id, old.reason, old.number,
      old.currency, old.period_start, old.period_end, old.issued_at, old.finalized_at, old.due_at, old.bill_to,
      old.subtotal, old.discount, old.tax, old.taxes, old.total)
    is distinct from (new.organization_id, new.id, new.account_id, new.subscription_id, new.reason, new.number,
      new.currency, new.period_start, new.period_end, new.issued_at, new.finalized_at, new.due_at, new.bill_to,
      new.subtotal, new.discount, new.tax, new.taxes, new.total) then
    raise exception 'invoice % is final', old.number using errcode = '23514', constraint = 'invoices_frozen';
  end if;
  return new;
end $$;
--> statement-breakpoint
create trigger invoices_frozen before update or delete on invoices
  for each row when (old.finalized_at is not null) execute function invoice_is_frozen();
--> statement-breakpoint
-- The lines of a final invoice are final, and none of a draft can be moved to one. The transaction that finalises it may
-- still write them, in whatever order its one statement comes to them.
create function made_by_this_transaction(row_xmin xid) returns boolean language sql stable as $$
  select row_xmin::text::bigint = (pg_current_xact_id()::text::bigint & 4294967295)
$$;
--> statement-breakpoint
create function invoice_line_is_frozen() returns trigger language plpgsql as $$
begin
  if exists (
    select from invoices i where (i.organization_id, i.id)
        in ((old.organization_id, old.invoice_id), (new.organization_id, new.invoice_id))
      and i.finalized_at is not null and not made_by_this_transaction(i.xmin)
  ) then
    raise exception 'the lines of a final invoice are final' using errcode = '23514', constraint = 'invoice_lines_frozen';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;
--> statement-breakpoint
create trigger invoice_lines_frozen before update or delete on invoice_lines
  for each row execute function invoice_line_is_frozen();
--> statement-breakpoint
-- By key for each line: the planner knows nothing of the new rows and would read all invoices for them.
create function invoice_takes_lines() returns trigger language plpgsql
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
begin
  if exists (
    select from added join invoices i on i.organization_id = added.organization_id and i.id = added.invoice_id
    where i.finalized_at is not null and not made_by_this_transaction(i.xmin)
  ) then
    raise exception 'the lines of a final invoice are final' using errcode = '23514', constraint = 'invoice_lines_frozen';
  end if;
  return null;
end $$;
--> statement-breakpoint
create trigger invoice_lines_added after insert on invoice_lines
  referencing new table as added for each statement execute function invoice_takes_lines();
