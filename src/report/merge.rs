//! Takes the corrected rows of a file of failed rows over into the sheet that they come from, cell by cell.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use super::copy::{Copied, fitting, text};
use super::failed::unchanged;
use super::own::Manner;
use super::workbook::{Cause, Change, Edit, Edits, Job, Value, edit};
use super::write::{Written, unwritable, write_one};
use crate::model::column::Content;
use crate::model::{Column, Fault, Sid, SidKind};
use crate::sheet::names::{Meaning, is_row_header, is_state_header};
use crate::sheet::{Cell, Format, Kind, Layout, NewCells, Source, Workbook, column_letters};

/// How many rows or cells one message names.
const NAMED_MAX: usize = 10;

/// What came of a merge.
pub struct Merged {
    pub written: Written,
    /// The rows of the failed file, and how many cells of the master they change.
    pub rows: u64,
    pub cells: u64,
}

/// One side of a merge.
pub struct Side<'a> {
    pub source: &'a Source,
    pub layout: &'a Layout,
}

/// Writes the master with the corrected rows of `failed` to `path`, in the master's own format. A row is found by its
/// subaccount; where that was what was corrected, by the row that the failed file says it comes from.
///
/// # Errors
/// It is not certain where a row or a column belongs, the master cannot be changed, or a file cannot be written.
/// Nothing is written then.
pub fn merge(master: &Side, failed: &Side, path: &Path, manner: &Manner) -> Result<Merged, Fault> {
    let columns = Columns::find(master, failed)?;
    let rows = corrected_rows(failed, &columns)?;
    let places = places(master, failed, &columns, &rows)?;
    let changes = changes(master, &columns, &rows, &places)?;
    let cells = changes.values().map(|row| row.len() as u64).sum();
    let (_, written) = write_one(path, manner, |output| write(master, changes, output, path))?;
    Ok(Merged { written, rows: rows.len() as u64, cells })
}

/// Which column of the master each column of the failed file is, and the two that tell where a row comes from.
struct Columns {
    /// Column of the failed file, column of the master, what it holds.
    pairs: Vec<(usize, usize, Content)>,
    subaccount: (usize, usize),
    business_name: Option<(usize, usize)>,
    origin: Option<usize>,
}

impl Columns {
    fn find(master: &Side, failed: &Side) -> Result<Columns, Fault> {
        let own = |layout: &Layout| -> Vec<usize> {
            let is_own = |at: &usize| !is_state_header(&layout.headers[*at]);
            (0..layout.width()).filter(is_own).collect()
        };
        let (mut of_failed, mut of_master) = (own(failed.layout), own(master.layout));
        // What stands to the right of the last header has none in either.
        while of_master.len() < of_failed.len() {
            of_master.push(of_master.last().map_or(0, |last| last + 1));
        }
        let header = |side: &Side, at: usize| {
            side.layout.headers.get(at).map_or(String::new(), |header| header.trim().to_lowercase())
        };
        let is_same = of_failed
            .iter()
            .zip(&of_master)
            .all(|(failed_at, master_at)| header(failed, *failed_at) == header(master, *master_at));
        let mut pairs = vec![];
        if is_same {
            pairs.extend(of_failed.into_iter().zip(of_master));
        } else {
            of_failed.retain(|at| !header(failed, *at).is_empty());
            let meant = |side: &Side, at: usize| match side.layout.meanings.get(at) {
                Some(Meaning::Column(column)) => Some(*column),
                _ => None,
            };
            for at in of_failed {
                let is_it = |it: &usize| match meant(failed, at) {
                    Some(column) => meant(master, *it) == Some(column),
                    None => header(master, *it) == header(failed, at),
                };
                let found: Vec<usize> = (0..master.layout.width()).filter(is_it).collect();
                let name = format!("\"{}\" ({})", failed.layout.headers[at].trim(), column_letters(at));
                match found.as_slice() {
                    [one] if pairs.iter().all(|(_, taken)| taken != one) => pairs.push((at, *one)),
                    [] => return Err(no_column(failed, master, &name)),
                    _ => return Err(two_columns(failed, master, &name)),
                }
            }
        }
        let content = |at: usize| match master.layout.meanings.get(at) {
            Some(Meaning::Column(column)) => column.spec().content,
            _ => Content::Text,
        };
        let of = |column: Column| {
            let is_it =
                |(_, at): &&(usize, usize)| master.layout.meanings.get(*at) == Some(&Meaning::Column(column));
            let found: Vec<_> = pairs.iter().filter(is_it).collect();
            (found.len() == 1).then(|| *found[0])
        };
        let Some(subaccount) = of(Column::SubaccountSid) else {
            return Err(Fault::new(
                format!(
                    "{} and {} have no one column subaccount_sid in common, by which rows are found.",
                    failed.source.name(),
                    master.source.name()
                ),
                "Say with --map which column of the master it is; nothing was written.",
            ));
        };
        let business_name = of(Column::BusinessName);
        let origin = failed.layout.headers.iter().position(|header| is_row_header(header));
        let pairs = pairs.into_iter().map(|(from, to)| (from, to, content(to))).collect();
        Ok(Columns { pairs, subaccount, business_name, origin })
    }
}

