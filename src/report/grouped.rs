//! Findings for people: five hundred equal mistakes are one line with a count and the first cells.

use std::collections::HashMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Reset, Style};

use crate::check::rule;
use crate::model::{Finding, Severity, counted};

/// Collects findings and prints them together. However many there are, it keeps some hundreds.
#[derive(Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
    places: HashMap<(Severity, &'static str, String), usize>,
}

/// The findings of one rule about one column; of a value that was accepted the error is a warning, and apart.
struct Group {
    is_about_sheet: bool,
    severity: Severity,
    code: &'static str,
    column: String,
    findings: u64,
    /// The different things that were found, in the order of the sheet, the first of them only.
    units: Vec<Unit>,
}

/// Findings that say the same of the same value.
struct Unit {
    value: String,
    message: String,
    suggestion: String,
    findings: u64,
    /// The first cells, or rows where no cell is meant.
    places: Vec<String>,
}

/// How many cells are named for findings that are the same.
const PLACES_MAX: usize = 3;

/// How many different values are shown for one rule and column: of mistakes as many as a person
/// works through at a terminal, of repairs enough to see what they are.
fn units_max(severity: Severity) -> usize {
    match severity {
        Severity::Error | Severity::Warning => 20,
        Severity::Note => 3,
    }
}

impl Groups {
    pub fn add(&mut self, finding: Finding) {
        let key = (finding.severity, finding.code, finding.column.to_string());
        let index = *self.places.entry(key).or_insert_with_key(|(severity, code, column)| {
            self.groups.push(Group {
                is_about_sheet: finding.row == 0 || rule::is_about_headers(code),
                severity: *severity,
                code,
                column: column.clone(),
                findings: 0,
                units: Vec::new(),
            });
            self.groups.len() - 1
        });
        self.groups[index].add(finding);
    }

    /// Prints what is about the headers and the sheet first, then errors, warnings and notes.
    pub fn print(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.groups.sort_by_key(|group| (!group.is_about_sheet, std::cmp::Reverse(group.severity)));
        for group in &self.groups {
            group.print(out)?;
        }
        if self.groups.iter().any(Group::is_cut) {
            writeln!(
                out,
                "Not every value is shown; --format csv prints every finding, --annotate FILE.xlsx marks every cell."
            )?;
        }
        Ok(())
    }
}

impl Group {
    fn add(&mut self, finding: Finding) {
        self.findings += 1;
        let place = if finding.cell.is_empty() { format!("row {}", finding.row) } else { finding.cell };
        let same = |unit: &&mut Unit| {
            unit.value == finding.value
                && unit.message == finding.message
                && unit.suggestion == finding.suggestion
        };
        if let Some(unit) = self.units.iter_mut().find(same) {
            unit.findings += 1;
            if unit.places.len() < PLACES_MAX {
                unit.places.push(place);
            }
        } else if self.units.len() < units_max(self.severity) {
            self.units.push(Unit {
                value: finding.value,
                message: finding.message,
                suggestion: finding.suggestion,
                findings: 1,
                places: vec![place],
            });
        }
    }

    fn is_cut(&self) -> bool {
        self.shown() < self.findings
    }

