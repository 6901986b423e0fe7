//! The two sheets that a marked workbook has besides the customers: every finding, and all in short.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatUnderline, Url, Worksheet, XlsxError};

use super::annotate::{Annotations, ERROR_COLOR, NOTE_COLOR, WARNING_COLOR};
use super::copy::fitting;
use crate::check::{Survey, rule};
use crate::model::Severity;
use crate::sheet::Source;
use crate::sheet::template::row_height;

/// How many links one sheet may have (Excel's own limit is 65,530).
const LINKS_MAX: usize = 60_000;

/// The sheets that are added. They are replaced where the input has them already.
pub(super) const FINDINGS_SHEET: &str = "Onboarding findings";
pub(super) const SUMMARY_SHEET: &str = "Onboarding summary";

/// The sheet that lists the findings, each with a link to its cell.
pub(super) fn list(sheet: &mut Worksheet, main: &str, annotations: &Annotations) -> Result<(), XlsxError> {
    sheet.set_name(FINDINGS_SHEET)?.set_freeze_panes(1, 0)?;
    let heads = [
        ("row", 8.0),
        ("cell", 8.0),
        ("column", 34.0),
        ("code", 28.0),
        ("severity", 10.0),
        ("value", 38.0),
        ("message", 70.0),
        ("suggestion", 70.0),
    ];
    let bold = Format::new().set_bold();
    let text = Format::new().set_num_format("@").set_text_wrap().set_align(FormatAlign::Top);
    let number = Format::new().set_align(FormatAlign::Top);
    let link = Format::new()
        .set_font_color(Color::Blue)
        .set_underline(FormatUnderline::Single)
        .set_align(FormatAlign::Top);
    for (column, (head, width)) in (0..).zip(heads) {
        sheet.set_column_width(column, width)?.write_string_with_format(0, column, head, &bold)?;
    }
    let mut links = 0;
    for (at, finding) in (1..).zip(&annotations.findings) {
        let long = [
            (finding.value.as_str(), heads[5].1),
            (&finding.message, heads[6].1),
            (&finding.suggestion, heads[7].1),
        ];
        sheet.set_row_height(at, row_height(&long))?;
        // What is about the whole file has no row.
        if finding.row > 0 {
            sheet.write_number_with_format(at, 0, finding.row as f64, &number)?;
        }
        if !finding.cell.is_empty() && links < LINKS_MAX {
            links += 1;
            let target = Url::new(format!("internal:'{}'!{}", main.replace('\'', "''"), finding.cell));
            sheet.write_url_with_options(at, 1, target, &finding.cell, "", Some(&link))?;
        } else {
            sheet.write_string(at, 1, &finding.cell)?;
        }
        let texts = [
            &*finding.column,
            finding.code,
            finding.severity.word(),
            &finding.value,
            &finding.message,
            &finding.suggestion,
        ];
        for (column, cell) in (2..).zip(texts) {
            sheet.write_string_with_format(at, column, fitting(cell), &text)?;
        }
    }
    let last_row = annotations.findings.len() as u32;
    sheet.autofilter(0, 0, last_row, heads.len() as u16 - 1)?;
    Ok(())
}

const SUMMARY_TEXT_WIDTH: f64 = 110.0;

/// The sheet that sums up the findings.
pub(super) fn sum_up(
    sheet: &mut Worksheet,
    source: &Source,
    survey: &Survey,
    annotations: &Annotations,
) -> Result<(), XlsxError> {
    sheet.set_name(SUMMARY_SHEET)?.set_column_width(0, 34)?.set_column_width(1, 12)?;
    sheet.set_column_width(2, 12)?.set_column_width(3, SUMMARY_TEXT_WIDTH)?;
    let bold = Format::new().set_bold();
    let layout = survey.layout.to_string();
    for (at, name, text) in [(0, "Sheet", source.name()), (1, "Read as", &layout)] {
        sheet.write_string_with_format(at, 0, name, &bold)?.write_string(at, 1, text)?;
    }
    let rows = [("Rows", survey.rows), ("Valid", survey.valid), ("Invalid", survey.invalid())];
    let left_out = (annotations.left_out > 0).then_some(("Findings not listed", annotations.left_out));
    let mut at = 2;
    for (name, count) in rows.into_iter().chain(left_out) {
        let number = Format::new().set_align(FormatAlign::Left);
        sheet.write_string_with_format(at, 0, name, &bold)?;
        sheet.write_number_with_format(at, 1, count as f64, &number)?;
        at += 1;
    }
    sheet.write_string_with_format(at, 0, "What to do", &bold)?;
    sheet.write_string(at, 1, "Correct the red cells of the customer sheet, save, and run this file.")?;
    let colours = [
        (ERROR_COLOR, "error: the row is not sent"),
        (WARNING_COLOR, "warning: probably wrong; the row is sent, unless --strict is given"),
        (NOTE_COLOR, "note: a repair that is made when the row is sent"),
    ];
    for (color, meaning) in colours {
        at += 1;
        sheet.write_blank(at, 0, &Format::new().set_background_color(color))?.write_string(at, 1, meaning)?;
    }
    at += 2;
    for (column, head) in (0..).zip(["code", "findings", "severity", "what it says"]) {
        sheet.write_string_with_format(at, column, head, &bold)?;
    }
    let mut rules: Vec<_> = rule::ALL.to_vec();
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.severity));
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for rule in rules {
        if let Some(count) = survey.counts.by_code.get(rule.code) {
            at += 1;
            let says = match rule.severity {
                Severity::Note => rule.text.to_owned(),
                Severity::Error | Severity::Warning => format!("{} {}", rule.text, rule.fix),
            };
            sheet.set_row_height(at, row_height(&[(&says, SUMMARY_TEXT_WIDTH)]))?;
            for (column, text) in [(0, rule.code), (2, rule.severity.word()), (3, &says)] {
                sheet.write_string_with_format(at, column, text, &wrapped)?;
            }
            sheet.write_number_with_format(at, 1, *count as f64, &wrapped)?;
        }
    }
    Ok(())
}
