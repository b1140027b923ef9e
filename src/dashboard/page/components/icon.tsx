/** Paths of the icons, drawn on a grid of 16 with a stroke of 1.5. */
const paths = {
  overview: 'M2 9h4v5H2zM10 2h4v12h-4zM6 6h4v8H6z',
  console: 'M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10.5h3',
  channels: 'M3 5.5h10M2 10.5h10M6.5 2 5 14M11 2 9.5 14',
  webhooks: 'M8 2v7M5 6l3 3 3-3M2.5 10v3.5h11V10',
  endpoints: 'M3 4h10v3.5H3zM3 9.5h10V13H3zM5.5 5.75h.01M5.5 11.25h.01',
  deliveries: 'M2 8h9M8 5l3 3-3 3M14 3v10',
  dropped: 'M4 4l8 8M12 4l-8 8',
  verify: 'M8 2l5 2v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V4zM5.8 8l1.7 1.7L10.4 6.5',
  truth: 'M8 2v12M2.5 5h11M2.5 5 1 9.5h3.5zM13.5 5 12 9.5h3.5zM5 14h6',
  settings: 'M2 5h6M12 5h2M2 11h2M8 11h6M8 3h4v4H8zM4 9h4v4H4z',
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 5v3.5l2.5 1.5',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5 14 14',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  check: 'M3 8.5l3.5 3.5L13 4.5',
  plus: 'M8 3v10M3 8h10',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3l8 5-8 5z',
  send: 'M14 2 7 9M14 2l-4.5 12L7 9 2 6.5z',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.5V6H9.5',
  edit: 'M10.5 3 13 5.5 5.5 13H3v-2.5z',
  trash: 'M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.7 9h5.6l.7-9',
  warning: 'M8 2.5 14.5 13.5h-13zM8 6.5v3.2M8 11.5h.01',
  info: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 7.5v3.5M8 5h.01',
  help: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM6.3 6.3a1.8 1.8 0 1 1 2.5 1.8c-.6.3-.8.6-.8 1.2M8 11.2h.01',
  logout: 'M9 3H3v10h6M7 8h7M11.5 5.5 14 8l-2.5 2.5',
  theme: 'M8 2a6 6 0 1 1 0 12zM8 2a6 6 0 0 0 0 12',
  download: 'M8 2v8M5 7l3 3 3-3M2.5 13.5h11',
} as const;

export type IconName = keyof typeof paths;

/** A decorative icon. Screen readers skip it, because a word always accompanies it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
