import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';

/** The position at which a text is not JSON. Lines and columns count from 1. */
export interface SyntaxFault {
  readonly line: number;
  readonly column: number;
  /** Describes the fault. It does not quote the text, which may contain secrets. */
  readonly problem: string;
}

/**
 * Finds the first fault of a text that `JSON.parse` has refused. Its own message has no position on Node 20, and quotes text that
 * may be secret. Undefined if the position is unknown.
 */
export function findSyntaxFault(text: string): SyntaxFault | undefined {
  const errors: ParseError[] = [];
  try {
    parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  } catch {
    // The nesting exceeds the stack. No configuration is like that, so there is no special message.
    return undefined;
  }
  const first = errors[0];
  if (first === undefined) return undefined;
  const before = text.slice(0, first.offset).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return { line: before.length, column, problem: describeCode(printParseErrorCode(first.error)) };
}

/** Describes where and why a text that `JSON.parse` has refused is not JSON: `not valid JSON at line 2, column 3: comma expected`. */
export function describeSyntax(text: string): string {
  const fault = findSyntaxFault(text);
  if (fault === undefined) return 'not valid JSON for an unknown reason';
  return `not valid JSON at line ${fault.line}, column ${fault.column}: ${fault.problem}`;
}

/** Turns `CommaExpected` into `comma expected`. */
function describeCode(code: string): string {
  return code.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();
}
