//! [`parse`]: a number as people write it: `10k`, `2.5M`, `10_000` or `1e4`. Knows no flag.

/// What may stand after a number, and how many it is.
const UNITS: [(char, f64); 3] = [('k', 1e3), ('K', 1e3), ('M', 1e6)];

/// Reads a number that is finite and not negative; `None` if it is none.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let found = UNITS.iter().find_map(|&(unit, size)| Some((text.strip_suffix(unit)?, size)));
    let (digits, size) = found.unwrap_or((text, 1.0));
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '+');
    let number: f64 = digits.replace('_', "").parse().ok()?;
    let number = number * size;
    (is_number && number.is_finite()).then_some(number)
}

/// Reads a whole number between these two, both included.
///
/// # Errors
///
/// What it must be, in a sentence.
pub(crate) fn whole(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let wrong = || format!("it must be a whole number from {least} to {most}, such as 500 or 10k");
    let number = parse(text).filter(|number| number.fract() == 0.0).ok_or_else(wrong)?;
    match number {
        number if (f64::from(least)..=f64::from(most)).contains(&number) => Ok(number as u32),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them_and_what_is_none_is_refused() {
        for (text, number) in [
            ("10k", 10_000),
            ("10K", 10_000),
            ("1.5k", 1500),
            ("2M", 2_000_000),
            ("0.1M", 100_000),
            ("10_000", 10_000),
            ("1e3", 1000),
            ("7", 7),
        ] {
            assert_eq!(whole(text, 0, u32::MAX), Ok(number), "{text}");
        }
        for text in
            ["", "k", "-1", "1.5", "ten", "10kk", "10 k", "10m", "10kb", "inf", "nan", "_", "1,000"]
        {
            assert!(whole(text, 0, u32::MAX).is_err(), "{text}");
        }
        assert!(whole("10k", 0, 9_999).is_err() && whole("0", 1, 9).is_err());
    }
}
