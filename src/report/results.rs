//! The results files: one line for every row of the sheet, one for every phone number. Both are
//! made from the sheet and the ledger alone and can be made again at any time; only Twilio's own
//! words about a refusal are known to the run that heard them and to no one after it.

use super::cause::Cause;
use super::log::rfc3339;
use super::numbers::{self, number_columns};
use super::own::Kept;
use super::summary::Tally;
use super::write::{write_pair, write_pair_in_place};
use crate::check::{Entry, Invalid};
use crate::engine::Ended;
use crate::flow::{BundleId, Flow, Part, StepId, Verb};
use crate::ledger::{CustomerRun, Ledger};
use crate::model::{Customer, Fault, Sid, SidKind, shown};
use crate::plan::{Facts, Outcome, Plan, Policy, RefusedNumbers, StepState, UNKNOWN};
use crate::sheet::csv_safe;
use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The columns of the results file, in order: those of every row, each bundle with its status, the SID of
/// everything that a step created or assigned, and how the row ended. Public: programs read them.
pub fn result_columns(flow: &Flow) -> Vec<String> {
    let mut columns = ["row", "subaccount_sid", "business_name", "outcome"].map(str::to_owned).to_vec();
    for bundle in flow.bundles() {
        columns.extend([format!("{}_sid", bundle.name), format!("{}_status", bundle.name)]);
    }
    columns.extend(steps_with_a_column(flow).map(|step| format!("{step}_sid")));
    columns.extend(OF_THE_END.map(str::to_owned));
    columns
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

/// The steps whose SID has a column of its own: what is created, then what is assigned.
fn steps_with_a_column(flow: &Flow) -> impl Iterator<Item = StepId> {
    let contents = || flow.bundles().flat_map(|bundle| bundle.steps.contents.iter().copied());
    let created = contents().filter(|step| matches!(step.verb, Verb::Create(_)));
    created.chain(contents().filter(|step| matches!(step.verb, Verb::Assign(_))))
}

/// Where the results go.
#[derive(Clone, Debug)]
pub struct ResultsPaths {
    pub results: PathBuf,
    /// Beside it, with `-numbers` in its name.
    pub numbers: PathBuf,
    /// The ledger that knows the results of earlier runs, whether it is there yet or not.
    pub ledger: Option<PathBuf>,
    /// The files of other people that had these names, once the results are written.
    pub kept: Vec<Kept>,
    /// Why they are not where they belong, if they had to be written elsewhere.
    pub cause: Option<Fault>,
}

impl ResultsPaths {
    pub fn beside(results: &Path) -> ResultsPaths {
        let stem = results.file_stem().unwrap_or_default().to_string_lossy();
        let extension =
            results.extension().map(|it| format!(".{}", it.to_string_lossy())).unwrap_or_default();
        ResultsPaths {
            results: results.to_owned(),
            numbers: results.with_file_name(format!("{stem}-numbers{extension}")),
            ledger: None,
            kept: vec![],
            cause: None,
        }
    }

    /// The same, told from other people's files by this ledger.
    pub fn known_to(self, ledger: PathBuf) -> ResultsPaths {
        ResultsPaths { ledger: Some(ledger), ..self }
    }
}

/// What the results are made from.
pub struct Results<'a> {
    pub flow: &'static Flow,
    /// `None` where nothing has been begun.
    pub ledger: Option<&'a Ledger>,
    pub policy: &'a Policy,
    /// The run that has just ended, if one has.
    pub ended: Option<&'a Ended>,
}

/// The rows of the sheet, in its order.
type Entries = Box<dyn Iterator<Item = Result<Entry, Fault>>>;

/// One row's part in the results.
pub struct Line {
    pub outcome: Outcome,
    flow: &'static Flow,
    /// In the order of `result_columns`.
    pub cells: Vec<String>,
    /// In the order of `number_columns`, one line a number.
    pub numbers: Vec<Vec<String>>,
}

impl Line {
    /// The cell of a column by its name; empty for a name that is none of `result_columns`.
    pub fn cell(&self, column: &str) -> &str {
        let at = result_columns(self.flow).iter().position(|it| it == column);
        at.and_then(|at| self.cells.get(at)).map_or("", String::as_str)
    }
}

