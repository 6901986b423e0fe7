//! The two sheets that a file has besides the customers when it goes back to its user: every finding, and all in
//! short.

use std::collections::HashMap;
use std::io::{self, Write};

use super::copy::fitting;
use super::workbook::{Look, Styles, Value, cell, escaped};
use crate::check::{ValidationReport, rule};
use crate::model::column::COLUMNS;
use crate::model::{Column, Finding, Severity, shown, values};
use crate::sheet::template::row_height;

/// How many links one sheet may have (Excel's own limit is 65,530).
const LINKS_MAX: usize = 60_000;

/// The sheets that are added. They are replaced where the input has them already.
pub(super) const FINDINGS_SHEET: &str = "Onboarding findings";
pub(super) const SUMMARY_SHEET: &str = "Onboarding summary";

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
    <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">";

/// The columns of the list, and how wide they are: together as wide as a screen.
const LIST: [(&str, f64); 9] = [
    ("row", 6.0),
    ("cell", 8.0),
    ("business_name", 24.0),
    ("severity", 9.0),
    ("column", 34.0),
    ("value", 24.0),
    ("message", 48.0),
    ("suggestion", 48.0),
    ("code", 24.0),
];

/// A sheet that is being written.
struct Sheet<'a> {
    out: &'a mut dyn Write,
    styles: &'a mut Styles,
    row: u64,
}

impl Sheet<'_> {
    fn row(&mut self, height: Option<f64>, cells: &[(usize, Value, Look)]) -> io::Result<()> {
        self.row += 1;
        let height = height.map_or(String::new(), |height| format!(" ht=\"{height}\" customHeight=\"1\""));
        write!(self.out, "<row r=\"{}\"{height}>", self.row)?;
        for (column, value, look) in cells {
            let format = self.styles.look(*look);
            self.out.write_all(cell("", self.row, *column, format, value).as_bytes())?;
        }
        self.out.write_all(b"</row>")
    }

    fn head(&mut self, is_shown: bool, is_frozen: bool, widths: &[f64]) -> io::Result<()> {
        let shown = if is_shown { " tabSelected=\"1\"" } else { "" };
        let pane = match is_frozen {
            true => {
                "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/><selection pane=\"bottomLeft\"/>"
            }
            false => "",
        };
        write!(
            self.out,
            "{HEAD}<sheetViews><sheetView{shown} workbookViewId=\"0\">{pane}</sheetView></sheetViews><cols>"
        )?;
        for (number, width) in (1..).zip(widths) {
            write!(self.out, "<col min=\"{number}\" max=\"{number}\" width=\"{width}\" customWidth=\"1\"/>")?;
        }
        self.out.write_all(b"</cols><sheetData>")
    }
}

fn text(text: &str) -> Value {
    Value::Text(fitting(&shown(text)).into_owned())
}

/// The sheet that lists the findings, each with a link to its cell.
pub(super) fn list(
    out: &mut dyn Write,
    styles: &mut Styles,
    is_shown: bool,
    main: &str,
    findings: &[Finding],
    business_names: &HashMap<u64, String>,
) -> io::Result<()> {
    let mut sheet = Sheet { out, styles, row: 0 };
    sheet.head(is_shown, true, &LIST.map(|(_, width)| width))?;
    let heads: Vec<_> = (0..).zip(LIST).map(|(column, (head, _))| (column, text(head), Look::Bold)).collect();
    sheet.row(None, &heads)?;
    for (at, finding) in findings.iter().enumerate() {
        let name = business_names.get(&finding.row).map_or("", String::as_str);
        let long = [
            (name, LIST[2].1),
            (&*finding.column, LIST[4].1),
            (finding.value.as_str(), LIST[5].1),
            (&finding.message, LIST[6].1),
            (&finding.suggestion, LIST[7].1),
        ];
        let severity = Look::Text(Some(finding.severity));
        // What is about the whole file has no row.
        let row = if finding.row > 0 { Value::Number(finding.row.to_string()) } else { Value::Empty };
        let link = if at < LINKS_MAX { Look::Link } else { Look::Wrapped };
        sheet.row(
            Some(row_height(&long)),
            &[
                (0, row, Look::Wrapped),
                (1, text(&finding.cell), link),
                (2, text(name), Look::Wrapped),
                (3, text(finding.severity.word()), severity),
                (4, text(&finding.column), Look::Wrapped),
                (5, text(&finding.value), Look::Wrapped),
                (6, text(&finding.message), Look::Wrapped),
                (7, text(&finding.suggestion), Look::Wrapped),
                (8, text(finding.code), Look::Wrapped),
            ],
        )?;
    }
    let (last, out) = (sheet.row, sheet.out);
    write!(out, "</sheetData><autoFilter ref=\"A1:I{last}\"/>")?;
    let links = || findings.iter().enumerate().take(LINKS_MAX).filter(|(_, it)| !it.cell.is_empty());
    if links().next().is_some() {
        out.write_all(b"<hyperlinks>")?;
        let main = escaped(&main.replace('\'', "''"));
        for (at, finding) in links() {
            let target = &finding.cell;
            write!(
                out,
                "<hyperlink ref=\"B{}\" location=\"'{main}'!{target}\" display=\"{target}\"/>",
                at + 2
            )?;
        }
        out.write_all(b"</hyperlinks>")?;
    }
    out.write_all(b"</worksheet>")
}

