import { deliveryLink } from '../links.ts';

/** A delivery by the end of its id: all of it would take the room of the rest. */
export function DeliveryLink({ app, id }: { readonly app: string; readonly id: string }) {
  return (
    <a class="mono small nowrap" href={deliveryLink(app, id)} title={id}>
      …{id.slice(-8)}
    </a>
  );
}
