// Draws a dashboard's panels from what Prometheus answered, with Grafana's own libraries of fields and visualisations: units, thresholds, words for
// values, colours and legends are read by them as a Grafana would. Heat maps are in neither library and are drawn here.
import * as React from "react";
import { createRoot } from "react-dom/client";
import {
  createTheme, dateTime, FieldColorModeId, FieldType, getDisplayProcessor, ThemeContext, VizOrientation, type DataFrame, type Field, type FieldConfig,
} from "@grafana/data";
import { BarGauge, BigValue, BigValueColorMode, BigValueGraphMode, PanelChrome, TimeSeries, VizRepeater } from "@grafana/ui";
import { BarGaugeDisplayMode, BigValueTextMode } from "@grafana/schema";

type Labels = Record<string, string>;
type Series = { metric: Labels; values?: [number, string][]; value?: [number, string] };
type Results = Record<string, Series[]>;
type Target = { refId: string; legendFormat: string };
type Panel = {
  id: number; type: string; title: string; description?: string; targets?: Target[]; options: any;
  gridPos: { x: number; y: number; w: number; h: number }; fieldConfig: { defaults: FieldConfig }; transformations?: any[];
};
type Variable = { name: string; current?: { text?: string | string[]; value?: string | string[] } };
type Board = { uid: string; title: string; panels: Panel[]; templating: { list: Variable[] } };
type Picture = { board: Board; results: Record<string, Results> };

const CELL = 30, GAP = 8, WIDTH = 1560;
const theme = createTheme({ colors: { mode: "light" } });

// What a reader meets first is chosen, as the queries were asked.
const chosen = new Map(((window as any).PICTURE as Picture).board.templating.list.map((one) => [one.name, String(one.current?.text ?? one.current?.value ?? "")]));
const legend = (target: Target, labels: Labels) =>
  target.legendFormat.replace(/\{\{(\w+)\}\}/g, (_, name) => labels[name] ?? "").replace(/\$(\w+)/g, (whole, name) => chosen.get(name) ?? whole);

function numberField(panel: Panel, name: string, labels: Labels, values: (number | null)[], seriesIndex: number): Field {
  const known = values.filter((value) => value !== null), [min, max] = [Math.min(...known), Math.max(...known)];
  const field: Field = {
    name, type: FieldType.number, labels, values, state: { seriesIndex, displayName: name, range: { min, max, delta: max - min } },
    config: { color: { mode: FieldColorModeId.PaletteClassicByName }, ...panel.fieldConfig.defaults, displayName: name },
  };
  field.display = getDisplayProcessor({ field, theme, timeZone: "utc" });
  return field;
}

function frames(panel: Panel, results: Results): DataFrame[] {
  let index = 0;
  return (panel.targets ?? []).flatMap((target) =>
    (results[target.refId] ?? []).map((series) => {
      const points = series.values ?? [series.value!];
      const times = points.map(([time]) => time * 1000), values = points.map(([, value]) => (Number.isFinite(Number(value)) ? Number(value) : null));  // as a Grafana reads NaN
      const time: Field = { name: "Time", type: FieldType.time, values: times, config: {} };
      time.display = getDisplayProcessor({ field: time, theme, timeZone: "utc" });
      return { refId: target.refId, length: times.length, fields: [time, numberField(panel, legend(target, series.metric), series.metric, values, index++)] };
    }),
  );
}

const last = (field: Field) => [...field.values].reverse().find((value) => Number.isFinite(value)) ?? NaN;

function Lines({ panel, data, width, height }: Drawn) {
  const times = data.flatMap((frame) => frame.fields[0].values);
  const [from, to] = [dateTime(Math.min(...times)), dateTime(Math.max(...times))];
  return (
    <TimeSeries frames={data} width={width} height={height} timeRange={{ from, to, raw: { from, to } }} timeZone="utc" legend={panel.options.legend} />
  );
}

function Figures({ panel, data, width, height }: Drawn) {
  const values = data.map((frame) => {
    const field = frame.fields[1];
    const display = field.display!(last(field));
    return { display: data.length > 1 ? { ...display, title: field.name } : display, sparkline: { y: field, x: frame.fields[0] } };
  });
  return (
    <VizRepeater source={values} getValues={() => values} orientation={VizOrientation.Auto} width={width} height={height} renderCounter={0}
      renderValue={({ value, width, height }) => (
        <BigValue value={value.display} sparkline={value.sparkline as any} width={width} height={height} theme={theme}
          colorMode={BigValueColorMode.Value} graphMode={BigValueGraphMode.Area} textMode={data.length > 1 ? BigValueTextMode.ValueAndName : BigValueTextMode.Auto} />
      )} />
  );
}

