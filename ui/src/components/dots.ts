// Each bucket has a colour: one of five, by its place among them; the one on this computer is hollow.
import type { Profile } from "../bindings";

export const isDemo = (profile: Profile): boolean => profile.credentials === "demo";

/** The colour of a profile's dot. */
export function dot(profiles: Profile[], name: string): string {
  const real = profiles.filter((known) => !isDemo(known));
  const place = real.findIndex((known) => known.name === name);
  return place < 0 ? "none" : `var(--dot-${(place % 5) + 1})`;
}
