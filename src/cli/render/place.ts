import type { Island } from '../../model/island.ts';
import { type NoPlace, type Place, roleOf } from '../../model/place.ts';

/** `fit07 is a member of r2lab behind faraday, because its hostname is fit07`. */
export function renderPlace(island: Island, place: Place | NoPlace): string {
  return place.role === 'none'
    ? `${place.name} has no place in ${island.name}: ${place.reason}`
    : `${placeSentence(island, place)}, because ${place.reason.replace(/^named /, 'you say it is ')}`;
}

/** `sopnode-l1 is the hub of r2lab`. */
export function placeSentence(island: Island, place: Place): string {
  switch (place.role) {
    case 'hub':
      return `${place.name} is the hub of ${island.name}`;
    case 'peer':
      return `${place.name} is a ${roleOf(place)} of ${island.name}`;
    case 'worker':
      return `${place.name} is a worker of ${island.name} with the address ${place.end.inner}`;
    case 'member':
      return `${place.name} is a member of ${island.name} behind ${place.gateway.name}`;
  }
}

export function placeJson(island: Island, place: Place | NoPlace) {
  return {
    ...{ schemaVersion: 1, island: island.name, name: place.name, role: roleOf(place), reason: place.reason },
    ...(place.role === 'member' && { gateway: place.gateway.name, address: place.address }),
    ...((place.role === 'hub' || place.role === 'peer') && {
      inner: place.end.inner,
      outer: place.end.outer,
    }),
    ...(place.role === 'worker' && { inner: place.end.inner }),
  };
}
