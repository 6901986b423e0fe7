//! How the sheets look: formats that are made once, and tables that are written row by row.

use crate::facts::{Outcome, Time};
use crate::report::copy::fitting;
use crate::sheet::template::row_height;
use rust_xlsxwriter::{
    Color, ExcelDateTime, Format, FormatAlign, FormatBorder, FormatUnderline, Url, Worksheet, XlsxError,
};

/// How many links one sheet may have (Excel's own limit is 65,530); further ones are plain text.
const LINKS_MAX: usize = 60_000;

/// Fills that stay apart in black and white print too, and under which black text is readable. The word is always
/// there as well: no colour says something that no word says.
const GOOD: u32 = 0x00_D9_EA_D3;
const WAITS: u32 = 0x00_DD_EB_F7;
const RUN_AGAIN: u32 = 0x00_FF_F2_CC;
const WRONG: u32 = 0x00_F8_CB_AD;

/// The colour of an outcome.
fn fill(outcome: Outcome) -> u32 {
    match outcome {
        Outcome::Approved => GOOD,
        Outcome::Submitted | Outcome::AwaitingProfileApproval => WAITS,
        Outcome::ProfileApproved | Outcome::Drafted | Outcome::Unfinished | Outcome::NotAttempted => {
            RUN_AGAIN
        }
        Outcome::Rejected | Outcome::Refused | Outcome::Unsure | Outcome::Invalid => WRONG,
    }
}

/// The formats of all sheets.
pub struct Look {
    pub title: Format,
    pub bold: Format,
    pub head: Format,
    pub head_middle: Format,
    pub text: Format,
    /// Text that is cut off where the next cell begins.
    pub line: Format,
    pub number: Format,
    pub change: Format,
    pub time: Format,
    pub link: Format,
    pub late: Format,
    by_outcome: Vec<(Outcome, Format)>,
}

impl Look {
    pub fn new() -> Look {
        let plain = || Format::new().set_align(FormatAlign::Top);
        // Text, so that a spreadsheet program takes nothing for a number, a date or a formula.
        let text = || plain().set_num_format("@").set_text_wrap();
        let head = || {
            Format::new()
                .set_bold()
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(Color::RGB(0x00_D9_D9_D9))
                .set_border_bottom(FormatBorder::Thin)
        };
        let filled = |colour: u32| text().set_background_color(Color::RGB(colour));
        Look {
            title: Format::new().set_bold().set_font_size(14),
            bold: plain().set_bold(),
            head: head(),
            head_middle: head().set_align(FormatAlign::Center),
            text: text(),
            line: plain().set_num_format("@"),
            number: plain().set_num_format("0").set_align(FormatAlign::Center),
            change: plain().set_num_format("+0;-0;0").set_align(FormatAlign::Center),
            time: plain().set_num_format("yyyy-mm-dd hh:mm").set_align(FormatAlign::Left),
            link: plain().set_font_color(Color::RGB(0x00_05_63_C1)).set_underline(FormatUnderline::Single),
            late: plain()
                .set_num_format("0")
                .set_align(FormatAlign::Center)
                .set_background_color(Color::RGB(RUN_AGAIN))
                .set_bold(),
            by_outcome: Outcome::ALL.into_iter().map(|it| (it, filled(fill(it)))).collect(),
        }
    }

    pub fn of(&self, outcome: Outcome) -> &Format {
        self.by_outcome.iter().find(|it| it.0 == outcome).map_or(&self.text, |it| &it.1)
    }
}

/// What stands in a cell.
pub enum Value<'a> {
    Text(&'a str),
    Number(u64),
    /// In days, of which so many are usual.
    Days(u64, u64),
    Time(Option<Time>),
    Outcome(Outcome),
    /// An address of the web, and what is shown for it.
    Link(Option<&'a str>, &'a str),
}

/// Whether long texts make a row higher.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    Wrapped,
    One,
}

