//! The plan for programs: one JSON document, which `plan -o` keeps and `run --plan` reads again, or CSV.

use super::{Action, PlannedWrite, RowPlan, Sums};
use crate::model::{Fault, json_shown};
use crate::report::own::Manner;
use crate::report::write::{Written, unwritable, write_one};
use crate::sheet::csv_safe;
use crate::twilio::Rate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::Path;

/// The version of the document. Fields are only added within one.
const VERSION: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanFormat {
    Text,
    Json,
    Csv,
}

/// The document, but for its rows.
#[derive(Serialize)]
pub struct Document<'a> {
    version: u32,
    command: &'static str,
    /// Whether the API was asked: `online` or `offline`.
    mode: &'static str,
    /// Where the plan is for, as the ledger calls it.
    target: &'a str,
    /// A digest by which the ledger knows its own plans.
    ledger: &'a str,
    counts: Counts,
    exit: ExitReason<'a>,
    rows: &'a [RowPlan],
}

#[derive(Serialize)]
struct Counts {
    rows: u64,
    customers: u64,
    calls: u64,
    calls_after_approval: u64,
    at_least: bool,
    least_seconds: Option<u64>,
    actions: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct ExitReason<'a> {
    code: u8,
    reason: &'a str,
}

impl<'a> Document<'a> {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        is_online: bool,
        target: &'a str,
        ledger: &'a str,
        rows: &'a [RowPlan],
        sums: &Sums,
        rate: Rate,
        exit: (u8, &'a str),
    ) -> Document<'a> {
        let counts = Counts {
            rows: rows.len() as u64,
            customers: sums.customers,
            calls: sums.calls(),
            calls_after_approval: sums.calls_after_approval,
            at_least: sums.at_least,
            least_seconds: sums.seconds(rate),
            actions: counted(rows),
        };
        Document {
            version: VERSION,
            command: "plan",
            mode: if is_online { "online" } else { "offline" },
            target,
            ledger,
            counts,
            exit: ExitReason { code: exit.0, reason: exit.1 },
            rows,
        }
    }

    /// Writes it to a stream.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let json = serde_json::to_string_pretty(self)?;
        out.write_all(json_shown(&json).as_bytes())?;
        out.write_all(b"\n")
    }

    /// Keeps it in a file that only its owner may read.
    pub fn write(&self, path: &Path, manner: &Manner) -> Result<Written, Fault> {
        let (_, written) =
            write_one(path, manner, |file| self.print(file).map_err(|error| unwritable(path, &error)))?;
        Ok(written)
    }
}

/// The rows by what they do.
fn counted(rows: &[RowPlan]) -> BTreeMap<&'static str, u64> {
    let mut actions: BTreeMap<_, _> = Action::ALL.iter().map(|it| (it.word(), 0)).collect();
    for row in rows {
        *actions.entry(row.action.word()).or_default() += 1;
    }
    actions
}

/// A line for every row.
pub fn print_csv(rows: &[RowPlan], out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for row in rows {
        let all = |of: &dyn Fn(&super::Does) -> Option<String>| {
            let values: Vec<String> = row.does.iter().filter_map(of).collect();
            values.join("; ")
        };
        let numbers = |action| {
            let of_it = row.does.iter().filter(|it| it.action == Some(action));
            of_it.filter_map(|it| it.phone_numbers).sum::<usize>().to_string()
        };
        let columns = |it: &super::Does| (!it.columns.is_empty()).then(|| it.columns.join(", "));
        let cells = [
            row.row.to_string(),
            row.subaccount_sid.clone(),
            row.action.word().to_owned(),
            all(&|it| it.action.map(|it| it.word().to_owned())),
            all(&|it| it.step.map(str::to_owned)),
            all(&|it| it.bundle.map(str::to_owned)),
            all(&columns),
            numbers(Action::AssignNumbers),
            numbers(Action::RemoveNumbers),
            all(&|it| it.since.clone()),
            all(&|it| it.code.clone()),
            all(&|it| it.message.clone()),
            all(&|it| it.hint.clone()),
            row.calls.to_string(),
            row.calls_after_approval.to_string(),
            row.at_least.to_string(),
        ];
        writer.write_record(cells.iter().map(|it| csv_safe(it).into_owned()))?;
    }
    writer.flush()
}

