//! [`Table`]: medians as a table in Markdown, and the times in microseconds also as bars.

use std::io::{self, Write};

/// The length of the longest bar, in characters.
const BAR: u8 = 40;

/// A row for each figure, a column for each number of people.
pub(crate) struct Table {
    people: Vec<u32>,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    /// For each column, the values of all rounds.
    cells: Vec<Vec<f64>>,
}

impl Table {
    pub(crate) fn new(people: &[u32]) -> Self {
        Table { people: people.to_vec(), rows: Vec::new() }
    }

    /// Adds a value of a figure.
    pub(crate) fn add(&mut self, figure: &str, column: usize, value: f64) {
        let at = self.rows.iter().position(|row| row.name == figure).unwrap_or_else(|| {
            let cells = vec![Vec::new(); self.people.len()];
            self.rows.push(Row { name: figure.to_owned(), cells });
            self.rows.len() - 1
        });
        self.rows[at].cells[column].push(value);
    }

    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let heads = self.people.iter().map(|&people| format!(" {} |", grouped(people)));
        writeln!(out, "| connections |{}", heads.collect::<String>())?;
        writeln!(out, "|---|{}", "---:|".repeat(self.people.len()))?;
        for row in &self.rows {
            let cells = row.cells.iter().map(|cell| format!(" {} |", rounded(median(cell))));
            writeln!(out, "| {} |{}", row.name, cells.collect::<String>())?;
        }
        for row in self.rows.iter().filter(|row| row.name.ends_with("[µs]")) {
            self.write_bars(row, out)?;
        }
        out.flush()
    }

    fn write_bars(&self, row: &Row, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n{}", row.name)?;
        let medians: Vec<f64> = row.cells.iter().map(|cell| median(cell)).collect();
        let most = medians.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        for (&people, &value) in self.people.iter().zip(&medians) {
            let bar: String = (0..BAR)
                .filter(|&cell| value / most * f64::from(BAR) > cell.into())
                .map(|_| '▇')
                .collect();
            writeln!(out, "{:>10} {bar} {}", grouped(people), rounded(value))?;
        }
        Ok(())
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Rounds to three significant digits, or to a whole number.
fn rounded(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
