// Loaded before each test file that uses the lab. A worker of vitest outlives a runner that is killed with -9,
// and with it would live everything that its labs have started.
process.once('disconnect', () => process.exit(1));