fn no_column(failed: &Side, master: &Side, name: &str) -> Fault {
    Fault::new(
        format!("{} has no column for {name} of {}.", master.source.name(), failed.source.name()),
        "Take the column out of the file of failed rows, or add it to the master; nothing was written.",
    )
}

fn two_columns(failed: &Side, master: &Side, name: &str) -> Fault {
    Fault::new(
        format!(
            "{name} of {} could be more than one column of {}.",
            failed.source.name(),
            master.source.name()
        ),
        "Give each column a header of its own in both files; nothing was written.",
    )
}

/// A row of the failed file.
struct Corrected {
    number: u64,
    subaccount: String,
    business_name: String,
    origin: Option<u64>,
    cells: Vec<NewCell>,
}

/// A cell as it is compared, and as a CSV file holds it.
struct NewCell {
    text: String,
    csv: String,
    is_number: bool,
}

fn key(text: &str) -> String {
    match Sid::parse_as(SidKind::Account, text.trim()) {
        Some(sid) => sid.to_string(),
        None => text.trim().to_lowercase(),
    }
}

fn corrected_rows(failed: &Side, columns: &Columns) -> Result<Vec<Corrected>, Fault> {
    let mut rows = vec![];
    for batch in failed.source.batches(&failed.layout.whole())? {
        for row in batch?.rows().filter(|row| row.number() > failed.layout.header_row) {
            let is_empty = columns.pairs.iter().all(|(from, ..)| row.cell(*from).text.trim().is_empty());
            if is_empty {
                continue;
            }
            let (number, origin) =
                (row.number(), columns.origin.map(|at| row.cell(at).text.trim().to_owned()));
            let subaccount = key(row.cell(columns.subaccount.0).text);
            let copied = Copied::new(row);
            let cell = |(from, _, content): &(usize, usize, Content)| {
                let cell = copied.cell(*from);
                NewCell {
                    text: text(&cell, *content).to_owned(),
                    csv: unchanged(&cell, *content).into_owned(),
                    is_number: cell.kind == Kind::Number && cell.shown.is_none(),
                }
            };
            let name = columns.business_name.map(|(from, _)| copied.cell(from).text.trim().to_owned());
            rows.push(Corrected {
                number,
                subaccount,
                business_name: name.unwrap_or_default(),
                origin: origin.and_then(|text| text.parse().ok()),
                cells: columns.pairs.iter().map(cell).collect(),
            });
        }
    }
    Ok(rows)
}

/// What the master has in a row that a corrected row may belong to.
struct Candidate {
    subaccount: String,
    business_name: String,
}

