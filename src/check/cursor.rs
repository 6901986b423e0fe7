//! Reads the cells of one row, column by column, and collects what there is to say about them.

use std::borrow::Cow;

use super::Tally;
use super::accept::SENT_AS_WRITTEN;
use super::clean::{clean, clean_of};
use super::column_map::{CellSource, ColumnMap};
use super::markup;
use super::quotes;
use super::residue;
use super::rule::{self, Rule};
use super::signs::Signs;
use crate::model::column::{Content, Need};
use crate::model::{Column, Finding, Severity};
use crate::sheet::{Kind, Row, column_letters, csv_unguarded, misread, short, undoubled};

/// A row that is being read.
pub(super) struct Cursor<'a> {
    pub map: &'a ColumnMap,
    pub row: Row<'a>,
    /// The column of the sheet, counted from 0, from which on the row is empty though several required
    /// cells stand there. That is said once for the row, not for every cell.
    pub cut_short_at: Option<usize>,
    /// Whether the row has quotation marks or line breaks anywhere.
    pub has_marks: bool,
    /// The values that are sent as they are written (`--accept`).
    pub accept: &'a [(Column, String)],
    pub(super) findings: &'a mut Vec<Finding>,
    tally: &'a mut Tally,
}

/// A filled cell.
pub(super) struct Field<'a> {
    pub column: Column,
    pub text: Cow<'a, str>,
}

/// A cell that could not be read; what is wrong with it has been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bad;

/// `None` is an empty cell.
pub(super) type Read<T> = Result<Option<T>, Bad>;

