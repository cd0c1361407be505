/** Results go to stdout through this; what is said about the work goes to stderr. */
export interface Output {
  line(text: string): void;
  json(value: unknown): void;
  /** A word to the operator on stderr. */
  note(text: string): void;
  /** Colours, on a terminal only. */
  readonly paint: (style: Style, text: string) => string;
  /** Asks the operator for yes or no; undefined where there is no terminal to answer on. */
  readonly ask?: ((question: string) => Promise<boolean>) | undefined;
  /** Says on a terminal how far a work of some seconds has come; `end` takes it away again. */
  readonly progress: (what: string) => Progress;
  /** Whether stderr is a terminal, so that commands are echoed as they run. */
  readonly echoes: boolean;
}

export interface Progress {
  readonly at: (done: number, all: number) => void;
  readonly end: () => void;
}

export type Style = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** ECMA-48 select graphic rendition: on and off. */
const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
};

interface Streams {
  /** Opens the terminal that the operator types on; undefined where there is none. */
  readonly stdin?: (() => NodeJS.ReadStream) | undefined;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** `NO_COLOR` is set (no-color.org). */
  readonly plain: boolean;
}

export function terminalOutput({ stdin, stdout, stderr, plain }: Streams): Output {
  const colours = stdout.isTTY === true && !plain;
  return {
    line: (text) => void stdout.write(`${text}\n`),
    json: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    paint: (style, text) => {
      const [on, off] = CODES[style];
      return colours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
    },
    progress: (what) =>
      stderr.isTTY === true ? progressOn(stderr, what) : { at: () => undefined, end: () => undefined },
    echoes: stderr.isTTY === true,
    ask: stdin && stderr.isTTY ? (question) => askOn(stdin(), stderr, question) : undefined,
  };
}

const CLEAR_LINE = '\r\u001b[K';

function progressOn(terminal: NodeJS.WriteStream, what: string): Progress {
  return {
    at: (done, all) => void terminal.write(`${CLEAR_LINE}${what} ${done}/${all}`),
    end: () => void terminal.write(CLEAR_LINE),
  };
}

/** Anything but yes is no: the end of the input and Ctrl-C too. */
async function askOn(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
): Promise<boolean> {
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input, output });
  const answer = await new Promise<string>((resolve) => {
    lines.once('SIGINT', () => lines.close()).once('close', () => resolve(''));
    lines.question(question, resolve);
  });
  lines.close();
  return /^y(?:es)?$/i.test(answer.trim());
}