impl Results<'_> {
    /// Writes both files, each as a whole. Gives the tally, and the names that were taken: where a
    /// file cannot be replaced, a second name is.
    ///
    /// # Errors
    /// The sheet cannot be read again, the ledger cannot be read, or no name can be written.
    pub fn write(
        &self,
        paths: &ResultsPaths,
        entries: impl Fn() -> Result<Entries, Fault>,
        mut each: impl FnMut(&Entry, &Line),
    ) -> Result<(Tally, ResultsPaths), Fault> {
        write_pair(paths, |results, numbers| self.fill(results, numbers, entries()?, &mut each))
    }

    /// Writes both files while a run goes on: under their own names or not at all.
    ///
    /// # Errors
    /// As `write`, or they could not be written where they belong.
    pub fn write_meanwhile(
        &self,
        paths: &ResultsPaths,
        entries: impl Fn() -> Result<Entries, Fault>,
    ) -> Result<ResultsPaths, Fault> {
        let fill = |results: &mut dyn Write, numbers: &mut dyn Write| {
            self.fill(results, numbers, entries()?, &mut |_, _| ())
        };
        write_pair_in_place(paths, fill).map(|written| written.1)
    }

    fn fill(
        &self,
        results: &mut dyn Write,
        numbers: &mut dyn Write,
        entries: Entries,
        each: &mut dyn FnMut(&Entry, &Line),
    ) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let (mut results, mut numbers) =
            (csv::Writer::from_writer(results), csv::Writer::from_writer(numbers));
        write_line(&mut results, result_columns(self.flow))?;
        write_line(&mut numbers, number_columns(self.flow))?;
        for entry in entries {
            let entry = entry?;
            let line = self.line(&entry)?;
            tally.add(line.outcome);
            write_line(&mut results, line.cells.iter().map(|cell| csv_safe(cell).into_owned()))?;
            for number in &line.numbers {
                write_line(&mut numbers, number.iter().map(|cell| csv_safe(cell).into_owned()))?;
            }
            each(&entry, &line);
        }
        results.flush().and_then(|()| numbers.flush()).map_err(|error| cut_off(&error.to_string()))?;
        Ok(tally)
    }

    /// What is known of one row.
    pub fn line(&self, entry: &Entry) -> Result<Line, Fault> {
        let mut line = match entry {
            Entry::Valid(customer) => self.customer(customer)?,
            Entry::Invalid(invalid) => self.invalid(invalid)?,
        };
        for cell in line.cells.iter_mut().chain(line.numbers.iter_mut().flatten()) {
            if let Cow::Owned(cleaned) = shown(cell) {
                *cell = cleaned;
            }
        }
        Ok(line)
    }

    fn customer(&self, customer: &Customer) -> Result<Line, Fault> {
        let Some(ledger) = self.ledger else {
            return Ok(untouched_line(self.flow, customer));
        };
        let (facts, run) = ledger.customer(&customer.subaccount)?;
        let end = self.ended.and_then(|ended| ended.customers.get(&customer.subaccount));
        let policy = match end {
            Some(_) => self.policy.clone(),
            None => policy_of_the_past(self.flow, self.policy, &facts),
        };
        let plan =
            Plan::of(self.flow, customer, &policy, customer.primary_profile.as_ref(), ledger.key(), &facts);
        let outcome = match (end, &run) {
            (Some(end), _) => end.outcome,
            // Begun, and cut off before anything was recorded.
            (None, Some(_)) if facts.is_empty() => Outcome::Unfinished,
            (None, _) => plan.standing(&facts),
        };
        let known = Known {
            flow: self.flow,
            row: customer.row,
            subaccount: customer.subaccount.as_str(),
            business_name: &customer.business.name,
            outcome,
            facts: &facts,
            numbers: plan.numbers(&facts),
            cause: Cause::of(&plan, &facts, outcome, end),
            run: run_cells(run, self.ended),
        };
        Ok(known.line(numbers::lines(customer, &plan, &facts, end)))
    }

    /// The row is not sent, and says why. What was created for its subaccount, when the row was valid,
    /// is said all the same: nobody else knows it.
    fn invalid(&self, invalid: &Invalid) -> Result<Line, Fault> {
        let subaccount = Sid::parse_as(SidKind::Account, &invalid.subaccount);
        let (facts, run) = match (self.ledger, &subaccount) {
            (Some(ledger), Some(subaccount)) => ledger.customer(subaccount)?,
            _ => (Facts::default(), None),
        };
        let parts = numbers::on_record(self.flow, &facts);
        let lines = numbers::lines_on_record(self.flow, invalid.row, &invalid.subaccount, &parts, &facts);
        let known = Known {
            flow: self.flow,
            row: invalid.row,
            subaccount: &invalid.subaccount,
            business_name: &invalid.business_name,
            outcome: Outcome::Invalid,
            facts: &facts,
            numbers: parts,
            cause: cause_of_invalid(invalid),
            run: run_cells(run, self.ended),
        };
        Ok(known.line(lines))
    }
}

