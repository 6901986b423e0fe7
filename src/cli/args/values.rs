//! Values that several subcommands read from words: durations, rates, SIDs, names of files.

use crate::facts::Most;
use crate::model::column::header_key;
use crate::model::{Product, Sid, SidKind};
use crate::products;
use crate::twilio::{RATE_MAX, RATE_MIN, Rate};
use std::path::PathBuf;

/// Reads a whole number and a unit: ms, s, m, h or d. Gives milliseconds.
pub fn duration(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 5] =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    // A year is longer than any review, and keeps all sums of times within bounds.
    const MOST: u64 = 366 * 86_400_000;
    let digits = text.len() - text.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    // Zero is zero in every unit.
    let unit = if text == "0" { "ms" } else { unit };
    let unit = UNITS.iter().find(|it| it.0 == unit).map(|it| it.1);
    let wait_ms = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    wait_ms
        .filter(|wait_ms| *wait_ms <= MOST)
        .ok_or_else(|| "write a whole number and a unit, such as 90s, 30m, 12h or 3d".to_owned())
}

/// Reads how many of a customer's numbers: a whole number, or a share in percent.
pub fn most(text: &str) -> Result<Most, String> {
    let most = match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().filter(|it| *it <= 100).map(Most::Percent),
        None => text.parse().ok().map(Most::Count),
    };
    most.ok_or_else(|| "write a whole number, or a share of 0% to 100%".to_owned())
}

/// A duration in which nothing would be no time at all.
pub fn some_time(text: &str) -> Result<u64, String> {
    Some(duration(text)?).filter(|it| *it > 0).ok_or_else(|| "it must be more than 0".to_owned())
}

pub fn csv_or_xlsx(text: &str) -> Result<PathBuf, String> {
    file(text, &["csv", "xlsx"])
}

pub fn inventory_file(text: &str) -> Result<PathBuf, String> {
    file(text, &["csv", "xlsx", "json"])
}

pub fn csv_or_json(text: &str) -> Result<PathBuf, String> {
    file(text, &["csv", "json"])
}

pub fn template_file(text: &str) -> Result<PathBuf, String> {
    file(text, &["csv", "xlsx", "md"])
}

pub fn xlsx(text: &str) -> Result<PathBuf, String> {
    file(text, &["xlsx", "xlsm"])
}

/// A file whose name says what it is to be.
fn file(text: &str, extensions: &[&str]) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let names = format!(".{}", extensions.join(" or ."));
    if path.is_dir() {
        return Err(format!("this is a folder; name a file in it that ends with {names}"));
    }
    let extension = path.extension().unwrap_or_default();
    match extensions.iter().any(|it| extension.eq_ignore_ascii_case(it)) {
        true => Ok(path),
        false => Err(format!("the name must end with {names}")),
    }
}

pub fn rate(text: &str) -> Result<Rate, String> {
    if text.eq_ignore_ascii_case("unlimited") {
        return Ok(Rate::Unlimited);
    }
    match text.parse::<f64>() {
        Ok(rate) if (RATE_MIN..=RATE_MAX).contains(&rate) => Ok(Rate::PerSecond(rate)),
        _ => Err("write a number of calls a second, such as 20 or 0.5, or `unlimited`".to_owned()),
    }
}

pub fn account(text: &str) -> Result<Sid, String> {
    sid(SidKind::Account, text)
}

pub fn bundle(text: &str) -> Result<Sid, String> {
    sid(SidKind::Bundle, text)
}

pub fn policy(text: &str) -> Result<Sid, String> {
    sid(SidKind::Policy, text)
}

/// A product by its name.
pub fn product(text: &str) -> Result<&'static Product, String> {
    let known = products::known();
    let names: Vec<&str> = known.iter().map(|it| it.name).collect();
    let is_it = |it: &&&Product| header_key(it.name) == header_key(text);
    known.iter().find(is_it).copied().ok_or_else(|| format!("the products are {}", names.join(", ")))
}

/// The policy that a product is made under: `NAME=RN…`.
pub fn product_policy(text: &str) -> Result<(&'static Product, Sid), String> {
    let (name, sid) = text.split_once('=').ok_or("write NAME=RN…")?;
    Ok((product(name)?, policy(sid)?))
}

/// Reads a SID of one kind; the error names the kind that it is instead.
fn sid(kind: SidKind, text: &str) -> Result<Sid, String> {
    let Some(sid) = Sid::parse(text.trim()) else {
        return Err(format!("write {} and 32 hexadecimal digits", kind.prefix()));
    };
    match sid.kind() {
        Some(found) if found == kind => Ok(sid),
        Some(other) => Err(format!("this is a SID of kind {}, {} belongs here", other.noun(), kind.prefix())),
        None => Err(format!("{} belongs here", kind.prefix())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        let read: Vec<_> = ["0", "90s", "30m", "12h", "3d", "250ms"].map(|it| duration(it).ok()).into();
        let want = [0, 90_000, 1_800_000, 43_200_000, 259_200_000, 250].map(Some);
        assert_eq!(read, want);
        for text in ["", "5", "s", "-1s", "1.5h", "99999999999999999999s", "400d", "3 weeks"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn rates_that_make_no_sense_are_refused() {
        assert_eq!(rate("20"), Ok(Rate::PerSecond(20.0)));
        assert_eq!(rate("Unlimited"), Ok(Rate::Unlimited));
        for text in ["0", "-1", "NaN", "inf", "many"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_sid_of_the_wrong_kind_is_named() {
        let account = "AC00000000000000000000000000000001";
        assert!(sid(SidKind::Bundle, account).is_err_and(|text| text.contains("account")));
    }
}
