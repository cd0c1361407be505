import { defineConfig } from 'vitest/config';

const lab = {
  globalSetup: 'test/support/lab/bundle.ts',
  setupFiles: 'test/support/lab/end-with-runner.ts',
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{netns,vm,units,systemd}/**'],
          testTimeout: 60_000,
          // Loading what all of them test takes longer than most of them, and no test changes what it has loaded.
          isolate: false,
        },
      },
      { test: { name: 'units', include: ['test/units/**/*.test.ts'] } },
      {
        test: {
          name: 'netns',
          include: ['test/netns/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Each file has a lab of its own, and waits for half of its time.
          maxWorkers: 3,
          ...lab,
        },
      },
      {
        test: {
          name: 'systemd',
          include: ['test/systemd/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 3,
          ...lab,
        },
      },
      {
        test: {
          name: 'vm',
          include: ['test/vm/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          ...lab,
        },
      },
    ],
  },
});
