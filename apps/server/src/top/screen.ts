/** Where pages are shown, one after another. */
export interface Screen {
  show(page: string): void;
  /** Resolves when the user wants to leave; never where no user could say so. */
  readonly left: Promise<void>;
  /** Leaves the terminal as it was. */
  close(): void;
}

/** The terminal that a screen is on. */
export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

// Control sequences of ECMA-48, and xterm's for the alternate screen.
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const CTRL_C = "\x03";

/** A screen on a terminal, where each page takes the place of the one before; elsewhere pages follow each other. */
export function openScreen({ input, output }: Terminal): Screen {
  return output.isTTY ? inPlace(input, output) : inOrder(output);
}

function inOrder(output: NodeJS.WriteStream): Screen {
  return {
    show: (page) => void output.write(`${page}\n\n`),
    left: new Promise(() => undefined),
    close: () => undefined,
  };
}

function inPlace(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Screen {
  let leave: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  let last = "";
  const pressed = (keys: Buffer) => {
    const text = keys.toString();
    if (text.includes("q") || text.includes(CTRL_C)) leave();
  };
  const draw = () => {
    const { columns = 80, rows = 24 } = output;
    const lines = last.split("\n").slice(0, rows);
    output.write(`${HOME}${lines.map((line) => `${cut(line, columns)}${CLEAR_LINE}`).join("\n")}${CLEAR_BELOW}`);
  };
  if (input.isTTY) input.setRawMode(true);
  input.on("data", pressed);
  output.on("resize", draw);
  output.write(ENTER);
  return {
    show(page) {
      last = page;
      draw();
    },
    left,
    close() {
      input.off("data", pressed);
      output.off("resize", draw);
      if (input.isTTY) input.setRawMode(false);
      input.pause();
      output.write(LEAVE);
    },
  };
}

/** A line is cut, so that it does not wrap. */
function cut(line: string, columns: number): string {
  return [...line].slice(0, columns).join("");
}
