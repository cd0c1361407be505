import { defineConfig } from 'vitest/config';

// What takes too long for every day. As root, after "npm run build": npm run test:long
export default defineConfig({
  test: {
    include: ['test/long/**/*.long.ts'],
    globalSetup: 'test/support/lab/bundle.ts',
    setupFiles: 'test/support/lab/end-with-runner.ts',
    fileParallelism: false,
    testTimeout: 1_200_000,
  },
});
