/** A list request's filters by name, as the user gave them. Each noun checks the names it knows. */
export type Filters = ReadonlyMap<string, readonly string[]>;
