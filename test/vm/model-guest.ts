// Runs in the guest, as a bundle.
import { runScenarios } from '../support/guest/run-scenarios.ts';
import { MODEL_SCENARIOS } from './model-scenarios.ts';

await runScenarios(MODEL_SCENARIOS);
process.exit();
