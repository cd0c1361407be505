import type { LabHost } from './host.ts';

/**
 * Takes a link of the host's plan down and up again. Routes through it die with it; those that the plan gives
 * come back, as ifupdown or networkd would see to. Everything else that went through it does not.
 */
export async function uplinkFlap(host: LabHost, link: string): Promise<void> {
  await host.ip([`link set ${link} down`]);
  await host.ip([
    `link set ${link} up`,
    ...(host.plan.routes ?? []).map((route) => `route replace ${route}`),
  ]);
}