/// The columns of the CSV. Names and places stay; new columns come at the end.
const COLUMNS: [&str; 16] = [
    "row",
    "subaccount_sid",
    "action",
    "actions",
    "step",
    "bundle",
    "columns",
    "phone_numbers_to_assign",
    "phone_numbers_to_remove",
    "waits_since",
    "code",
    "message",
    "hint",
    "calls",
    "calls_after_approval",
    "at_least",
];

/// A plan that was kept.
#[derive(Deserialize)]
pub struct Saved {
    version: u32,
    command: String,
    pub target: String,
    pub ledger: String,
    rows: Vec<SavedRow>,
}

#[derive(Deserialize)]
struct SavedRow {
    subaccount_sid: String,
    at_least: bool,
    writes: Vec<PlannedWrite>,
}

/// A row that would not do what was planned.
pub struct Changed {
    pub row: u64,
    pub subaccount_sid: String,
    pub what: String,
}

impl Saved {
    /// # Errors
    /// The file cannot be read, is no plan, or is one of a newer version.
    pub fn read(path: &Path) -> Result<Saved, Fault> {
        let name = path.display();
        let bytes = std::fs::read(path).map_err(|error| {
            let reason = crate::report::reason(&error);
            Fault::new(
                format!("The plan {name} cannot be read ({reason})"),
                "Name the file that `plan -o` wrote.",
            )
        })?;
        #[derive(Deserialize)]
        struct Head {
            version: Option<u32>,
            command: Option<String>,
        }
        let head: Option<Head> = serde_json::from_slice(&bytes).ok();
        match head.map(|it| (it.version, it.command)) {
            Some((Some(version), Some(command))) if command == "plan" && version > VERSION => {
                return Err(Fault::new(
                    format!("The plan {name} was made by a newer version of trusthub-onboard"),
                    "Nothing was sent. Use the newer version, or make a new plan with this one.",
                ));
            }
            _ => (),
        }
        let saved: Option<Saved> = serde_json::from_slice(&bytes).ok();
        saved.filter(|it| it.command == "plan" && it.version == VERSION).ok_or_else(|| {
            Fault::new(
                format!("{name} is no plan of this program, or is damaged"),
                "Nothing was sent. Make a plan with: trusthub-onboard plan SHEET -o FILE",
            )
        })
    }

    /// The rows that would now write something else than was planned.
    pub fn changed(&self, now: &[RowPlan]) -> Vec<Changed> {
        let planned: HashMap<&str, &SavedRow> =
            self.rows.iter().map(|it| (it.subaccount_sid.as_str(), it)).collect();
        let mut changed = vec![];
        for row in now.iter().filter(|it| !it.writes.is_empty()) {
            let what = match planned.get(row.subaccount_sid.as_str()) {
                None => Some("it is not in the plan".to_owned()),
                Some(planned) => difference(planned, row),
            };
            let of_the_row =
                |what| Changed { row: row.row, subaccount_sid: row.subaccount_sid.clone(), what };
            changed.extend(what.map(of_the_row));
        }
        changed
    }
}

/// What a row would write otherwise than planned.
fn difference(planned: &SavedRow, now: &RowPlan) -> Option<String> {
    type Line<'a> = (&'a str, &'a str, &'a str);
    fn lines(writes: &[PlannedWrite], is_open_ended: bool) -> Vec<Line<'_>> {
        let mut lines: Vec<Line<'_>> =
            writes.iter().map(|it| (it.action.as_str(), it.step.as_str(), it.digest.as_str())).collect();
        // One stood for each number.
        if is_open_ended {
            lines.dedup();
        }
        lines
    }
    let before = lines(&planned.writes, planned.at_least);
    let after = lines(&now.writes, planned.at_least);
    if before == after {
        return None;
    }
    let names = |these: &[Line<'_>], others: &[Line<'_>], by_content: bool| {
        let mut names: Vec<String> = vec![];
        for line in these {
            let same_step = others.iter().any(|it| (it.0, it.1) == (line.0, line.1));
            let differs = if by_content { same_step && !others.contains(line) } else { !same_step };
            let name = format!("{} {}", line.0, line.1);
            if differs && !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    };
    let parts = [
        ("would also", names(&after, &before, false)),
        ("would no longer", names(&before, &after, false)),
        ("with other content:", names(&after, &before, true)),
    ];
    let said: Vec<String> =
        parts.iter().filter(|it| !it.1.is_empty()).map(|it| format!("{} {}", it.0, it.1)).collect();
    Some(if said.is_empty() { "in another order or number".to_owned() } else { said.join("; ") })
}
