import { deliveryLink } from '../links.ts';

/** A link to a delivery. It shows only the end of the id, because the whole id is too long for a table. */
export function DeliveryLink({ app, id }: { readonly app: string; readonly id: string }) {
  return (
    <a class="mono small nowrap" href={deliveryLink(app, id)} title={id}>
      …{id.slice(-8)}
    </a>
  );
}
