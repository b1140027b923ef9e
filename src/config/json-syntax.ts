import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';

/** Where a text stops being JSON. Lines and columns count from 1. */
export interface SyntaxFault {
  readonly line: number;
  readonly column: number;
  /** What is wrong there, in words. It quotes nothing: the text may hold secrets. */
  readonly problem: string;
}

/**
 * Finds the first fault of a text that `JSON.parse` refused, whose own message gives no position on Node 20
 * and quotes what may be a secret. Undefined when no place can be named.
 */
export function findSyntaxFault(text: string): SyntaxFault | undefined {
  const errors: ParseError[] = [];
  try {
    parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  } catch {
    // Nested beyond the stack: no configuration is, so there is no better word for it.
    return undefined;
  }
  const first = errors[0];
  if (first === undefined) return undefined;
  const before = text.slice(0, first.offset).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return { line: before.length, column, problem: inWords(printParseErrorCode(first.error)) };
}

/** `CommaExpected` is `comma expected`. */
function inWords(code: string): string {
  return code.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();
}