/// The row of the master for each corrected row.
fn places(master: &Side, failed: &Side, columns: &Columns, rows: &[Corrected]) -> Result<Vec<u64>, Fault> {
    let wanted: HashSet<&String> = rows.iter().map(|row| &row.subaccount).collect();
    let origins: HashSet<u64> = rows.iter().filter_map(|row| row.origin).collect();
    let mut candidates: HashMap<u64, Candidate> = HashMap::new();
    let mut by_subaccount: HashMap<String, Vec<u64>> = HashMap::new();
    for batch in master.source.batches(&master.layout.whole())? {
        for row in batch?.rows().filter(|row| row.number() > master.layout.header_row && !row.is_blank()) {
            if row.flaw().is_some() {
                return Err(Fault::new(
                    format!(
                        "Row {} of {} has a quotation mark that is never closed.",
                        row.number(),
                        master.source.name()
                    ),
                    "Correct that in the master itself first; nothing was written.",
                ));
            }
            let subaccount = key(row.cell(columns.subaccount.1).text);
            let is_wanted = wanted.contains(&subaccount);
            if is_wanted {
                by_subaccount.entry(subaccount.clone()).or_default().push(row.number());
            }
            if is_wanted || origins.contains(&row.number()) {
                let name = columns.business_name.map(|(_, to)| row.cell(to).text.trim().to_owned());
                let business_name = name.unwrap_or_default();
                candidates.insert(row.number(), Candidate { subaccount, business_name });
            }
        }
    }
    let mut doubts = vec![];
    let mut taken: HashMap<u64, u64> = HashMap::new();
    let mut places = vec![];
    for row in rows {
        let place = place(row, &candidates, &by_subaccount);
        match place {
            Ok(at) => match taken.insert(at, row.number) {
                None => places.push(at),
                Some(other) => doubts.push(format!(
                    "rows {other} and {} are both row {at} of the master ({})",
                    row.number, row.subaccount
                )),
            },
            Err(doubt) => doubts.push(format!("row {} ({}) {doubt}", row.number, shown(&row.subaccount))),
        }
    }
    if doubts.is_empty() {
        return Ok(places);
    }
    let more = if doubts.len() > NAMED_MAX {
        format!("; and {} more", doubts.len() - NAMED_MAX)
    } else {
        String::new()
    };
    let named: Vec<_> = doubts.into_iter().take(NAMED_MAX).collect();
    Err(Fault::new(
        format!(
            "It is not certain which rows of {} are those of {}: {}{more}.",
            master.source.name(),
            failed.source.name(),
            named.join("; ")
        ),
        "Correct these rows in the master itself and take them out of the other file; nothing was written.",
    ))
}

fn shown(subaccount: &str) -> &str {
    if subaccount.is_empty() { "no subaccount" } else { subaccount }
}

fn place(
    row: &Corrected,
    candidates: &HashMap<u64, Candidate>,
    by_subaccount: &HashMap<String, Vec<u64>>,
) -> Result<u64, String> {
    let origin = row.origin.and_then(|at| Some((at, candidates.get(&at)?)));
    let found = by_subaccount.get(&row.subaccount).filter(|_| !row.subaccount.is_empty());
    match (found.map(Vec::as_slice), origin) {
        (Some([one]), _) => Ok(*one),
        (Some(several), Some((at, _))) if several.contains(&at) => Ok(at),
        (Some(several), _) => {
            let rows: Vec<_> = several.iter().take(NAMED_MAX).map(u64::to_string).collect();
            Err(format!("could be each of the master's rows {}", rows.join(", ")))
        }
        // The subaccount itself was corrected.
        (None, Some((at, candidate)))
            if Sid::parse_as(SidKind::Account, &candidate.subaccount).is_none()
                || (candidate.business_name == row.business_name && !row.business_name.is_empty()) =>
        {
            Ok(at)
        }
        (None, _) => Err("has a subaccount that the master does not have".to_owned()),
    }
}

