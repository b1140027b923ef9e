import { defineConfig } from '@playwright/test';

export default defineConfig({
  reporter: 'list',
  use: {
    launchOptions: {
      // The Chromium of the system. Leave this out if you ran `npx playwright install`.
      executablePath: process.env.CHROMIUM_PATH,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    },
  },
});
