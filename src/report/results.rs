//! The results files: one line for every row of the sheet, one for every phone number. Both are
//! made from the sheet and the ledger alone and can be made again at any time; only Twilio's own
//! words about a refusal are known to the run that heard them and to no one after it.

use super::hints::hint;
use super::log::rfc3339;
use super::numbers::{self, NUMBER_COLUMNS};
use super::summary::Tally;
use super::write::write_pair;
use crate::check::{Entry, Invalid};
use crate::engine::{CustomerEnd, Ended};
use crate::ledger::{CustomerRun, Ledger};
use crate::model::{Customer, Fault};
use crate::plan::{
    Bundle, Code, Ending, Facts, Key, Mark, Next, Note, Outcome, Plan, Policy, Reason, StepId,
};
use crate::products::secondary_profile;
use crate::sheet::csv_safe;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The columns of the results file, in order. Public: programs read them.
pub const RESULT_COLUMNS: [&str; 33] = [
    "row",
    "subaccount_sid",
    "business_name",
    "outcome",
    "customer_profile_sid",
    "customer_profile_status",
    "trust_product_sid",
    "trust_product_status",
    "address_sid",
    "supporting_document_sid",
    "business_information_sid",
    "representative_1_sid",
    "representative_2_sid",
    "voice_integrity_information_sid",
    "primary_profile_assignment_sid",
    "supporting_document_assignment_sid",
    "business_information_assignment_sid",
    "representative_1_assignment_sid",
    "representative_2_assignment_sid",
    "voice_integrity_information_assignment_sid",
    "customer_profile_assignment_sid",
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

/// The columns that hold what one step created, in the order of the file.
const SIDS: [StepId; 12] = [
    StepId::SupportingDocument,
    StepId::BusinessInformation,
    StepId::Representative1,
    StepId::Representative2,
    StepId::VoiceIntegrityInformation,
    StepId::PrimaryProfileAssignment,
    StepId::SupportingDocumentAssignment,
    StepId::BusinessInformationAssignment,
    StepId::Representative1Assignment,
    StepId::Representative2Assignment,
    StepId::VoiceIntegrityInformationAssignment,
    StepId::CustomerProfileAssignment,
];

/// Where the results go.
#[derive(Clone, Debug)]
pub struct ResultsPaths {
    pub results: PathBuf,
    /// Beside it, with `-numbers` in its name.
    pub numbers: PathBuf,
}

impl ResultsPaths {
    pub fn beside(results: &Path) -> ResultsPaths {
        let stem = results.file_stem().unwrap_or_default().to_string_lossy();
        let extension =
            results.extension().map(|it| format!(".{}", it.to_string_lossy())).unwrap_or_default();
        ResultsPaths {
            results: results.to_owned(),
            numbers: results.with_file_name(format!("{stem}-numbers{extension}")),
        }
    }
}

/// What the results are made from.
pub struct Results<'a> {
    /// `None` where nothing has been begun.
    pub ledger: Option<&'a Ledger>,
    pub policy: &'a Policy,
    /// The run that has just ended, if one has.
    pub ended: Option<&'a Ended>,
}

/// One row's part in the results.
pub struct Line {
    pub outcome: Outcome,
    /// In the order of `RESULT_COLUMNS`.
    pub cells: Vec<String>,
    /// In the order of `NUMBER_COLUMNS`, one line a number.
    pub numbers: Vec<Vec<String>>,
}

