/** What happened, for whoever reads the journal: values under names, and a sentence. Never a key, a token or a secret MAC. */
export interface Log {
  info(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  /** What keeps island from doing what it is for. */
  error(fields: LogFields, text: string): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined | readonly string[]>>;
