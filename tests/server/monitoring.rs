//! What operators watch the server with: systemd/monitoring has rules for Prometheus and a dashboard for
//! Grafana. Both are written from the tables of METRICS.md, which has a test of its own.
//!
//! With `UPDATE=1` in the environment the test writes the files anew. `tests/external/promtool` has the rules
//! judged by Prometheus itself, and asks a real one every query of the dashboard.

use std::collections::BTreeMap;
use std::{env, fs};

use serde_json::{Value, json};

use crate::data::Folder;
use crate::harness::{ALICE, eventually};

const PAGE: &str = include_str!("../../src/metrics/METRICS.md");
const AGAIN: &str = "UPDATE=1 cargo test --test server monitoring";

/// A metric as `/metrics` shows it.
#[derive(Default)]
struct Family {
    /// `counter`, `gauge` or `histogram`.
    kind: String,
    /// Its labels without `le`, each with the values that it has.
    labels: BTreeMap<String, Vec<String>>,
}

/// All metrics of a server, by name.
fn families() -> BTreeMap<String, Family> {
    let folder = Folder::new();
    let server = folder.server();
    // One answer has a status that can be counted, and one end a close code.
    server.get("/health");
    drop(server.quiet(ALICE));
    let page = eventually("the close is counted", || {
        let page = server.get("/metrics").text();
        page.contains("switchboard_websocket_closes_total{").then_some(page)
    });
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut last = String::new();
    for line in page.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|l| l.split_once(' ')) {
            last = name.to_owned();
            families.entry(last.clone()).or_default().kind = kind.to_owned();
        }
        let Some((_, labels)) = line.split_once('{').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let (labels, _) = labels.split_once('}').expect("labels end");
        for (label, value) in labels.split(',').filter_map(|label| label.split_once('=')) {
            let family = families.get_mut(&last).expect("its type came before");
            if label != "le" {
                let values = family.labels.entry(label.to_owned()).or_default();
                values.push(value.trim_matches('"').to_owned());
            }
        }
    }
    families
}

/// The cells of the rows of all tables in a piece of the page. `\|` is a bar within a cell.
fn rows(piece: &str) -> Vec<Vec<String>> {
    let rows = piece.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    rows.map(|row| {
        let row = row.replace("\\|", "\0");
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('\0', "|")).collect()
    })
    .collect()
}

/// The part of the page below a heading of the second level.
fn section(heading: &str) -> &'static str {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).expect("the page has it");
    section.split("\n## ").next().expect("a section")
}

/// A sentence of the page without its marks: links keep their text.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let (words, address) = link.split_once("](").expect("a link has an address");
        plain += before;
        plain += words;
        rest = address.split_once(')').expect("an address ends").1;
    }
    (plain + rest).replace('`', "")
}

/// Compares a file with what it should be, or writes it.
fn check(name: &str, expected: &str) {
    let path = format!("{}/systemd/monitoring/{name}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, expected).expect("the file can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "systemd/monitoring/{name} is not current: {AGAIN}");
}

/// An alert, from a row of the page.
struct Alert {
    name: String,
    severity: String,
    lasting: String,
    expression: String,
    meaning: String,
    remedy: String,
}

fn alerts() -> Vec<Alert> {
    let cells = rows(section("Alerts")).into_iter().skip(1);
    cells
        .map(|cells| {
            let [name, severity, lasting, expression, meaning, remedy] =
                <[String; 6]>::try_from(cells).expect("six cells");
            let expression = expression.trim_matches('`').to_owned();
            Alert { name, severity, lasting, expression, meaning, remedy }
        })
        .collect()
}

#[test]
fn the_rules_are_the_alerts_of_the_page() {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut file = format!("# Written by a test, from src/metrics/METRICS.md: {AGAIN}\n\n");
    file += "groups:\n  - name: switchboard\n    rules:\n";
    for alert in alerts() {
        let summary = format!("{{{{ $labels.instance }}}}: {}", plain(&alert.meaning));
        file += &format!(
            "      - alert: {}\n        expr: {}\n        for: {}\n        labels:\n          \
             severity: {}\n        annotations:\n          summary: {}\n          description: {}\n",
            alert.name,
            quoted(&alert.expression),
            alert.lasting,
            alert.severity,
            quoted(&summary),
            quoted(&plain(&alert.remedy)),
        );
    }
    check("switchboard.rules.yml", &file);
}

/// Prometheus finds no mistake in a query for a metric or a label that is not there. It finds nothing.
#[test]
fn an_alert_names_only_metrics_and_labels_that_are_there() {
    let families = families();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let alerts = alerts();
    assert!(alerts.len() > 10);
    for Alert { name, expression, .. } in alerts {
        let mut metrics = 0;
        for (at, _) in
            expression.match_indices("switchboard_").chain(expression.match_indices("process_"))
        {
            let (metric, rest) = expression[at..]
                .split_at(expression[at..].find(|c| !is_word(c)).unwrap_or(expression.len() - at));
            let family = families.get(metric.strip_suffix("_bucket").unwrap_or(metric));
            let family = family.unwrap_or_else(|| panic!("{name}: there is no {metric}"));
            assert_eq!(family.kind == "histogram", metric.ends_with("_bucket"), "{name}: {metric}");
            metrics += 1;
            let selector = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
            for (label, value) in
                selector.iter().flat_map(|s| s.split(',')).filter_map(|s| s.split_once('='))
            {
                let known = family.labels.get(label);
                let values = value.trim_matches(['~', '"']).split('|');
                for value in values.filter(|_| label != "job") {
                    let is_known = known.is_some_and(|known| known.iter().any(|v| v == value));
                    assert!(is_known, "{name}: there is no {metric} with {label} {value}");
                }
            }
        }
        assert!(metrics > 0 || expression.contains("up{job="), "{name} looks at no metric");
    }
}