impl Line {
    /// The cell of a column by its name; empty for a name that is none of `RESULT_COLUMNS`.
    pub fn cell(&self, column: &str) -> &str {
        let at = RESULT_COLUMNS.iter().position(|it| *it == column);
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
        entries: impl Fn() -> Result<Box<dyn Iterator<Item = Result<Entry, Fault>>>, Fault>,
        mut each: impl FnMut(&Entry, &Line),
    ) -> Result<(Tally, ResultsPaths), Fault> {
        write_pair(paths, |results, numbers| {
            let mut tally = Tally::default();
            let (mut results, mut numbers) =
                (csv::Writer::from_writer(results), csv::Writer::from_writer(numbers));
            write_line(&mut results, RESULT_COLUMNS)?;
            write_line(&mut numbers, NUMBER_COLUMNS)?;
            for entry in entries()? {
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
        })
    }

    /// What is known of one row.
    pub fn line(&self, entry: &Entry) -> Result<Line, Fault> {
        match entry {
            Entry::Valid(customer) => self.customer(customer),
            Entry::Invalid(invalid) => Ok(invalid_line(invalid)),
        }
    }

    fn customer(&self, customer: &Customer) -> Result<Line, Fault> {
        let Some(ledger) = self.ledger else {
            return Ok(untouched_line(customer));
        };
        let (facts, run) = ledger.customer(&customer.subaccount)?;
        let end = self.ended.and_then(|ended| ended.customers.get(&customer.subaccount));
        let plan = Plan::of(customer, self.policy, customer.primary_profile.as_ref(), ledger.key(), &facts);
        let outcome = match (end, run) {
            (Some(end), _) => end.outcome,
            // Begun, and cut off before anything was recorded.
            (None, Some(_)) if facts.is_empty() => Outcome::Unfinished,
            (None, _) => plan.standing(&facts),
        };
        let failure = Failure::of(&plan, &facts, outcome, end);
        let sid = |step: StepId| facts.sid(step).map(ToString::to_string).unwrap_or_default();
        let status = |bundle| facts.status(bundle).map(|it| it.word().to_owned()).unwrap_or_default();
        let numbers = numbers::lines(customer, &plan, &facts, end);
        let mut cells = vec![
            customer.row.to_string(),
            customer.subaccount.to_string(),
            customer.business.name.clone(),
            outcome.word().to_owned(),
            sid(StepId::CustomerProfile),
            status(Bundle::CustomerProfile),
            sid(StepId::TrustProduct),
            status(Bundle::TrustProduct),
            secondary_profile::address(customer, &facts).map(ToString::to_string).unwrap_or_default(),
        ];
        cells.extend(SIDS.into_iter().map(sid));
        cells.push(numbers::assigned(&plan, &facts).to_string());
        cells.push(numbers::refused(&plan, &facts).to_string());
        cells.extend(failure.cells());
        cells.extend(run_cells(run, self.ended));
        Ok(Line { outcome, cells, numbers })
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

/// The seven columns about what went wrong.
#[derive(Default)]
struct Failure {
    step: String,
    http_status: String,
    code: String,
    message: String,
    hint: String,
    more_info: String,
    request_id: String,
}

impl Failure {
    fn of(plan: &Plan, facts: &Facts, outcome: Outcome, end: Option<&CustomerEnd>) -> Failure {
        let ending = match plan.next(&facts.clone().with_reads_done(), 0) {
            Next::Over(ending) => ending,
            _ => Ending::Done,
        };
        match (outcome, ending) {
            (Outcome::Refused, Ending::Refused(refused)) => Failure::refused(plan, &refused, end),
            (Outcome::Refused, _) => match end.and_then(|end| end.failed) {
                Some(key) => Failure::at(plan, key, facts, end),
                None => Failure::default(),
            },
            (Outcome::Rejected, Ending::Rejected(bundle)) => Failure::rejected(bundle, facts),
            (Outcome::Unsure, Ending::Unsure(key, candidates)) => {
                let sids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
                Failure {
                    step: key.step.name().to_owned(),
                    code: "unsure".to_owned(),
                    message: format!("several resources bear our mark: {}", sids.join(", ")),
                    hint: format!(
                        "Look at them in the Console, then: trusthub-onboard settle {} {} SID, with the SID that \
                         is in use, or none to have another one made.",
                        plan.customer.subaccount, key.step
                    ),
                    ..Failure::default()
                }
            }
            (Outcome::Unfinished, _) => Failure {
                step: end
                    .and_then(|end| end.failed)
                    .map(|key| key.step.name().to_owned())
                    .unwrap_or_default(),
                message: end
                    .and_then(|end| end.messages.last())
                    .map_or_else(|| "not finished yet".to_owned(), |it| it.1.clone()),
                hint: "Run the same command again: it goes on from here.".to_owned(),
                ..Failure::default()
            },
            _ => Failure::remark(facts),
        }
    }

    /// What is worth knowing of a customer who got through all the same.
    fn remark(facts: &Facts) -> Failure {
        let remark = |step: StepId| match facts.mark(step) {
            Some(Mark::Done { note: Some(Note::NotEvaluated), .. }) => {
                Some(format!("{step}: the API refused the evaluation itself, so the review decides"))
            }
            Some(Mark::Done { note: Some(Note::Noncompliant), .. }) => {
                Some(format!("{step}: noncompliant, submitted all the same (--evaluate warn)"))
            }
            _ => None,
        };
        let steps = [StepId::CustomerProfileEvaluation, StepId::TrustProductEvaluation];
        let remarks: Vec<String> = steps.into_iter().filter_map(remark).collect();
        Failure { message: remarks.join("; "), ..Failure::default() }
    }

    fn at(plan: &Plan, key: Key, facts: &Facts, end: Option<&CustomerEnd>) -> Failure {
        match facts.mark(key) {
            Some(Mark::Refused { reason, .. }) => Failure::refused(plan, &[(key, reason.clone())], end),
            _ => Failure { step: key.step.name().to_owned(), ..Failure::default() },
        }
    }

    /// The first refusal decides the codes; the text names them all.
    fn refused(plan: &Plan, refused: &[(Key, Reason)], end: Option<&CustomerEnd>) -> Failure {
        let Some((key, reason)) = refused.first() else { return Failure::default() };
        let text = |key: &Key, reason: &Reason| {
            let words = message_of(key, reason, end);
            match numbers::name(plan, key.part) {
                Some(number) => format!("{number}: {words}"),
                None => words,
            }
        };
        let messages: Vec<String> = refused.iter().map(|(key, reason)| text(key, reason)).collect();
        Failure {
            step: key.step.name().to_owned(),
            http_status: reason.http_status.map(|it| it.to_string()).unwrap_or_default(),
            code: code_text(reason.code),
            message: messages.join("; "),
            hint: hint(reason).map(|it| it.fix.to_owned()).unwrap_or_default(),
            more_info: more_info(reason.code),
            request_id: reason.request_id.clone().unwrap_or_default(),
        }
    }

    fn rejected(bundle: Bundle, facts: &Facts) -> Failure {
        let step = bundle.reviewed_by();
        let codes = match facts.mark(step) {
            Some(Mark::Seen { codes, .. }) => codes.clone(),
            _ => vec![],
        };
        let hints: Vec<_> = codes.iter().filter_map(|code| super::hints::hint_for(*code)).collect();
        let reasons: Vec<String> = codes
            .iter()
            .map(|code| match super::hints::hint_for(*code) {
                Some(hint) => format!("{code}: {}", hint.meaning),
                None => code.to_string(),
            })
            .collect();
        let message = match reasons.is_empty() {
            true => "Twilio rejected it and gives no reason here; the reason is in the e-mail to the address of the \
                     column email and in the Console"
                .to_owned(),
            false => format!("Twilio rejected it: {}", reasons.join("; ")),
        };
        let first = codes.first().map(|code| Code::Twilio(*code)).unwrap_or(Code::None);
        Failure {
            step: step.name().to_owned(),
            code: code_text(first),
            message,
            hint: hints.first().map_or_else(
                || {
                    "Correct the row and run again: the bundle is updated in place and submitted again."
                        .to_owned()
                },
                |it| {
                    format!("{} Then run again: the bundle is updated in place and submitted again.", it.fix)
                },
            ),
            more_info: more_info(first),
            ..Failure::default()
        }
    }

    fn cells(self) -> [String; 7] {
        [self.step, self.http_status, self.code, self.message, self.hint, self.more_info, self.request_id]
    }
}

/// Twilio's own words where this run heard them, else what the code means.
pub(super) fn message_of(key: &Key, reason: &Reason, end: Option<&CustomerEnd>) -> String {
    let heard = end.and_then(|end| end.messages.iter().rev().find(|it| it.0 == *key)).map(|it| it.1.as_str());
    let mut text = match heard.filter(|it| !it.is_empty()) {
        Some(heard) => heard.to_owned(),
        None => hint(reason).map_or_else(|| "refused".to_owned(), |it| it.meaning.to_owned()),
    };
    if let Some(fields) = reason.fields.as_ref().filter(|_| heard.is_none()) {
        text = format!("{text}: {fields}");
    }
    if let Some(sid) = reason.sid.as_ref().filter(|sid| !text.contains(sid.as_str())) {
        text = format!("{text} ({sid})");
    }
    text
}

pub(super) fn code_text(code: Code) -> String {
    match code {
        Code::Twilio(code) => code.to_string(),
        Code::Ours(code) => code.name().to_owned(),
        Code::None => String::new(),
    }
}

fn more_info(code: Code) -> String {
    match code {
        Code::Twilio(code) => format!("https://www.twilio.com/docs/errors/{code}"),
        Code::Ours(_) | Code::None => String::new(),
    }
}

fn invalid_line(invalid: &Invalid) -> Line {
    let finding = &invalid.finding;
    let more = match invalid.others {
        0 => String::new(),
        others => format!(" (and {others} more; see `validate`)"),
    };
    let mut cells = vec![String::new(); RESULT_COLUMNS.len()];
    let mut set = |column: &str, value: String| {
        if let Some(at) = RESULT_COLUMNS.iter().position(|it| *it == column) {
            cells[at] = value;
        }
    };
    set("row", invalid.row.to_string());
    set("subaccount_sid", invalid.subaccount.clone());
    set("business_name", invalid.business_name.clone());
    set("outcome", Outcome::Invalid.word().to_owned());
    set("phone_numbers_assigned", "0".to_owned());
    set("phone_numbers_refused", "0".to_owned());
    set("failed_step", "validate".to_owned());
    set("error_code", finding.code.to_owned());
    let place = match finding.cell.is_empty() {
        true => String::new(),
        false => format!("{}: ", finding.cell),
    };
    set("error_message", format!("{place}{}{more}", finding.message));
    set("hint", finding.suggestion.clone());
    set("attempts", "0".to_owned());
    Line { outcome: Outcome::Invalid, cells, numbers: vec![] }
}

fn untouched_line(customer: &Customer) -> Line {
    let mut cells = vec![String::new(); RESULT_COLUMNS.len()];
    let outcome = Outcome::NotAttempted;
    let known = [
        (0, customer.row.to_string()),
        (1, customer.subaccount.to_string()),
        (2, customer.business.name.clone()),
        (3, outcome.word().to_owned()),
    ];
    for (at, value) in known {
        cells[at] = value;
    }
    Line { outcome, cells, numbers: vec![] }
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
