/** Paths of the icons, drawn on a grid of 16 with a stroke of 1.5. */
const paths = {
  overview: 'M2 9h4v5H2zM10 2h4v12h-4zM6 6h4v8H6z',
  console: 'M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10.5h3',
  channels: 'M3 5.5h10M2 10.5h10M6.5 2 5 14M11 2 9.500 14',
  webhooks: 'M8 2v7M5 6l3 3 3-3M2.500 10v3.500h11V10',
  endpoints: 'M3 4h10v3.500H3zM3 9.500h10V13H3zM5.500 5.750h.01M5.500 11.250h.01',
  deliveries: 'M2 8h9M8 5l3 3-3 3M14 3v10',
  dropped: 'M4 4l8 8M12 4l-8 8',
  verify: 'M8 2l5 2v4c0 3-2.200 5-5 6-2.800-1-5-3-5-6V4zM5.800 8l1.700 1.700L10.400 6.500',
  truth: 'M8 2v12M2.500 5h11M2.500 5 1 9.500h3.500zM13.500 5 12 9.500h3.500zM5 14h6',
  settings: 'M2 5h6M12 5h2M2 11h2M8 11h6M8 3h4v4H8zM4 9h4v4H4z',
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 5v3.500l2.500 1.500',
  search: 'M7 2.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9zM10.500 10.500 14 14',
  menu: 'M2 4h12M2 8h12M2 12h12',
  close: 'M3.500 3.500l9 9M12.500 3.500l-9 9',
  copy: 'M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3',
  check: 'M3 8.500l3.500 3.500L13 4.500',
  more: 'M3.500 8h.01M8 8h.01M12.500 8h.01',
  plus: 'M8 3v10M3 8h10',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  play: 'M5 3l8 5-8 5z',
  send: 'M14 2 7 9M14 2l-4.500 12L7 9 2 6.500z',
  refresh: 'M13 8a5 5 0 1 1-1.500-3.500L13 6M13 2.500V6H9.500',
  external: 'M9 3h4v4M13 3 7.500 8.500M11 9.500V13H3V5h3.500',
  edit: 'M10.500 3 13 5.500 5.500 13H3v-2.500z',
  trash: 'M3 4.500h10M6 4.500v-2h4v2M4.500 4.500l.7 9h5.600l.7-9',
  warning: 'M8 2.500 14.500 13.500h-13zM8 6.500v3.200M8 11.500h.01',
  info: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 7.500v3.500M8 5h.01',
  help: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM6.300 6.300a1.800 1.800 0 1 1 2.500 1.800c-.6.300-.8.600-.8 1.200M8 11.200h.01',
  chevron: 'M4 6l4 4 4-4',
  logout: 'M9 3H3v10h6M7 8h7M11.500 5.500 14 8l-2.500 2.500',
  theme: 'M8 2a6 6 0 1 1 0 12zM8 2a6 6 0 0 0 0 12',
  download: 'M8 2v8M5 7l3 3 3-3M2.500 13.500h11',
} as const;

export type IconName = keyof typeof paths;

/** A picture beside a word: it says nothing by itself. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