    fn shown(&self) -> u64 {
        self.units.iter().map(|unit| unit.findings).sum()
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let style = match self.severity {
            Severity::Error => AnsiColor::Red.on_default().bold(),
            Severity::Warning => AnsiColor::Yellow.on_default().bold(),
            Severity::Note => Style::new().dimmed(),
        };
        let column = if self.column.is_empty() || self.is_about_sheet {
            String::new()
        } else {
            format!(" {}", self.column)
        };
        let head = format!("{style}{}{Reset}{column} [{}]", self.severity.word(), self.code);
        let [first, ..] = self.units.as_slice() else { return Ok(()) };
        // What all have in common is said once.
        let same_message = self.units.iter().all(|unit| unit.message == first.message);
        let same_suggestion = self.units.iter().all(|unit| unit.suggestion == first.suggestion);
        if let [unit] = self.units.as_slice() {
            let place = if self.is_about_sheet { String::new() } else { format!("{}: ", unit.places()) };
            let value = if self.is_about_sheet { String::new() } else { unit.value() };
            writeln!(out, "{head} {place}{}{value}", unit.message)?;
        } else {
            let message = if same_message { format!(": {}", first.message) } else { String::new() };
            writeln!(out, "{head} {}{message}", counted(self.findings, "finding"))?;
            for unit in &self.units {
                let message = if same_message { String::new() } else { format!(" {}", unit.message) };
                let suggestion = match (same_suggestion, unit.suggestion.as_str()) {
                    (true, _) | (_, "") => String::new(),
                    (false, suggestion) => format!(" {suggestion}"),
                };
                writeln!(out, "    {}:{message}{}{suggestion}", unit.places(), unit.value())?;
            }
        }
        if self.is_cut() {
            let more = self.findings - self.shown();
            let findings = if more == 1 { "finding" } else { "findings" };
            writeln!(out, "    and {more} more {findings} with other values")?;
        }
        if same_suggestion && !first.suggestion.is_empty() {
            writeln!(out, "    {}", first.suggestion)?;
        }
        Ok(())
    }
}

impl Unit {
    /// `F17`, or `F17, F18, F19 and 497 more`.
    fn places(&self) -> String {
        let named = self.places.join(", ");
        match self.findings - self.places.len() as u64 {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }

    fn value(&self) -> String {
        if self.value.is_empty() { String::new() } else { format!(" ({:?})", self.value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(row: u64, severity: Severity, code: &'static str, value: &str) -> Finding {
        Finding {
            row,
            cell: format!("J{row}"),
            column: "business_type".into(),
            code,
            severity,
            value: value.to_owned(),
            message: "This is not one of the 7 values.".to_owned(),
            suggestion: "Choose one.".to_owned(),
        }
    }

    fn printed(findings: impl IntoIterator<Item = Finding>) -> String {
        let mut groups = Groups::default();
        findings.into_iter().for_each(|finding| groups.add(finding));
        let mut out = anstream::StripStream::new(Vec::new());
        groups.print(&mut out).expect("memory can be written");
        String::from_utf8(out.into_inner()).expect("we print UTF-8")
    }

    #[test]
    fn five_hundred_equal_mistakes_are_one_line_with_the_first_cells() {
        let text = printed((2..502).map(|row| finding(row, Severity::Error, "not_in_list", "Franchise")));
        assert_eq!(
            text,
            "error business_type [not_in_list] J2, J3, J4 and 497 more: This is not one of the 7 values. (\"Franchise\")\n    Choose one.\n"
        );
    }

    #[test]
    fn values_that_differ_are_listed_up_to_a_number_and_counted_beyond() {
        let text =
            printed((0..30).map(|row| finding(row + 2, Severity::Error, "not_in_list", &format!("F{row}"))));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[0],
            "error business_type [not_in_list] 30 findings: This is not one of the 7 values."
        );
        assert_eq!(lines[1], "    J2: (\"F0\")");
        assert_eq!(lines[21], "    and 10 more findings with other values");
        assert_eq!(lines[22], "    Choose one.");
        assert!(lines[23].contains("--format csv"));
    }

    #[test]
    fn headers_come_first_and_errors_before_doubts() {
        let text = printed([
            finding(3, Severity::Note, "value_spelling", "corporation"),
            finding(2, Severity::Warning, "po_box", "PO Box 1"),
            finding(4, Severity::Error, "not_in_list", "Franchise"),
            finding(1, Severity::Warning, "unknown_column", "colour"),
        ]);
        let codes: Vec<_> = text
            .lines()
            .filter_map(|line| line.split_once('[')?.1.split_once(']'))
            .map(|(code, _)| code)
            .collect();
        assert_eq!(codes, ["unknown_column", "not_in_list", "po_box", "value_spelling"]);
    }
}
