import type { QueryMeasurement } from './queries.ts';

const [WIDTH, HEIGHT, LEFT, TOP, GAP] = [360, 240, 60, 40, 90];
/** The list of questions below the panels. */
const LINE_HEIGHT = 18;

interface Series {
  readonly colour: string;
  readonly isDashed: boolean;
  readonly points: readonly (readonly [rows: number, value: number])[];
}

/** Two panels over the number of transactions, both axes logarithmic: milliseconds (p50 dashed, p99) and rows read (a scan's dashed). */
export function picture(queries: readonly QueryMeasurement[]): string {
  const questions = [...new Set(queries.map(({ question }) => question))];
  const of = (question: string, value: (each: QueryMeasurement) => number) =>
    queries
      .filter((each) => each.question === question)
      .map((each) => [each.rows, Math.max(value(each), MINIMUM)] as const);
  const series = (value: (each: QueryMeasurement) => number, isDashed: boolean) =>
    questions.map(
      (question, index): Series => ({
        colour: colourOf(index, questions.length),
        isDashed,
        points: of(question, value),
      }),
    );
  const times = [...series(({ p50Ms }) => p50Ms, true), ...series(({ p99Ms }) => p99Ms, false)];
  const read = [...series(({ scanRows }) => scanRows, true), ...series(({ rowsRead }) => rowsRead, false)];
  const width = 2 * (LEFT + WIDTH) + GAP;
  const height = TOP + HEIGHT + 50 + questions.length * LINE_HEIGHT;
  const list = questions.map((question, index) => {
    const y = TOP + HEIGHT + 50 + index * LINE_HEIGHT;
    return `<rect x="${LEFT}" y="${y - 9}" width="10" height="10" fill="${colourOf(index, questions.length)}"/><text x="${LEFT + 16}" y="${y}">${question}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    '<title>Milliseconds and rows read of each question, over the number of transactions</title>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    panel('milliseconds: p99, p50 dashed', times, LEFT),
    panel("rows read: a question's, a scan's dashed", read, LEFT + WIDTH + GAP),
    ...list,
    '</svg>',
    '',
  ].join('\n');
}

/** A logarithm needs something to be taken of. */
const MINIMUM = 0.01;

function panel(title: string, series: readonly Series[], left: number): string {
  const points = series.flatMap((each) => each.points);
  const [xFrom, xTo] = decades(points.map(([rows]) => rows));
  const [yFrom, yTo] = decades(points.map(([, value]) => value));
  const x = (rows: number) => round(left + ((Math.log10(rows) - xFrom) / (xTo - xFrom)) * WIDTH);
  const y = (value: number) => round(TOP + HEIGHT - ((Math.log10(value) - yFrom) / (yTo - yFrom)) * HEIGHT);
  const vertical = steps(xFrom, xTo).map(
    (decade) => `<text x="${x(10 ** decade)}" y="${TOP + HEIGHT + 16}" text-anchor="middle">${shown(decade)}</text>`,
  );
  const horizontal = steps(yFrom, yTo).map(
    (decade) =>
      `<path d="M${left} ${y(10 ** decade)}h${WIDTH}" stroke="#ddd"/><text x="${left - 6}" y="${y(10 ** decade) + 4}" text-anchor="end">${shown(decade)}</text>`,
  );
  const lines = series.map(({ colour, isDashed, points: own }) => {
    const path = own.map(([rows, value], index) => `${index === 0 ? 'M' : 'L'}${x(rows)} ${y(value)}`).join('');
    const dots = own.map(([rows, value]) => `<circle cx="${x(rows)}" cy="${y(value)}" r="3" fill="${colour}"/>`);
    const dash = isDashed ? ' stroke-dasharray="4 4"' : '';
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.5"${dash}/>${dots.join('')}`;
  });
  return [
    `<text x="${left}" y="${TOP - 14}" font-size="13">${title}</text>`,
    ...vertical,
    ...horizontal,
    ...lines,
    `<text x="${left + WIDTH / 2}" y="${TOP + HEIGHT + 32}" text-anchor="middle">transactions</text>`,
  ].join('\n');
}

/** The powers of ten around all values, one apart at least; what is all but a power of ten, as a number of whole accounts is, counts as one. */
function decades(values: readonly number[]): readonly [number, number] {
  const from = Math.floor(Math.log10(Math.min(...values) * 1.01));
  return [from, Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values) / 1.01)))];
}

/** Around the circle, dark enough for thin lines. */
function colourOf(index: number, count: number): string {
  return `hsl(${Math.round((index * 360) / count)}, 65%, 40%)`;
}

function steps(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function shown(decade: number): string {
  if (decade < 0) return String(10 ** decade);
  return ['1', '10', '100', '1 k', '10 k', '100 k', '1 M', '10 M', '100 M', '1 G'][decade] ?? `1e${decade}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
