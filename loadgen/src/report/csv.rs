//! [`write_csv`]: the run second by second, as comma-separated values (RFC 4180, except for its line ends).
//!
//! The columns are the fields of [`Second`], with the same names as in the JSON.

use std::io::{self, Write};

use crate::record::Second;

/// Writes a head and the rows. An unknown value is an empty cell.
pub(super) fn write_csv(rows: &[Second], out: &mut impl Write) -> io::Result<()> {
    if rows.is_empty() {
        // The crate learns the names of the columns from a row, and there is none.
        let mut one = Vec::new();
        write_csv(&[Second::default()], &mut one)?;
        return out
            .write_all(one.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default());
    }
    let mut writer = ::csv::Writer::from_writer(out);
    for row in rows {
        writer.serialize(row)?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_a_second_has_a_head() {
        let (mut empty, mut one) = (Vec::new(), Vec::new());
        write_csv(&[], &mut empty).expect("memory takes it");
        write_csv(&[Second::default()], &mut one).expect("memory takes it");
        let end = empty.len() - 1;
        assert_eq!(empty[end], b'\n');
        assert!(one.starts_with(&empty) && !empty[..end].contains(&b'\n'));
    }

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
