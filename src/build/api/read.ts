import ts from '@typescript/typescript6';

/** The content of a docstring. */
export interface Doc {
  readonly text: string;
  /** By parameter: the text of `@param`. */
  readonly params: Readonly<Record<string, string>>;
  readonly throws: readonly string[];
  readonly examples: readonly string[];
  readonly since: string | undefined;
}

/** One parameter of a function or method. */
export interface Parameter {
  readonly name: string;
  readonly isOptional: boolean;
  readonly type: string;
}

/** A member of an interface or class, or one value of a union. */
export interface Member {
  readonly kind: 'property' | 'method' | 'value';
  readonly name: string;
  /** The type of a property; the whole declaration of a method. */
  readonly type: string;
  readonly parameters: readonly Parameter[];
  readonly doc: Doc;
}

/** One declaration of the library. */
export interface Declaration {
  readonly kind: 'function' | 'class' | 'interface' | 'type';
  readonly name: string;
  readonly isExported: boolean;
  /** The declaration, without the docstrings in `members`. For a class or interface: what it extends, or an empty text. */
  readonly signature: string;
  readonly parameters: readonly Parameter[];
  readonly members: readonly Member[];
  /** The names of the other declarations that it mentions. */
  readonly mentions: readonly string[];
  readonly doc: Doc;
}

type Declared =
  ts.FunctionDeclaration | ts.ClassDeclaration | ts.InterfaceDeclaration | ts.TypeAliasDeclaration;
type Callable = ts.FunctionDeclaration | ts.MethodSignature | ts.MethodDeclaration;

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

/** The part of the standard library that is needed to know the items of a list, so that the rest need not be read. */
const lists =
  'interface Array<T> { [index: number]: T }\ninterface ReadonlyArray<T> { readonly [index: number]: T }';

