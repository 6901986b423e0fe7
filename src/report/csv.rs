//! The results as CSV: one file with a line for every row of the sheet, one with a line for every phone number.

use super::log::rfc3339;
use super::row::{BundleReport, ColumnToCorrect, NumberReport, RowReport, resources};
use crate::facts::Time;
use crate::flow::{BundleId, Flow, StepId};
use crate::model::Fault;
use crate::sheet::csv_safe;
use std::io::Write;

/// The columns of the results file, in order: those of every row, each bundle with its status, the SID of
/// everything that a step created or assigned, and how the row ended. Public: programs read them. Names and
/// places stay; new columns come at the end.
pub fn result_columns(flow: &Flow) -> Vec<String> {
    let mut columns = ["row", "subaccount_sid", "business_name", "outcome"].map(str::to_owned).to_vec();
    let of = |bundle: BundleId| [format!("{}_sid", bundle.name), format!("{}_status", bundle.name)];
    columns.extend(first_bundles(flow).into_iter().flat_map(of));
    let first = resources(flow).filter(|step| first_bundles(flow).contains(&step.bundle));
    columns.extend(first.map(|step| format!("{step}_sid")));
    columns.extend(OF_THE_END.map(str::to_owned));
    columns.extend(ADDED.map(str::to_owned));
    let outcome = |bundle: BundleId| format!("{}_outcome", bundle.name);
    columns.extend(first_bundles(flow).into_iter().filter(|it| it.product.is_some()).map(outcome));
    for bundle in further_bundles(flow) {
        columns.push(outcome(bundle));
        columns.extend(of(bundle));
        columns.extend(resources(flow).filter(|it| it.bundle == bundle).map(|step| format!("{step}_sid")));
    }
    columns
}

/// What came later: what is to be done next, what to correct, and what is worth knowing all the same.
const ADDED: [&str; 9] = [
    "who",
    "next_action",
    "columns_to_correct",
    "remarks",
    "submitted_at",
    "waiting_since",
    "bundle_outcomes",
    "days_waiting",
    "console_url",
];

/// The bundles whose columns stand in front: they were there before there were further products.
fn first_bundles(flow: &Flow) -> Vec<BundleId> {
    flow.bundles().take(2).collect()
}

/// The others, whose columns stand at the end.
fn further_bundles(flow: &Flow) -> Vec<BundleId> {
    flow.bundles().skip(2).collect()
}

/// How the row ended, and what the last run did.
const OF_THE_END: [&str; 12] = [
    "phone_numbers_assigned",
    "phone_numbers_refused",
    "failed_step",
    "http_status",
    "error_code",
    "error_message",
    "hint",
    "more_info",
    "request_id",
    "attempts",
    "started_at",
    "finished_at",
];

/// The cells of a row, in the order of `result_columns`.
pub fn result_cells(flow: &Flow, row: &RowReport) -> Vec<String> {
    let mut cells = vec![
        row.row.to_string(),
        row.subaccount_sid.clone(),
        row.business_name.clone(),
        row.outcome.word().to_owned(),
    ];
    let of = |bundle: BundleId| {
        let known = row.bundle(bundle.name);
        let status = known.and_then(|it| it.status).map_or("", |it| it.word());
        [known.and_then(|it| it.sid.clone()).unwrap_or_default(), status.to_owned()]
    };
    let resource = |step: StepId| row.resource(step.name).unwrap_or_default().to_owned();
    cells.extend(first_bundles(flow).into_iter().flat_map(of));
    cells.extend(resources(flow).filter(|it| first_bundles(flow).contains(&it.bundle)).map(resource));
    let cause = row.cause.clone().unwrap_or_default();
    cells.extend([row.phone_numbers_assigned.to_string(), row.phone_numbers_refused.to_string()]);
    cells.extend([
        cause.step,
        cause.http_status.map(|it| it.to_string()).unwrap_or_default(),
        cause.code.unwrap_or_default(),
        row.words(),
        row.hint().to_owned(),
        cause.more_info.unwrap_or_default(),
        cause.request_id.unwrap_or_default(),
    ]);
    let time = |time: Option<Time>| time.map(rfc3339).unwrap_or_default();
    cells.extend([row.attempts.to_string(), time(row.started_at), time(row.finished_at)]);
    let columns = row.columns().into_iter().map(ColumnToCorrect::place).collect::<Vec<_>>().join("; ");
    let remarks = row.remarks.iter().map(|it| it.code).collect::<Vec<_>>().join("; ");
    cells.extend([row.who.word().to_owned(), row.next_action.clone(), columns, remarks]);
    cells.extend([time(row.submitted_at), time(row.waiting_since)]);
    let outcome = |it: &BundleReport| format!("{}: {}", it.name, it.outcome.word());
    cells.push(row.bundles.iter().map(outcome).collect::<Vec<_>>().join("; "));
    let days = row.days_waiting.map(|it| it.to_string()).unwrap_or_default();
    cells.extend([days, row.console_url.clone().unwrap_or_default()]);
    let outcome = |bundle: BundleId| row.bundle(bundle.name).map_or("", |it| it.outcome.word()).to_owned();
    cells.extend(first_bundles(flow).into_iter().filter(|it| it.product.is_some()).map(outcome));
    for bundle in further_bundles(flow) {
        cells.push(outcome(bundle));
        cells.extend(of(bundle));
        cells.extend(resources(flow).filter(|it| it.bundle == bundle).map(resource));
    }
    cells
}

