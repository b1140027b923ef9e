/** The app that is served when none is configured. */
export const defaultApp = { id: '1', key: 'app-key', secret: 'app-secret' } as const;
