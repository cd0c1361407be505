// Runs in the guest, whose kernel has ipip.
import { reportResult } from '../support/guest/guest.ts';
import { carried } from './carry.ts';

// Ends the line on which the firmware has left its escape sequences.
process.stdout.write('\n');
reportResult(await carried('ipip', { seconds: 2, runs: 5 }));
process.exit();