/// A sheet with one line of headers, to which rows are added.
pub struct Table {
    pub sheet: Worksheet,
    widths: Vec<f64>,
    lines: Lines,
    next: u32,
    links: usize,
}

impl Table {
    /// Each column with its header and its width in characters.
    pub fn begin(
        mut sheet: Worksheet,
        name: &str,
        columns: &[(&str, f64)],
        lines: Lines,
        look: &Look,
    ) -> Result<Table, XlsxError> {
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, (_, width)) in (0..).zip(columns) {
            sheet.set_column_width(column, *width)?;
        }
        sheet.set_row_height(0, 20)?;
        for (column, (header, _)) in (0..).zip(columns) {
            sheet.write_string_with_format(0, column, *header, &look.head)?;
        }
        on_paper(&mut sheet);
        sheet.set_repeat_rows(0, 0)?;
        Ok(Table { sheet, widths: columns.iter().map(|it| it.1).collect(), lines, next: 1, links: 0 })
    }

    pub fn rows(&self) -> u32 {
        self.next - 1
    }

    pub fn row(&mut self, values: &[Value<'_>], look: &Look) -> Result<(), XlsxError> {
        let row = self.next;
        let texts: Vec<(&str, f64)> = values
            .iter()
            .zip(&self.widths)
            .filter_map(|(value, width)| match value {
                Value::Text(text) => Some((*text, *width)),
                _ => None,
            })
            .collect();
        // A spreadsheet program shows no row that is higher than this (Excel's own limit is 409 points).
        if self.lines == Lines::Wrapped {
            self.sheet.set_row_height(row, (row_height(&texts) + 3.0).min(400.0))?;
        }
        for (column, value) in (0..).zip(values) {
            self.cell(row, column, value, look)?;
        }
        self.next += 1;
        Ok(())
    }

    fn cell(&mut self, row: u32, column: u16, value: &Value<'_>, look: &Look) -> Result<(), XlsxError> {
        let sheet = &mut self.sheet;
        match value {
            Value::Text("") | Value::Time(None) | Value::Link(None, _) => (),
            Value::Text(text) => {
                let format = if self.lines == Lines::Wrapped { &look.text } else { &look.line };
                sheet.write_string_with_format(row, column, fitting(text), format)?;
            }
            Value::Number(number) => {
                sheet.write_number_with_format(row, column, *number as f64, &look.number)?;
            }
            Value::Days(days, usual) => {
                let format = if days > usual { &look.late } else { &look.number };
                sheet.write_number_with_format(row, column, *days as f64, format)?;
            }
            Value::Time(Some(time)) => {
                sheet.write_datetime_with_format(row, column, &moment(*time)?, &look.time)?;
            }
            Value::Outcome(outcome) => {
                sheet.write_string_with_format(row, column, outcome.word(), look.of(*outcome))?;
            }
            Value::Link(Some(url), text) if self.links < LINKS_MAX => {
                self.links += 1;
                sheet.write_url_with_format(row, column, Url::new(*url).set_text(*text), &look.link)?;
            }
            Value::Link(Some(url), _) => {
                sheet.write_string_with_format(row, column, *url, &look.text)?;
            }
        }
        Ok(())
    }

    /// Puts the filters on, once all rows are there.
    pub fn end(mut self) -> Result<Worksheet, XlsxError> {
        let last = u16::try_from(self.widths.len().saturating_sub(1)).unwrap_or(u16::MAX);
        self.sheet.autofilter(0, 0, self.next - 1, last)?;
        Ok(self.sheet)
    }
}

/// One page wide, lying, with numbered pages.
pub fn on_paper(sheet: &mut Worksheet) {
    sheet.set_landscape();
    // Inches: left, right, top, bottom, and where header and footer stand.
    sheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_footer("&L&A&RPage &P of &N");
}

/// Unix milliseconds as a date of a spreadsheet, in UTC.
pub fn moment(time: Time) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::from_timestamp(i64::try_from(time / 1_000).unwrap_or_default())
}