/// The queries of a metric's panel, each with its legend.
fn queries(name: &str, family: &Family) -> Vec<(String, String)> {
    let only = r#"{job="switchboard",instance=~"$instance"}"#;
    let labels: Vec<&str> = family.labels.keys().map(String::as_str).collect();
    let legend: String = labels.iter().map(|label| format!(" {{{{{label}}}}}")).collect();
    let quantile = |q: &str| {
        let by = [&["instance", "le"], &labels[..]].concat().join(", ");
        let rate = format!("rate({name}_bucket{only}[$__rate_interval])");
        let query = format!("histogram_quantile({q}, sum by ({by}) ({rate}))");
        (query, format!("{{{{instance}}}}{legend} {q}"))
    };
    match family.kind.as_str() {
        "counter" => {
            let query = format!("rate({name}{only}[$__rate_interval])");
            vec![(query, format!("{{{{instance}}}}{legend}"))]
        }
        "gauge" => vec![(format!("{name}{only}"), format!("{{{{instance}}}}{legend}"))],
        "histogram" => vec![quantile("0.5"), quantile("0.99"), quantile("1")],
        other => panic!("{name} is a {other}"),
    }
}

/// What a metric's numbers are, in a word of Grafana's.
fn unit(name: &str) -> &'static str {
    match name {
        "process_start_time_seconds" => "none",
        "process_cpu_seconds_total" => "percentunit",
        _ if name.ends_with("_bytes_total") => "Bps",
        _ if name.ends_with("_bytes") => "bytes",
        _ if name.ends_with("_seconds") => "s",
        _ if name.ends_with("_total") => "cps",
        _ => "short",
    }
}

/// Panels stand three in a row on Grafana's grid, which is 24 wide.
const ACROSS: usize = 3;
const HEIGHT: usize = 8;

#[test]
fn the_dashboard_shows_every_metric_of_the_page() {
    let families = families();
    let (tables, _) = PAGE.split_once("\n## ").expect("the other sections are below");
    let datasource = json!({ "type": "prometheus", "uid": "${datasource}" });
    let (mut panels, mut top) = (Vec::<Value>::new(), 0);
    for piece in tables.split("\n### ").skip(1) {
        let title = piece.lines().next().expect("a heading");
        let id = panels.len() + 1;
        let place = json!({ "h": 1, "w": 24, "x": 0, "y": top });
        panels.push(json!({ "id": id, "type": "row", "title": title, "collapsed": false, "gridPos": place, "panels": [] }));
        top += 1;
        let rows = rows(piece);
        for (at, row) in rows.iter().skip(1).enumerate() {
            let name = row[0].trim_matches('`');
            // What this kernel does not tell, another one may.
            let unknown = Family { kind: "gauge".to_owned(), ..Family::default() };
            let family = families.get(name).unwrap_or(&unknown);
            let targets: Vec<Value> = queries(name, family)
                .into_iter()
                .zip('A'..)
                .map(|((expr, legend), id)| {
                    json!({ "refId": id, "datasource": datasource, "expr": expr, "legendFormat": legend })
                })
                .collect();
            let rises = if row[2].is_empty() {
                String::new()
            } else {
                format!(" If it rises: {}.", plain(&row[2]))
            };
            let (x, y) = (at % ACROSS * (24 / ACROSS), top + at / ACROSS * HEIGHT);
            panels.push(json!({
                "id": panels.len() + 1,
                "type": "timeseries",
                "title": name,
                "description": format!("{}.{rises}", plain(&row[1])),
                "datasource": datasource,
                "gridPos": { "h": HEIGHT, "w": 24 / ACROSS, "x": x, "y": y },
                "fieldConfig": { "defaults": { "unit": unit(name), "min": 0 }, "overrides": [] },
                "options": { "tooltip": { "mode": "multi" }, "legend": { "displayMode": "list", "placement": "bottom" } },
                "targets": targets,
            }));
        }
        top += (rows.len() - 1).div_ceil(ACROSS) * HEIGHT;
    }
    assert!(panels.len() > families.len());
    let source = json!({ "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus" });
    let instance = json!({
        "name": "instance", "label": "server", "type": "query", "datasource": datasource, "refresh": 2,
        "query": "label_values(switchboard_build_info, instance)", "multi": true, "includeAll": true, "allValue": ".*",
    });
    let dashboard = json!({
        "uid": "switchboard", "title": "Switchboard", "tags": ["switchboard"], "schemaVersion": 38, "version": 1,
        "description": format!("Written by a test, from src/metrics/METRICS.md: {AGAIN}"),
        "editable": true, "graphTooltip": 1, "refresh": "30s", "time": { "from": "now-3h", "to": "now" },
        "templating": { "list": [source, instance] },
        "panels": panels,
    });
    let text = serde_json::to_string_pretty(&dashboard).expect("it is JSON");
    check("dashboard.json", &(text + "\n"));
}

#[test]
fn prometheus_asks_where_the_unit_has_the_operators_pages() {
    let file = include_str!("../../systemd/monitoring/prometheus.yml");
    let unit = include_str!("../../systemd/switchboard.service");
    let (_, admin) = unit.split_once("SWITCHBOARD_ADMIN_LISTEN=").expect("the unit has it");
    let admin = admin.lines().next().expect("an address");
    assert!(file.contains(&format!("- targets: ['{admin}']\n")), "{admin}");
    assert!(file.contains("- job_name: switchboard\n"));
}
