// Runs in the guest, as a bundle.
import { runScenarios } from '../support/guest/run-scenarios.ts';
import { MODEL_SCENARIOS } from './model-scenarios.ts';

const chosen = process.argv.slice(2).map(Number);
await runScenarios(MODEL_SCENARIOS.filter((_, index) => chosen.includes(index)));
process.exit();
