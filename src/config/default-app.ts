/** The app that is served if none is configured. */
export const defaultApp = { id: '1', key: 'app-key', secret: 'app-secret' } as const;