/// The flags of the run that has been, as far as the ledger tells them. A bundle that was submitted although
/// a number of it was refused was submitted with `--refused-numbers skip`; who asks how it stands need not
/// say so again.
fn policy_of_the_past(flow: &Flow, policy: &Policy, facts: &Facts) -> Policy {
    let left_out = |bundle: BundleId| {
        let by_us = facts.submitted(bundle).is_some_and(|digest| digest != UNKNOWN);
        let refused = |state: &StepState| matches!(state, StepState::Refused { .. });
        by_us && !facts.is_open(bundle) && facts.shares(bundle.numbered_by()).any(|it| refused(it.1))
    };
    match flow.bundles().any(left_out) {
        true => Policy { refused_numbers: RefusedNumbers::Skip, ..policy.clone() },
        false => policy.clone(),
    }
}

/// What a line of the results is made of.
struct Known<'a> {
    flow: &'static Flow,
    row: u64,
    subaccount: &'a str,
    business_name: &'a str,
    outcome: Outcome,
    facts: &'a Facts,
    numbers: Vec<Part>,
    cause: Cause,
    run: [String; 3],
}

impl Known<'_> {
    /// Its cells, in the order of `RESULT_COLUMNS`.
    fn line(self, numbers: Vec<Vec<String>>) -> Line {
        let sid = |step: StepId| self.facts.sid(step).map(ToString::to_string).unwrap_or_default();
        let mut cells = vec![
            self.row.to_string(),
            self.subaccount.to_owned(),
            self.business_name.to_owned(),
            self.outcome.word().to_owned(),
        ];
        for bundle in self.flow.bundles() {
            let status = self.facts.status(bundle).map_or("", |it| it.word());
            cells.extend([sid(bundle.made_by()), status.to_owned()]);
        }
        cells.extend(steps_with_a_column(self.flow).map(|step| match sid(step) {
            // In the place of an address that is created, a row may name one.
            none if none.is_empty() => self.flow.instead_of(step).map(sid).unwrap_or_default(),
            sid => sid,
        }));
        cells.push(numbers::assigned(self.flow, &self.numbers, self.facts).to_string());
        cells.push(numbers::refused(self.flow, &self.numbers, self.facts).to_string());
        cells.extend(self.cause.cells());
        cells.extend(self.run);
        Line { outcome: self.outcome, flow: self.flow, cells, numbers }
    }
}

fn run_cells(run: Option<CustomerRun>, ended: Option<&Ended>) -> [String; 3] {
    let Some(run) = run else { return ["0".to_owned(), String::new(), String::new()] };
    // Calls of an earlier run are not this run's.
    let calls = match ended {
        Some(ended) if run.started_at < ended.started_at => 0,
        _ => run.calls,
    };
    let finished = run.finished_at.map(rfc3339).unwrap_or_default();
    [calls.to_string(), rfc3339(run.started_at), finished]
}

fn cause_of_invalid(invalid: &Invalid) -> Cause {
    let finding = &invalid.finding;
    let place = match finding.cell.is_empty() {
        true => String::new(),
        false => format!("{}: ", finding.cell),
    };
    let more = match invalid.others {
        0 => String::new(),
        others => format!(" (and {others} more; see `validate`)"),
    };
    Cause {
        step: "validate".to_owned(),
        code: finding.code.to_owned(),
        message: format!("{place}{}{more}", finding.message),
        hint: finding.suggestion.clone(),
        ..Cause::default()
    }
}

fn untouched_line(flow: &'static Flow, customer: &Customer) -> Line {
    let outcome = Outcome::NotAttempted;
    let mut cells = vec![
        customer.row.to_string(),
        customer.subaccount.to_string(),
        customer.business.name.clone(),
        outcome.word().to_owned(),
    ];
    cells.resize(result_columns(flow).len(), String::new());
    Line { outcome, flow, cells, numbers: vec![] }
}

fn write_line<W: Write, I: IntoIterator<Item = T>, T: AsRef<[u8]>>(
    writer: &mut csv::Writer<W>,
    cells: I,
) -> Result<(), Fault> {
    writer.write_record(cells).map_err(|error| cut_off(&error.to_string()))
}

fn cut_off(reason: &str) -> Fault {
    Fault::new(
        format!("The results could not be written to the end ({reason})"),
        "Make room on the disk, then write them again with `results SHEET`.",
    )
}
