//! The first sheet: how many customers stand how, who acts next, and what has changed.

use super::Earlier;
use super::look::{Look, moment, on_paper};
use crate::facts::{Outcome, Time};
use crate::report::history::Past;
use crate::report::log::rfc3339;
use crate::report::next::{Who, next_action, who};
use crate::report::summary::Tally;
use crate::report::words::{meaning, who_in_words};
use crate::sheet::template::row_height;
use rust_xlsxwriter::{Format, Url, Worksheet, XlsxError};

pub const SUMMARY: &str = "Summary";

/// Where the workbook's time stands, and where the counts begin: by these the next one finds them again.
pub const AS_OF: &str = "As of (UTC)";
pub const BY_OUTCOME: &str = "outcome";

const WIDTHS: [f64; 5] = [27.0, 22.0, 20.0, 44.0, 50.0];

/// What stands on the sheet.
pub struct Summary<'a> {
    pub now: Time,
    pub tally: &'a Tally,
    pub past: &'a Past,
    pub earlier: Option<&'a Earlier>,
    /// How many numbers are on their profiles, and how many are left out somewhere.
    pub numbers: [u64; 2],
    /// The other sheets, with how many rows they have and what is in them.
    pub sheets: &'a [(&'static str, u32, &'static str)],
}

struct Lines<'a> {
    sheet: &'a mut Worksheet,
    look: &'a Look,
    row: u32,
}

impl Lines<'_> {
    fn text(&mut self, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
        self.sheet.write_string_with_format(self.row, column, text, format)?;
        Ok(())
    }

    fn heads(&mut self, heads: [&str; 5]) -> Result<(), XlsxError> {
        self.row += 1;
        for (column, head) in (0..).zip(heads) {
            // Above what is in the middle of its cell.
            let format = if (1..3).contains(&column) { &self.look.head_middle } else { &self.look.head };
            self.text(column, head, format)?;
        }
        self.row += 1;
        Ok(())
    }

    /// A count, and by how much it has changed since the last look.
    fn counts(&mut self, now: u64, earlier: Option<u64>) -> Result<(), XlsxError> {
        self.sheet.write_number_with_format(self.row, 1, now as f64, &self.look.number)?;
        if let Some(earlier) = earlier {
            let change = now as f64 - earlier as f64;
            self.sheet.write_number_with_format(self.row, 2, change, &self.look.change)?;
        }
        Ok(())
    }
}

/// Writes the sheet.
pub fn write(summary: &Summary<'_>, look: &Look) -> Result<Worksheet, XlsxError> {
    let mut sheet = Worksheet::new();
    sheet.set_name(SUMMARY)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    on_paper(&mut sheet);
    let mut lines = Lines { sheet: &mut sheet, look, row: 0 };
    lines.text(0, "How the customers stand", &look.title)?;
    lines.row += 1;
    lines.text(0, AS_OF, &look.bold)?;
    // As text too: the next workbook says when this look was.
    lines.text(1, &rfc3339(summary.now), &look.text)?;
    lines.row += 1;
    lines.text(0, "Last look (UTC)", &look.bold)?;
    lines.text(1, summary.earlier.map_or("this is the first", |it| it.as_of.as_str()), &look.text)?;
    lines.row += 1;
    outcomes(&mut lines, summary)?;
    by_who(&mut lines, summary)?;
    beginning(&mut lines, summary)?;
    lines.heads(["sheet", "rows", "", "what is in it", ""])?;
    for (name, rows, what) in summary.sheets {
        let link = Url::new(format!("internal:'{name}'!A1")).set_text(*name);
        lines.sheet.write_url_with_format(lines.row, 0, link, &look.link)?;
        lines.counts(u64::from(*rows), None)?;
        lines.text(3, what, &look.text)?;
        lines.sheet.set_row_height(lines.row, row_height(&[(what, WIDTHS[3])]))?;
        lines.row += 1;
    }
    Ok(sheet)
}

fn outcomes(lines: &mut Lines<'_>, summary: &Summary<'_>) -> Result<(), XlsxError> {
    lines.heads([BY_OUTCOME, "customers", "since the last look", "what it means", "what to do"])?;
    let was = |outcome| summary.earlier.map(|it| it.of(outcome));
    for outcome in Outcome::ALL {
        let now = summary.tally.of(outcome);
        if now == 0 && was(outcome).unwrap_or(0) == 0 {
            continue;
        }
        lines.text(0, outcome.word(), lines.look.of(outcome))?;
        lines.counts(now, was(outcome))?;
        lines.text(3, meaning(outcome), &lines.look.text)?;
        let to_do = next_action(outcome, None);
        lines.text(4, &to_do, &lines.look.text)?;
        let height = row_height(&[(meaning(outcome), WIDTHS[3]), (&to_do, WIDTHS[4])]);
        lines.sheet.set_row_height(lines.row, height)?;
        lines.row += 1;
    }
    let all = |of: &dyn Fn(Outcome) -> u64| Outcome::ALL.into_iter().map(of).sum::<u64>();
    lines.text(0, "all", &lines.look.bold)?;
    lines.counts(summary.tally.total(), summary.earlier.map(|it| all(&|outcome| it.of(outcome))))?;
    lines.row += 1;
    Ok(())
}

fn by_who(lines: &mut Lines<'_>, summary: &Summary<'_>) -> Result<(), XlsxError> {
    lines.heads(["who acts next", "customers", "since the last look", "", ""])?;
    for party in [Who::You, Who::Twilio, Who::Nobody] {
        let sum = |of: &dyn Fn(Outcome) -> u64| {
            Outcome::ALL.into_iter().filter(|it| who(*it) == party).map(of).sum::<u64>()
        };
        lines.text(0, who_in_words(party), &lines.look.text)?;
        lines.counts(sum(&|it| summary.tally.of(it)), summary.earlier.map(|was| sum(&|it| was.of(it))))?;
        lines.row += 1;
    }
    Ok(())
}

fn beginning(lines: &mut Lines<'_>, summary: &Summary<'_>) -> Result<(), XlsxError> {
    lines.heads(["since the beginning", "", "", "", ""])?;
    let past = summary.past;
    lines.text(0, "first customer begun (UTC)", &lines.look.text)?;
    match past.begun_at {
        Some(time) => {
            lines.sheet.write_datetime_with_format(lines.row, 1, &moment(time)?, &lines.look.time)?;
        }
        None => lines.text(1, "none yet", &lines.look.text)?,
    }
    lines.row += 1;
    for (what, count) in [
        ("customers begun", past.begun),
        ("ever submitted", past.submitted),
        ("ever rejected", past.rejected),
        ("ever refused", past.refused),
        ("approved by now", summary.tally.of(Outcome::Approved)),
        ("numbers on their profiles", summary.numbers[0]),
        ("numbers left out", summary.numbers[1]),
    ] {
        lines.text(0, what, &lines.look.text)?;
        lines.counts(count, None)?;
        lines.row += 1;
    }
    Ok(())
}