function Bars({ panel, data, width, height }: Drawn) {
  const most = Math.max(...data.map((frame) => last(frame.fields[1])));
  const values = data.map((frame) => {
    const field = frame.fields[1];
    return { field: { ...field.config, min: 0, max: field.config.max ?? most }, display: { ...field.display!(last(field)), title: field.name } };
  });
  return (
    <VizRepeater source={values} getValues={() => values} orientation={VizOrientation.Horizontal} width={width} height={height} renderCounter={0}
      minVizHeight={16} itemSpacing={4}
      renderValue={({ value, width, height }) => (
        <BarGauge value={value.display} field={value.field} width={width} height={height} theme={theme} orientation={VizOrientation.Horizontal}
          displayMode={BarGaugeDisplayMode.Basic} />
      )} />
  );
}

function Listing({ panel, data }: Drawn) {
  const { renameByName, indexByName } = panel.transformations!.find((one) => one.id === "organize").options;
  const columns = Object.keys(renameByName).sort((one, other) => indexByName[one] - indexByName[other]);
  const targets = panel.targets!, labels = columns.filter((name) => !name.startsWith("Value"));
  const rows = new Map<string, Record<string, string>>();
  for (const frame of data) {
    const field = frame.fields[1], key = labels.map((name) => field.labels![name]).join("\n");
    const row = rows.get(key) ?? Object.fromEntries(labels.map((name) => [name, field.labels![name] ?? ""]));
    const shown = field.display!(last(field));
    row[targets.length > 1 ? `Value #${frame.refId}` : "Value"] = `${shown.prefix ?? ""}${shown.text}${shown.suffix ?? ""}`;
    rows.set(key, row);
  }
  return (
    <table className="listing">
      <thead><tr>{columns.map((name) => <th key={name}>{renameByName[name]}</th>)}</tr></thead>
      <tbody>{[...rows].map(([key, row]) => <tr key={key}>{columns.map((name) => <td key={name}>{row[name]}</td>)}</tr>)}</tbody>
    </table>
  );
}

function HeatMap({ data, width, height }: Drawn) {
  const bounded = data.map((frame) => ({ bound: Number(frame.fields[1].labels!.le.replace("+Inf", "Infinity")), values: frame.fields[1].values }));
  bounded.sort((one, other) => one.bound - other.bound);
  const cells = bounded.map((one, row) => one.values.map((value, at) => Math.max(0, value - (row ? bounded[row - 1].values[at] ?? 0 : 0))));
  const most = Math.max(...cells.flat(), Number.MIN_VALUE), columns = Math.max(...cells.map((row) => row.length));
  const [across, down] = [(width - 60) / columns, height / cells.length];
  return (
    <svg width={width} height={height}>
      {cells.map((row, place) => row.map((value, at) => (
        <rect key={`${place}-${at}`} x={60 + at * across} y={height - (place + 1) * down} width={across - 1} height={down - 1} fill="#e8590c" opacity={Math.sqrt(value / most)} />
      )))}
      {bounded.map((one, place) => place % 3 === 0 && (
        <text key={place} x={0} y={height - place * down - down / 3} fontSize="10">{Number.isFinite(one.bound) ? one.bound : "∞"}</text>
      ))}
    </svg>
  );
}

type Drawn = { panel: Panel; data: DataFrame[]; width: number; height: number };
const KINDS: Record<string, React.ComponentType<Drawn>> = { bargauge: Bars, heatmap: HeatMap, stat: Figures, table: Listing, timeseries: Lines };

function One({ panel, results }: { panel: Panel; results: Results }) {
  const column = WIDTH / 24;
  const place = { left: panel.gridPos.x * column, top: panel.gridPos.y * CELL, position: "absolute" as const };
  if (panel.type === "row") return <h2 style={place}>{panel.title}</h2>;
  const width = panel.gridPos.w * column - GAP, height = panel.gridPos.h * CELL - GAP;
  const data = frames(panel, results), Kind = KINDS[panel.type];
  return (
    <div style={{ ...place, width, height }}>
      <PanelChrome title={panel.title} width={width} height={height}>
        {(innerWidth, innerHeight) => data.length ? <Kind panel={panel} data={data} width={innerWidth} height={innerHeight} />
          : <p className="nothing">{panel.fieldConfig.defaults.noValue ?? "No data"}</p>}
      </PanelChrome>
    </div>
  );
}

function Whole({ board, results }: Picture) {
  const bottom = Math.max(...board.panels.map((panel) => panel.gridPos.y + panel.gridPos.h));
  return (
    <ThemeContext.Provider value={theme}>
      <h1>{board.title}</h1>
      <main style={{ position: "relative", height: bottom * CELL }}>
        {board.panels.map((panel) => <One key={panel.id} panel={panel} results={results[panel.id] ?? {}} />)}
      </main>
    </ThemeContext.Provider>
  );
}

createRoot(document.getElementById("root")!).render(<Whole {...(window as any).PICTURE} />);
