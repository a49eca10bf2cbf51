/** `a=b,c=d`, by name; Go leaves their order to chance. */
export function showLabels(labels: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`).toSorted().join(',');
}