/// The cells of the master that get another text.
fn changes(
    master: &Side,
    columns: &Columns,
    rows: &[Corrected],
    places: &[u64],
) -> Result<HashMap<u64, Vec<(usize, NewCell)>>, Fault> {
    let by_place: HashMap<u64, &Corrected> = places.iter().copied().zip(rows).collect();
    let mut changes: HashMap<u64, Vec<(usize, NewCell)>> = HashMap::new();
    for batch in master.source.batches(&master.layout.whole())? {
        for row in batch?.rows() {
            let Some(corrected) = by_place.get(&row.number()) else { continue };
            for ((_, to, content), new) in columns.pairs.iter().zip(&corrected.cells) {
                if !is_same(&row.cell(*to), *content, &new.text) {
                    let NewCell { text, csv, is_number } = new;
                    let new = NewCell { text: text.clone(), csv: csv.clone(), is_number: *is_number };
                    changes.entry(row.number()).or_default().push((*to, new));
                }
            }
        }
    }
    Ok(changes)
}

/// Whether a text is what a file of failed rows holds for a cell, in one of its two formats.
fn is_same(cell: &Cell, content: Content, new: &str) -> bool {
    [content, Content::Text, Content::Count].into_iter().any(|content| {
        let old = text(cell, content);
        new == old || new == fitting(old) || new == unchanged(cell, content)
    })
}

fn write(
    master: &Side,
    changes: HashMap<u64, Vec<(usize, NewCell)>>,
    output: &mut File,
    path: &Path,
) -> Result<(), Fault> {
    let name = master.source.name();
    match &master.layout.format {
        Format::Csv { .. } => {
            let cells: NewCells = changes
                .into_iter()
                .map(|(row, cells)| (row, cells.into_iter().map(|(at, new)| (at, new.csv)).collect()))
                .collect();
            master.source.rewrite_csv(master.layout, &cells, output)
        }
        Format::Workbook { kind: Workbook::Xlsx, sheet, .. } => {
            let mut job = Job {
                sheet,
                edits: &mut Corrections { changes },
                notes: &[],
                widths: vec![],
                freeze: None,
                pages: &[],
            };
            let formulas = edit(Box::new(master.source.bytes()), output, path, &mut job);
            let formulas = formulas.map_err(|cause| match cause {
                Cause::Output(error) => unwritable(path, &error),
                Cause::Uneditable(why) => Fault::new(
                    format!("{name} cannot be changed and kept as it is, because {why}."),
                    "Correct the rows in the master itself; nothing was written.",
                ),
            })?;
            if formulas.is_empty() {
                return Ok(());
            }
            let cells: Vec<_> = formulas.iter().take(NAMED_MAX).map(String::as_str).collect();
            Err(Fault::new(
                format!("Cells of {name} are formulas, and another value was entered: {}.", cells.join(", ")),
                "Correct what they are calculated from, in the master itself; nothing was written.",
            ))
        }
        Format::Workbook { kind, .. } => Err(Fault::new(
            format!("{name} is an {} file, which can be read and not written.", kind.name()),
            "Save it as XLSX in a spreadsheet program, then merge into that file; nothing was written.",
        )),
    }
}

/// The corrections of a workbook.
struct Corrections {
    changes: HashMap<u64, Vec<(usize, NewCell)>>,
}

impl Edits for Corrections {
    fn of_row(&mut self, row: u64) -> Vec<Edit> {
        let mut cells = self.changes.remove(&row).unwrap_or_default();
        cells.sort_by_key(|(column, _)| *column);
        let edit = |(column, new): (usize, NewCell)| {
            let value = match new.text {
                text if text.is_empty() => Value::Empty,
                text if new.is_number && text.parse::<f64>().is_ok() => Value::Number(text),
                text => Value::Text(text),
            };
            Edit { column, change: Change::Value(value, None) }
        };
        cells.into_iter().map(edit).collect()
    }
}
