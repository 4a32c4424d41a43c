-- Nor may the line of a draft be moved to a final invoice.
create or replace function invoice_line_is_frozen() returns trigger language plpgsql as $$
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
