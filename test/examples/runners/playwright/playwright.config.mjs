import { defineConfig } from '@playwright/test';

export default defineConfig({
  reporter: 'list',
  use: {
    launchOptions: {
      // A Chromium of the system; leave it out where `npx playwright install` has brought one.
      executablePath: process.env.CHROMIUM_PATH,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    },
  },
});