impl<'a> Cursor<'a> {
    pub fn new(
        map: &'a ColumnMap,
        row: Row<'a>,
        findings: &'a mut Vec<Finding>,
        tally: &'a mut Tally,
    ) -> Cursor<'a> {
        Cursor { map, row, cut_short_at: None, has_marks: false, accept: &[], findings, tally }
    }

    /// The cell of a column as people meant it: without what a spreadsheet or a careless copy put
    /// there. Values that no column can take are findings already.
    pub fn field(&mut self, column: Column) -> Read<Field<'a>> {
        let map = self.map;
        let at = match map.place(column) {
            CellSource::Absent => return Ok(None),
            CellSource::Set(index) => {
                let text = clean(&map.set[usize::from(index)].1);
                let field = Field { column, text };
                return Ok((!field.text.is_empty()).then_some(field));
            }
            CellSource::At(at) => usize::from(at),
        };
        let cell = self.row.cell(at);
        if cell.text.is_empty() {
            if cell.is_uncalculated() {
                let field = Field { column, text: Cow::Borrowed("") };
                return self.report(&rule::CELL_NOT_CALCULATED, &field).err();
            }
            return Ok(None);
        }
        let content = column.spec().content;
        let raw = match cell.shown {
            Some(shown) if content != Content::Count => shown,
            _ => csv_unguarded(cell.text),
        };
        let signs_of_raw = Signs::of(raw);
        // Without marks there is nothing to unwrap.
        let may_have_marks = signs_of_raw.has(Signs::NOTATION) || signs_of_raw.has(Signs::BEYOND_ASCII);
        let unwrapped = match raw.as_bytes()[0] {
            _ if !may_have_marks => None,
            b'\'' => quotes::unwrapped(raw),
            _ if self.has_marks || raw.starts_with(['\u{201c}', '\u{201e}']) => quotes::unwrapped(raw),
            _ => None,
        };
        let mut text = match &unwrapped {
            Some(inner) => Cow::Owned(clean(inner).into_owned()),
            None => clean_of(raw, signs_of_raw),
        };
        // What is taken out makes the text shorter.
        let has_nul = text.len() != raw.len() && raw.contains('\0');
        let mut is_changed = text.len() != raw.len() || matches!(text, Cow::Owned(_));
        // These two have findings of their own.
        is_changed &= unwrapped.is_none() && !has_nul;
        if text.is_empty() && has_nul {
            return self.report_value(&rule::NUL_CHARACTER, column, String::new()).err();
        }
        if text.is_empty() {
            self.note_change(column, is_changed);
            return Ok(None);
        }
        if unwrapped.is_some() {
            let report = self.report_value(&rule::QUOTES_REMOVED, column, cut(raw.trim()));
            report.message(format!("Taken as {}.", cut(&text))).say();
        }
        let is_ascii = !signs_of_raw.has(Signs::BEYOND_ASCII);
        if !is_ascii {
            self.doubt_encoding(column, raw, &text);
        }
        // Of typographic marks and other line breaks the cleaning has made plain ones.
        let signs = if signs_of_raw.is_plain() { signs_of_raw } else { Signs::of(&text) };
        let mistyped = match cell.kind {
            // Another program has replaced what it could not read.
            Kind::Text if !is_ascii && text.contains('\u{fffd}') => Some(&rule::UNDECODABLE),
            Kind::Text if has_nul => Some(&rule::NUL_CHARACTER),
            // What a spreadsheet writes into a CSV file for cells that are no text. The rows that we
            // give back as CSV keep their mistakes by it.
            Kind::Text if residue::is_error_value(&text) => Some(&rule::CELL_IS_ERROR),
            Kind::Text if text.starts_with('=') && column != Column::Notes => {
                Some(&rule::CELL_NOT_CALCULATED)
            }
            // A remark may well be a date or a single word.
            Kind::Text | Kind::Date | Kind::Bool if column == Column::Notes => None,
            Kind::Text if is_date_value(&text) => Some(&rule::CELL_IS_DATE),
            // As a spreadsheet writes it into a CSV file.
            Kind::Text if residue::takes_words(column) && residue::is_date(&text) => {
                Some(&rule::CELL_IS_DATE)
            }
            Kind::Text if matches!(&*text, "TRUE" | "FALSE") => Some(&rule::CELL_IS_BOOLEAN),
            Kind::Text | Kind::Number => None,
            Kind::Error => Some(&rule::CELL_IS_ERROR),
            Kind::Date => Some(&rule::CELL_IS_DATE),
            Kind::Bool => Some(&rule::CELL_IS_BOOLEAN),
            Kind::Undecodable => Some(&rule::UNDECODABLE),
        };
        if signs.has(Signs::LINE_FEED) && !takes_lines(column) && text.contains('\n') {
            text = Cow::Owned(text.replace('\n', " "));
            is_changed = true;
        }
        self.note_change(column, is_changed);
        let field = Field { column, text };
        if let Some(rule) = mistyped {
            if !self.is_accepted(column, &field.text) {
                return self.report(rule, &field).err();
            }
            self.report(rule, &field).accepted().say();
        } else if self.is_nothing(&field, signs)? {
            return Ok(None);
        }
        if cell.kind == Kind::Date {
            self.report(&rule::DATE_REFORMATTED, &field).say();
        }
        if cell.formula && content == Content::Digits {
            self.report(&rule::CELL_IS_FORMULA, &field).say();
        }
        let usual = chars_usual(column);
        if field.text.len() > usual && field.text.chars().count() > usual {
            let length = field.text.chars().count();
            let message = format!("The cell has {length} characters; more than {usual} are unusual here.");
            self.report(&rule::UNUSUALLY_LONG, &field).message(message).say();
        }
        Ok(Some(field))
    }

    fn note_change(&mut self, column: Column, is_changed: bool) {
        if is_changed {
            self.tally.add(self.map, column, self.row.number());
        }
    }

    /// Whether an optional cell holds a word for nothing, and is taken as empty; in a required one that is an
    /// error.
    fn is_nothing(&mut self, field: &Field, signs: Signs) -> Result<bool, Bad> {
        let column = field.column;
        let is_optional = column.spec().need == Need::Optional;
        // What takes a certain form meets its own rule where it must be filled.
        if !is_optional && !residue::takes_words(column) {
            return Ok(false);
        }
        if residue::is_placeholder(column, &field.text) {
            let is_accepted = self.is_accepted(column, &field.text);
            return match is_optional {
                _ if is_accepted => {
                    self.report(&rule::PLACEHOLDER, field).accepted().say();
                    Ok(false)
                }
                true => {
                    self.report(&rule::PLACEHOLDER_IGNORED, field).say();
                    Ok(true)
                }
                false => {
                    let way_out = format!(
                        "Type in the value. If it is really meant, send it with --accept {}=VALUE.",
                        column.name()
                    );
                    self.report(&rule::PLACEHOLDER, field).suggestion(way_out).err()
                }
            };
        }
        if residue::takes_words(column) && markup::has_markup(&field.text, signs) {
            self.report(&rule::MARKUP, field).say();
        }
        if residue::is_trial(&field.text) {
            self.report(&rule::TRIAL_VALUE, field).say();
        }
        Ok(false)
    }

    /// Warns of a cell whose characters may be others than those that were meant.
    fn doubt_encoding(&mut self, column: Column, raw: &str, text: &str) {
        if let Some(meant) = undoubled(raw) {
            let message = format!(
                "The text looks as if its encoding had been mistaken once before; \"{}\" was probably meant.",
                cut(&clean(&meant))
            );
            self.report_value(&rule::DECODED_TWICE, column, cut(text)).message(message).say();
            return;
        }
        let Some((encoding, rival)) = self.map.guessed else {
            if let Some(meant) = misread(raw) {
                let message = format!(
                    "The text looks as if it had been read in the wrong encoding before; \"{}\" was probably meant.",
                    cut(&clean(&meant))
                );
                self.report_value(&rule::DECODED_TWICE, column, cut(text)).message(message).say();
            }
            return;
        };
        let other = rival
            .and_then(|rival| Some((rival, encoding.encode(raw)?)))
            .map(|(rival, bytes)| (rival, cut(&clean(&rival.decode(&bytes)))));
        let name = encoding.name();
        let report = self.report_value(&rule::ENCODING_GUESSED, column, cut(text));
        match other.filter(|(_, other)| *other != cut(text)) {
            Some((rival, other)) => report
                .message(format!(
                    "Nothing in the file says its encoding. As {name} the cell is \"{}\", as {} it would be \"{other}\", which looks more likely.",
                    cut(text),
                    rival.name()
                ))
                .suggestion(format!(
                    "Say --encoding {} if that is right, --encoding {name} if this is, or save the file as UTF-8.",
                    rival.name()
                ))
                .say(),
            None => report
                .message(format!(
                    "Nothing in the file says its encoding; {name} is a guess, under which the cell is \"{}\".",
                    cut(text)
                ))
                .suggestion(format!(
                    "Compare it with the file. Say --encoding {name} if it is right, or name another, or save the file as UTF-8."
                ))
                .say(),
        }
    }

    /// A cell that must be filled.
    pub fn required(&mut self, column: Column) -> Result<Field<'a>, Bad> {
        match self.field(column)? {
            Some(field) => Ok(field),
            None => Err(self.missing(column)),
        }
    }

    /// Says that a required cell is empty.
    pub fn missing(&mut self, column: Column) -> Bad {
        // Cells that the file does not have are said once for the row.
        if self.is_cut_off(column) {
            return Bad;
        }
        let field = Field { column, text: Cow::Borrowed("") };
        self.report(&rule::REQUIRED, &field).message(format!("{} is empty.", column.name())).bad()
    }

    /// Whether the row ends before this column and that has been said.
    pub fn is_cut_off(&self, column: Column) -> bool {
        match (self.cut_short_at, self.map.place(column)) {
            (Some(end), CellSource::At(at)) => usize::from(at) >= end,
            _ => false,
        }
    }

    /// Begins a finding about a cell.
    pub fn report<'f>(&'f mut self, rule: &'static Rule, field: &Field) -> Report<'f> {
        let value = cut(&field.text);
        self.report_value(rule, field.column, value)
    }

    /// Begins a finding about a part of a cell.
    pub fn report_value(&mut self, rule: &'static Rule, column: Column, value: String) -> Report<'_> {
        let row = self.row.number();
        let finding = Finding {
            row,
            cell: self.map.cell_name(column, row),
            column: column.name().into(),
            code: rule.code,
            severity: rule.severity,
            value,
            message: rule.text.to_owned(),
            suggestion: fix(rule),
        };
        Report { findings: self.findings, finding }
    }

    /// Begins a finding about a cell of the sheet, counted from 0, whether or not its column is ours.
    pub fn report_at(&mut self, rule: &'static Rule, at: usize, text: &str) -> Report<'_> {
        let (row, map) = (self.row.number(), self.map);
        let mut report = self.report_row(rule);
        report.finding.cell = format!("{}{row}", column_letters(at));
        report.finding.column = map.column_name(at);
        report.finding.value = cut(&clean(text));
        report
    }

    /// Says of the findings from this one on that they are about a cell of the sheet, counted from 0.
    pub fn place_findings(&mut self, from: usize, at: usize) {
        for finding in self.findings.iter_mut().skip(from) {
            finding.cell = format!("{}{}", column_letters(at), finding.row);
            finding.column = self.map.column_name(at);
        }
    }

    /// Begins a finding about the row as a whole.
    pub fn report_row(&mut self, rule: &'static Rule) -> Report<'_> {
        let finding = Finding {
            row: self.row.number(),
            cell: String::new(),
            column: Cow::Borrowed(""),
            code: rule.code,
            severity: rule.severity,
            value: String::new(),
            message: rule.text.to_owned(),
            suggestion: fix(rule),
        };
        Report { findings: self.findings, finding }
    }
}

/// What to do; what a note says is done already.
fn fix(rule: &Rule) -> String {
    if rule.severity == Severity::Note { String::new() } else { rule.fix.to_owned() }
}

/// A finding that is being written.
#[must_use]
pub(super) struct Report<'f> {
    findings: &'f mut Vec<Finding>,
    finding: Finding,
}

impl Report<'_> {
    pub fn message(mut self, message: String) -> Self {
        self.finding.message = message;
        self
    }

    pub fn suggestion(mut self, suggestion: String) -> Self {
        self.finding.suggestion = suggestion;
        self
    }

    /// Makes a warning of an error about a value that `--accept` names.
    pub fn accepted(mut self) -> Self {
        self.finding.severity = Severity::Warning;
        self.finding.suggestion = SENT_AS_WRITTEN.to_owned();
        self
    }

    pub fn say(self) {
        self.findings.push(self.finding);
    }

    pub fn bad(self) -> Bad {
        self.say();
        Bad
    }

    pub fn err<T>(self) -> Result<T, Bad> {
        Err(self.bad())
    }
}

