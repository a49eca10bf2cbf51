/** What each kind of flag gives a command. `bytes` are bytes, `decimal` billionths, `duration` nanoseconds. */
export interface FlagValueOf {
  bool: boolean;
  string: string;
  int: number;
  uint: number;
  uint16: number;
  bytes: number;
  decimal: number;
  duration: number;
  list: readonly string[];
  strings: readonly string[];
  map: Readonly<Record<string, string>>;
  filter: Readonly<Record<string, readonly string[]>>;
}

export type FlagKind = keyof FlagValueOf;

export interface Flag {
  readonly type: FlagKind;
  readonly short?: string;
  readonly help?: string;
  /** The type's name in `help`, where it is not the kind's own. */
  readonly shown?: string;
  /** The value where the flag is not given, as it would be typed; empty, zero or false otherwise. */
  readonly default?: string;
  /** Where `help` shows a default that is not the one in use. */
  readonly shownDefault?: string;
  /** Parsed, but not in `help`. */
  readonly hidden?: boolean;
  /** Another name of that flag: values go there. */
  readonly aliasOf?: string;
  /** Refuses a value by throwing; may return another form of it. For `string`, `list` and `map`. */
  readonly check?: (value: string) => string;
  /** `bytes`: -1 is a value too, for no limit. */
  readonly negative?: boolean;
  /** What shell completion offers. */
  readonly completes?: 'file' | 'directory' | 'container' | 'image' | 'network' | 'volume' | readonly string[];
}

/** A command's flags by their long name. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** What a command reads: every flag of its table, given or not. */
export type FlagValues<T extends FlagTable> = { readonly [Name in keyof T]: FlagValueOf[T[Name]['type']] };
