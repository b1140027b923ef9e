import { parse } from 'yaml';
import { sample } from './proxy.ts';

/** An expression of a rule or a panel, with its purpose. */
export interface Expression {
  readonly of: string;
  readonly text: string;
  /** The labels that its texts use: `{{ $labels.app }}`, `{{app}}`. */
  readonly named: readonly string[];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'documentation', string>>;
}

interface Target {
  readonly expr: string;
  readonly legendFormat?: string;
  readonly datasource: { readonly uid: string };
}

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

export interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

export async function readRules(): Promise<readonly Rule[]> {
  const { groups } = parse(await sample('monitoring/alerts.yml')) as Rules;
  return groups.flatMap(({ rules }) => rules);
}

export async function readDashboard(): Promise<Dashboard> {
  return JSON.parse(await sample('monitoring/grafana/soketify.json')) as Dashboard;
}

/** All expressions of the alerts and of the dashboard, with the dashboard's variables set to "all". */
export async function readExpressions(): Promise<readonly Expression[]> {
  const ofRules = (await readRules()).map(({ alert, expr, annotations }) => ({
    of: alert,
    text: expr,
    named: captures(/\$labels\.(\w+)/g, annotations.summary + annotations.description),
  }));
  const ofPanels = (await readDashboard()).panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat = '' }) => ({
      of: title,
      text: expr
        .replaceAll(/\$(?:__rate_interval|__range)/g, '5m')
        .replaceAll(/\$(?:app|endpoint|instance)/g, '.*'),
      named: captures(/\{\{(\w+)\}\}/g, legendFormat),
    })),
  );
  return [...ofRules, ...ofPanels];
}

/** The metrics that an expression queries, each with its label matchers. */
export function selectorsOf({ text }: Expression): readonly string[] {
  return captures(/\b((?:soketify_|process_|nodejs_)\w+(?:\{[^}]*\})?|up\{[^}]*\})/g, text);
}

/** The labels that remain in the result of an expression: those it groups by, or undefined for all. */
export function groupingOf({ text }: Expression): readonly string[] | undefined {
  const groups = captures(/\bby \(([^)]*)\)/g, text).map((labels) => labels.split(/, */));
  return groups[0];
}

function captures(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].flatMap(([, found]) => found ?? []);
}