/// The columns of the numbers file, in order. Public: programs read them.
pub fn number_columns(flow: &Flow) -> Vec<String> {
    let on = |bundle: BundleId| format!("{}_number_assignment_sid", bundle.name);
    let head = ["row", "subaccount_sid", "phone_number_sid", "phone_number"].map(str::to_owned);
    let tail = ["outcome", "error_code", "error_message"].map(str::to_owned);
    let (first, further) = (first_bundles(flow).into_iter(), further_bundles(flow).into_iter());
    head.into_iter().chain(first.map(on)).chain(tail).chain(further.map(on)).collect()
}

/// The cells of one number, in the order of `number_columns`.
fn number_cells(row: &RowReport, number: &NumberReport) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut cells =
        vec![row.row.to_string(), row.subaccount_sid.clone(), text(&number.sid), text(&number.phone_number)];
    let on: Vec<String> = number.bundles.iter().map(|it| text(&it.assignment_sid)).collect();
    let (first, further) = on.split_at(on.len().min(2));
    cells.extend_from_slice(first);
    cells.extend([number.state.word().to_owned(), text(&number.code), text(&number.message)]);
    cells.extend_from_slice(further);
    cells
}

/// The results file in the making.
pub struct ResultsFile<W: Write>(&'static Flow, csv::Writer<W>);

impl<W: Write> ResultsFile<W> {
    pub fn begin(flow: &'static Flow, output: W) -> Result<ResultsFile<W>, Fault> {
        let mut file = ResultsFile(flow, csv::Writer::from_writer(output));
        line(&mut file.1, &result_columns(flow))?;
        Ok(file)
    }

    pub fn row(&mut self, row: &RowReport) -> Result<(), Fault> {
        line(&mut self.1, &result_cells(self.0, row))
    }

    pub fn end(mut self) -> Result<(), Fault> {
        self.1.flush().map_err(|error| cut_off(&error.to_string()))
    }
}

/// The file of the numbers in the making.
pub struct NumbersFile<W: Write>(csv::Writer<W>);

impl<W: Write> NumbersFile<W> {
    pub fn begin(flow: &'static Flow, output: W) -> Result<NumbersFile<W>, Fault> {
        let mut file = NumbersFile(csv::Writer::from_writer(output));
        line(&mut file.0, &number_columns(flow))?;
        Ok(file)
    }

    pub fn row(&mut self, row: &RowReport) -> Result<(), Fault> {
        row.phone_numbers.iter().try_for_each(|number| line(&mut self.0, &number_cells(row, number)))
    }

    pub fn end(mut self) -> Result<(), Fault> {
        self.0.flush().map_err(|error| cut_off(&error.to_string()))
    }
}

/// What a spreadsheet would run as a formula gets an apostrophe.
fn line<W: Write>(writer: &mut csv::Writer<W>, cells: &[String]) -> Result<(), Fault> {
    let record = cells.iter().map(|cell| csv_safe(cell).into_owned());
    writer.write_record(record).map_err(|error| cut_off(&error.to_string()))
}

pub(super) fn cut_off(reason: &str) -> Fault {
    Fault::new(
        format!("The results could not be written to the end ({reason})"),
        "Make room on the disk, then write them again with `results SHEET`.",
    )
}
