//! [`write_csv`]: the run second by second, as comma-separated values (RFC 4180, but for its line ends).
//!
//! The columns are the fields of [`Second`], by their own names: what JSON calls them, too.

use std::io::{self, Write};

use crate::record::Second;

/// Writes a head and the rows. What is not known is an empty cell.
pub(super) fn write_csv(rows: &[Second], out: &mut impl Write) -> io::Result<()> {
    let head = fields(&Second::default());
    let names: Vec<&str> = head.iter().map(|(name, _)| name.as_str()).collect();
    writeln!(out, "{}", names.join(","))?;
    for row in rows {
        let cells: Vec<String> = fields(row).into_iter().map(|(_, cell)| cell).collect();
        writeln!(out, "{}", cells.join(","))?;
    }
    Ok(())
}

/// Name and value of every field, in their order. A row is flat and all its values are numbers: its JSON
/// falls apart at the commas.
fn fields(row: &Second) -> Vec<(String, String)> {
    let json = serde_json::to_string(row).expect("numbers always have a JSON form");
    let fields = json.trim_matches(['{', '}']).split(',').filter_map(|field| {
        let (name, cell) = field.split_once(':')?;
        let cell = if cell == "null" { "" } else { cell };
        Some((name.trim_matches('"').to_owned(), cell.to_owned()))
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_as_many_cells_as_the_head_and_what_is_unknown_is_empty() {
        let row = Second { sent: 7, server_rss_bytes: Some(4096), ..Second::default() };
        let mut out = Vec::new();
        write_csv(&[row.clone(), row], &mut out).expect("memory takes it");
        let text = String::from_utf8(out).expect("UTF-8");
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{text}");
        let cell = |name: &str| {
            let at = rows[0].iter().position(|head| *head == name).expect("a column");
            rows[1][at]
        };
        assert_eq!(
            (cell("sent"), cell("server_rss_bytes"), cell("delivery_p99_ns")),
            ("7", "4096", "")
        );
    }
}