/// What the summary says.
pub(super) struct Summary<'a> {
    /// The name of the sheet that was read.
    pub source: &'a str,
    pub validation: &'a ValidationReport,
    /// How many findings are not on the list.
    pub left_out: u64,
    /// What to do with the file.
    pub advice: &'static str,
}

const SUMMARY_WIDTHS: [f64; 4] = [34.0, 12.0, 12.0, 110.0];

/// The sheet that sums up the findings, with the values that may be chosen.
pub(super) fn sum_up(
    out: &mut dyn Write,
    styles: &mut Styles,
    is_shown: bool,
    summary: &Summary,
) -> io::Result<()> {
    let validation = summary.validation;
    let mut sheet = Sheet { out, styles, row: 0 };
    let plain = Look::Text(None);
    sheet.head(is_shown, false, &SUMMARY_WIDTHS)?;
    let layout = validation.layout.to_string();
    for (name, what) in [("Sheet", summary.source), ("Read as", &layout), ("What to do", summary.advice)] {
        sheet.row(None, &[(0, text(name), Look::Bold), (1, text(what), plain)])?;
    }
    let rows = [("Rows", validation.rows), ("Valid", validation.valid), ("Invalid", validation.invalid())];
    let left_out = (summary.left_out > 0).then_some(("Findings not listed", summary.left_out));
    for (name, count) in rows.into_iter().chain(left_out) {
        sheet.row(None, &[(0, text(name), Look::Bold), (1, Value::Number(count.to_string()), plain)])?;
    }
    for (severity, meaning) in [
        (Severity::Error, "error: the row is not sent"),
        (Severity::Warning, "warning: probably wrong; the row is sent, unless --strict is given"),
        (Severity::Note, "note: a repair that is made when the row is sent"),
    ] {
        sheet.row(None, &[(0, Value::Empty, Look::Text(Some(severity))), (1, text(meaning), plain)])?;
    }
    sheet.row(None, &[])?;
    let heads = ["code", "findings", "severity", "what it says"];
    let heads: Vec<_> = (0..).zip(heads).map(|(column, head)| (column, text(head), Look::Bold)).collect();
    sheet.row(None, &heads)?;
    let mut rules: Vec<_> = rule::ALL.to_vec();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.severity));
    for rule in rules {
        if let Some(count) = validation.counts.by_code.get(rule.code) {
            let says = match rule.severity {
                Severity::Note => rule.text.to_owned(),
                Severity::Error | Severity::Warning => format!("{} {}", rule.text, rule.fix),
            };
            sheet.row(
                Some(row_height(&[(&says, SUMMARY_WIDTHS[3])])),
                &[
                    (0, text(rule.code), Look::Wrapped),
                    (1, Value::Number(count.to_string()), Look::Wrapped),
                    (2, text(rule.severity.word()), Look::Wrapped),
                    (3, text(&says), Look::Wrapped),
                ],
            )?;
        }
    }
    sheet.row(None, &[])?;
    sheet.row(None, &[(0, text("column"), Look::Bold), (3, text("the values that it takes"), Look::Bold)])?;
    for spec in &COLUMNS {
        let values = match spec.column {
            Column::Region => values::STATES.map(|(code, _)| code).join(", "),
            _ => spec.values.join("; "),
        };
        if !values.is_empty() {
            sheet.row(
                Some(row_height(&[(&values, SUMMARY_WIDTHS[3])])),
                &[(0, text(spec.name), Look::Wrapped), (3, text(&values), Look::Wrapped)],
            )?;
        }
    }
    sheet.out.write_all(b"</sheetData></worksheet>")
}