/** Returns the declarations in the text of a bundled declaration file, by name. */
export function readDeclarations(text: string): readonly Declaration[] {
  const file = ts.createSourceFile('index.d.cts', text, ts.ScriptTarget.Latest, true);
  const lib = ts.createSourceFile('lib.d.ts', lists, ts.ScriptTarget.Latest);
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost({}),
    getSourceFile: (name) => [file, lib].find(({ fileName }) => fileName === name),
  };
  const names = [file.fileName, lib.fileName];
  const checker = ts.createProgram(names, { noLib: true, types: [] }, host).getTypeChecker();
  const declared = file.statements.filter(isDeclared);
  const known = new Set(declared.map(nameOf));
  const exported = new Set(
    file.statements
      .filter(ts.isExportDeclaration)
      .flatMap(({ exportClause }) =>
        exportClause !== undefined && ts.isNamedExports(exportClause) ? [...exportClause.elements] : [],
      )
      .map(({ name }) => name.text),
  );
  return declared
    .map((node): Declaration => {
      const name = nameOf(node);
      return {
        kind: kindOf(node),
        name,
        isExported: exported.has(name),
        signature: signatureOf(node, checker),
        parameters: ts.isFunctionDeclaration(node) ? parametersOf(node) : [],
        members: membersOf(node),
        mentions: mentionsOf(node).filter((other) => other !== name && known.has(other)),
        doc: docOf(node),
      };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function isDeclared(node: ts.Statement): node is Declared {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
  );
}

function nameOf({ name }: Declared): string {
  if (name === undefined) throw new Error('a declaration of the library has no name');
  return name.text;
}

function kindOf(node: Declared): Declaration['kind'] {
  if (ts.isFunctionDeclaration(node)) return 'function';
  if (ts.isClassDeclaration(node)) return 'class';
  return ts.isInterfaceDeclaration(node) ? 'interface' : 'type';
}

function print(node: ts.Node): string {
  return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
}

function signatureOf(node: Declared, checker: ts.TypeChecker): string {
  if (ts.isFunctionDeclaration(node)) return print(node).replace('declare ', '');
  if (!ts.isTypeAliasDeclaration(node)) {
    return (node.heritageClauses ?? []).flatMap(({ types }) => types.map(print)).join(', ');
  }
  // The docstrings inside a type are shown with it, unless they have a separate table.
  if (!node.type.getText().includes('typeof ')) return isValues(node.type) ? print(node) : node.getText();
  // A type that is derived from a table of constants is shown as its values.
  const flags = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias;
  const values = checker.typeToString(checker.getTypeAtLocation(node.name), node, flags);
  return `type ${node.name.text} = ${values};`;
}

function parametersOf(node: Callable): readonly Parameter[] {
  return node.parameters.map(({ name, questionToken, type }) => ({
    name: name.getText(),
    isOptional: questionToken !== undefined,
    type: type === undefined ? 'unknown' : print(type),
  }));
}

function membersOf(node: Declared): readonly Member[] {
  if (ts.isTypeAliasDeclaration(node)) {
    return isValues(node.type) ? valuesOf(node.type) : [];
  }
  return ts.isFunctionDeclaration(node) ? [] : node.members.flatMap(memberOf);
}

/** Whether a type is a union of constants, either all with docstrings or all without. */
function isValues(type: ts.TypeNode): type is ts.UnionTypeNode {
  return ts.isUnionTypeNode(type) && type.types.every(ts.isLiteralTypeNode);
}

function memberOf(node: ts.ClassElement | ts.TypeElement): readonly Member[] {
  if (node.name === undefined) return [];
  const name = node.name.getText();
  const doc = docOf(node);
  if (ts.isMethodSignature(node) || ts.isMethodDeclaration(node)) {
    const type = print(node).replace(/;$/, '');
    return [{ kind: 'method', name, type, parameters: parametersOf(node), doc }];
  }
  if (!ts.isPropertySignature(node) && !ts.isPropertyDeclaration(node)) return [];
  const isOptional = node.questionToken !== undefined;
  const type = node.type === undefined ? 'unknown' : print(node.type);
  return [{ kind: 'property', name: `${name}${isOptional ? '?' : ''}`, type, parameters: [], doc }];
}

/** Returns the values of a union, if each is preceded by a docstring. */
function valuesOf(union: ts.UnionTypeNode): readonly Member[] {
  const file = union.getSourceFile();
  let from = union.pos;
  const values = union.types.map((type): Member => {
    const between = file.text.slice(from, type.getStart());
    from = type.end;
    const [, comment = ''] = /\/\*\*([^]*?)\*\//.exec(between) ?? [];
    const text = comment.replaceAll(/^\s*\* ?/gm, '').trim();
    return { kind: 'value', name: type.getText(), type: '', parameters: [], doc: { ...noDoc, text } };
  });
  return values.some(({ doc }) => doc.text !== '') ? values : [];
}

function mentionsOf(node: ts.Node): readonly string[] {
  const found = new Set<string>();
  const visit = (one: ts.Node): void => {
    if (ts.isTypeReferenceNode(one)) found.add(one.typeName.getText());
    if (ts.isExpressionWithTypeArguments(one)) found.add(one.expression.getText());
    ts.forEachChild(one, visit);
  };
  visit(node);
  return [...found].toSorted();
}

const noDoc: Doc = { text: '', params: {}, throws: [], examples: [], since: undefined };

function docOf(node: ts.Node): Doc {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const tags = docs.flatMap((doc) => [...(doc.tags ?? [])]);
  const textsOf = (name: string): string[] =>
    tags.filter(({ tagName }) => tagName.text === name).map(({ comment }) => plain(comment));
  return {
    text: docs.map(({ comment }) => plain(comment)).join('\n\n'),
    params: Object.fromEntries(
      tags.filter(ts.isJSDocParameterTag).map(({ name, comment }) => [name.getText(), plain(comment)]),
    ),
    throws: textsOf('throws'),
    examples: textsOf('example').map((text) => text.replace(/^```ts\n([^]*)\n```$/, '$1')),
    since: textsOf('since')[0],
  };
}

function plain(comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string {
  return (ts.getTextOfJSDocComment(comment) ?? '').trim();
}
