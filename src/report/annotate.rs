//! The user's own workbook with every mistake marked: the red cells corrected, it is the next input.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Seek;
use std::path::Path;

use super::copy::{FINDINGS_WIDTH, STATE_WIDTH, may_be_wider};
use super::marking::{Added, Marking, Said, line};
use super::overview::Summary;
use super::own::Manner;
use super::rebuild::rebuild;
use super::workbook::{Cause, Uneditable};
use super::write::{Written, unwritable, write_one};
use crate::check::{ValidationReport, rule};
use crate::model::{Column, Fault, Finding, Severity};
use crate::sheet::names::{Meaning, is_row_header, is_state_header};
use crate::sheet::{Format, Source, Workbook};

/// The findings of one validation, kept for [`annotate`].
#[derive(Default)]
pub struct Annotations {
    findings: Vec<Finding>,
    left_out: u64,
    /// The rows of those that are left out.
    left_out_rows: HashSet<u64>,
}

/// How many findings are kept, at some hundred bytes each. A person who has more corrects a column at a
/// time and runs again.
const FINDINGS_MAX: usize = 200_000;

impl Annotations {
    pub fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.left_out += 1;
            self.left_out_rows.insert(finding.row);
        }
    }

    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// A marked copy.
#[derive(Debug)]
pub struct Marked {
    pub written: Written,
    /// Why it is a new workbook with the values only, where the user's own could not be kept as it is.
    pub rebuilt: Option<Uneditable>,
}

/// What is added to each row.
const ADDED: [Added; 2] = [
    Added { header: "onboarding_state", width: STATE_WIDTH },
    Added { header: "onboarding_findings", width: FINDINGS_WIDTH },
];

/// Writes a copy of the workbook in which cells with findings are coloured and have a note, two columns to the
/// right of all others say how each row stands, and two more sheets list and sum up the findings. Everything else
/// stays as it is in the file. A sheet that is no XLSX workbook becomes a new one with the values of all its
/// sheets. The input itself stays as it is.
///
/// # Errors
/// The sheet has changed since it was surveyed, or the file cannot be written.
pub fn annotate(
    source: &Source,
    validation: &ValidationReport,
    annotations: &Annotations,
    path: &Path,
    manner: &Manner,
) -> Result<Marked, Fault> {
    let layout = &validation.layout;
    let (at, dropped) = place(source, validation)?;
    let said = |row: u64, findings: &[&Finding]| said(validation, annotations, row, findings);
    let rows = annotations.findings().iter().map(|finding| finding.row).collect();
    let marking = Marking {
        sheet: match &layout.format {
            Format::Csv { .. } => "Customers",
            Format::Workbook { sheet, .. } => sheet,
        },
        header_row: layout.header_row,
        findings: annotations.findings(),
        added: &ADDED,
        at,
        dropped,
        said: &said,
        business_names: business_names(source, validation, rows)?,
        summary: Summary {
            source: source.name(),
            validation,
            left_out: annotations.left_out,
            advice: "Correct the red cells of the customer sheet, save, and run this file.",
        },
    };
    let fill = |output: &mut File| {
        let rebuilt = match &layout.format {
            Format::Workbook { kind: Workbook::Xlsx, .. } => {
                match marking.write(Box::new(source.bytes()), marking.sheet, output, path) {
                    Ok(()) => return Ok(None),
                    Err(Cause::Output(error)) => return Err(unwritable(path, &error)),
                    Err(Cause::Uneditable(why)) => Some(why),
                }
            }
            Format::Workbook { .. } => Some(Uneditable::NoArchive),
            Format::Csv { .. } => None,
        };
        // What was begun is thrown away.
        output.set_len(0).and_then(|()| output.rewind()).map_err(|error| unwritable(path, &error))?;
        let (values, sheet) = rebuild(source, validation, &marking)?;
        write_marks(&marking, values, &sheet, output, path)?;
        Ok(rebuilt)
    };
    let (rebuilt, written) = write_one(path, manner, fill)?;
    Ok(Marked { written, rebuilt })
}

/// Marks a workbook that we have just made.
pub(super) fn write_marks(
    marking: &Marking,
    values: File,
    sheet: &str,
    output: &mut File,
    path: &Path,
) -> Result<(), Fault> {
    // Its macros, if the old one had any, are not in the new one.
    marking.write(Box::new(values), sheet, output, &path.with_extension("xlsx")).map_err(
        |cause| match cause {
            Cause::Output(error) => unwritable(path, &error),
            Cause::Uneditable(why) => Fault::new(
                format!("{} cannot be written: {why}", path.display()),
                "This is a mistake in the program; please report it.",
            ),
        },
    )
}

/// Where our columns go, and which columns of an earlier file of ours go away. What stands to the right of the
/// last header stays where it is; our columns go behind it.
fn place(source: &Source, validation: &ValidationReport) -> Result<(usize, Vec<usize>), Fault> {
    let layout = &validation.layout;
    let is_ours = |header: &&String| is_state_header(header) && !is_row_header(header);
    let ours = (0..layout.width()).filter(|at| layout.headers.get(*at).as_ref().is_some_and(is_ours));
    let ours: Vec<usize> = ours.collect();
    if let Some(pair) = ours.windows(2).find(|pair| pair[1] == pair[0] + 1) {
        return Ok((pair[0], ours));
    }
    let mut width = layout.width();
    if may_be_wider(validation) {
        for batch in source.batches(&layout.whole())? {
            width = batch?.rows().map(|row| row.len()).fold(width, usize::max);
        }
    }
    Ok((width, ours))
}

fn said(
    validation: &ValidationReport,
    annotations: &Annotations,
    row: u64,
    findings: &[&Finding],
) -> Option<Said> {
    let is_valid = validation.is_valid(row);
    let worst = findings.iter().map(|finding| finding.severity).max();
    let (state, severity) = match worst {
        _ if findings.iter().any(|finding| finding.code == rule::EXAMPLE_ROW.code) => ("example", None),
        None if !is_valid && !annotations.left_out_rows.contains(&row) => return None,
        _ if !is_valid => ("invalid", Some(Severity::Error)),
        Some(Severity::Warning) => ("valid, with warnings", Some(Severity::Warning)),
        _ => ("valid", None),
    };
    let texts: Vec<String> = findings.iter().map(|finding| line(finding)).collect();
    Some(Said { texts: vec![state.to_owned(), texts.join(" | ")], severity })
}

/// The name of the business in each of these rows.
pub(super) fn business_names(
    source: &Source,
    validation: &ValidationReport,
    rows: HashSet<u64>,
) -> Result<HashMap<u64, String>, Fault> {
    let is_name = |meaning: &Meaning| *meaning == Meaning::Column(Column::BusinessName);
    let mut names = HashMap::new();
    let Some(at) = validation.layout.meanings.iter().position(is_name) else { return Ok(names) };
    for batch in source.batches(&validation.layout)? {
        for row in batch?.rows().filter(|row| rows.contains(&row.number())) {
            let name: String = row.cell(at).text.chars().take(80).collect();
            names.insert(row.number(), name);
        }
    }
    Ok(names)
}