/// The value, short enough for a line.
pub(super) fn cut(text: &str) -> String {
    short(text).into_owned()
}

/// Whether a text is how we write a date that a workbook holds.
fn is_date_value(text: &str) -> bool {
    let shape = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, of)| match of {
                b'0' => byte.is_ascii_digit(),
                of => byte == of,
            })
    };
    shape(text, "0000-00-00") || shape(text, "0000-00-00 00:00:00")
}

/// The columns in which several values may stand below each other.
pub(super) fn takes_lines(column: Column) -> bool {
    matches!(
        column,
        Column::PhoneNumbers
            | Column::BusinessRegionsOfOperation
            | Column::SocialMediaProfileUrls
            | Column::Notes
    )
}

/// Twilio publishes no limits for these texts, so these are ours and hold no row back. Beyond them a
/// cell is as a rule no value any more but text of its neighbours, pasted or swallowed.
fn chars_usual(column: Column) -> usize {
    match column {
        Column::Notes => 2_000,
        Column::PhoneNumbers => 100_000,
        Column::WebsiteUrl | Column::StatusCallback => 2_048,
        Column::SocialMediaProfileUrls => 4_096,
        Column::BusinessName | Column::FriendlyName | Column::Street | Column::StreetSecondary => 255,
        Column::Email | Column::Representative1Email | Column::Representative2Email => 254,
        _ => 128,
    }
}
