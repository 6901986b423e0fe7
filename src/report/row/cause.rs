//! What a report says of a row that did not get through: the step, the codes, the words, the way out.

use super::columns::{self, Columns};
use super::make::Heard;
use super::numbers::{self, NumberReport};
use crate::check::Invalid;
use crate::facts::{Code, Ending, Facts, Note, OurCode, Outcome, Reason, RefusedNumbers, StepState};
use crate::flow::{BundleId, Key, Part, StepId};
use crate::model::{Column, redacted};
use crate::plan::{Next, Plan, is_somebody_elses};
use crate::report::hints::{hint, hint_for, hint_for_words};
use crate::sheet::Layout;
use serde::Serialize;
use std::collections::BTreeSet;

/// What keeps a row from its end, and what to do about it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cause {
    /// The step at which it was met, as in the ledger; `validate` for a row that was not sent.
    pub step: String,
    /// Of the answer; `null` where we refused before asking.
    pub http_status: Option<u16>,
    /// Twilio's number as text, one of our words, or the rule of an invalid row.
    pub code: Option<String>,
    /// Twilio's own words where this run heard them, else what the code means.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// Twilio's page about the code.
    pub more_info: Option<String>,
    /// `RQ…` of Twilio's answer.
    pub request_id: Option<String>,
    /// The columns to correct.
    pub columns: Vec<ColumnToCorrect>,
}

/// A column of the sheet that a cause or a remark is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnToCorrect {
    /// Its name in the template.
    pub column: &'static str,
    /// The cell as a spreadsheet names it, such as `F17`; empty where the sheet has no such column.
    pub cell: String,
    /// What the row says today.
    pub value: String,
}

impl ColumnToCorrect {
    /// Its name and cell, such as `business_name (F17)`.
    pub fn place(&self) -> String {
        match self.cell.is_empty() {
            true => self.column.to_owned(),
            false => format!("{} ({})", self.column, self.cell),
        }
    }
}

/// What is worth knowing of a row although it keeps nothing back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// One word for it, such as `noncompliant`.
    pub code: &'static str,
    /// The same for a person.
    pub message: String,
    /// What to do about it; empty where nothing is to be done.
    pub hint: &'static str,
    /// The columns that it is about.
    pub columns: Vec<ColumnToCorrect>,
}

/// The word for numbers that a run has gone on without.
pub const NUMBERS_LEFT_OUT: &str = "numbers_left_out";

impl Remark {
    fn new(code: &'static str, message: String) -> Remark {
        // Whichever answer the words are from.
        Remark { code, message: redacted(&message, &[]), hint: "", columns: vec![] }
    }
}

/// What is known of a customer.
pub struct Known<'a> {
    pub plan: &'a Plan<'a>,
    /// As the ledger says it.
    pub facts: &'a Facts,
    pub heard: Heard<'a>,
    pub columns: &'a Columns,
    pub layout: Option<&'a Layout>,
}

impl Cause {
    /// What keeps a customer from its end: the plan's own ending, by what is recorded.
    pub fn of(known: &Known, outcome: Outcome) -> Option<Cause> {
        let Known { plan, facts, heard, .. } = known;
        let ending = match plan.next(&(*facts).clone().with_reads_done(plan.flow()), 0) {
            _ if outcome == Outcome::Unsure => facts.in_doubt().unwrap_or(Ending::Done),
            Next::Over(ending) => ending,
            _ => plan.held_back(facts).unwrap_or(Ending::Done),
        };
        let cause = match (outcome, ending) {
            (Outcome::Refused, Ending::Refused(refused)) => Cause::refused(known, &refused),
            // Another bundle is still to be worked on.
            (Outcome::Refused, _) => Cause::refused(known, &plan.refusals(facts)),
            (Outcome::Rejected, Ending::Rejected(bundle)) => Cause::rejected(known, bundle),
            (Outcome::Rejected, _) => Cause::rejected(known, plan.rejection(facts)?),
            (Outcome::Unsure, Ending::Unsure(key, candidates)) => {
                let sids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
                Cause {
                    step: key.step.name.to_owned(),
                    code: Some("unsure".to_owned()),
                    message: format!("several resources bear our tag: {}", sids.join(", ")),
                    hint: format!(
                        "Look at them in the Console, then: trusthub-onboard resolve {} {} SID, with the SID that \
                         is in use, or none to have another one made.",
                        plan.customer.subaccount, key.step
                    ),
                    ..Cause::default()
                }
            }
            (Outcome::Unfinished, _) => Cause {
                step: plan.stands_at(facts).map(|key| key.step.name.to_owned()).unwrap_or_default(),
                message: heard
                    .and_then(|end| end.messages.last())
                    .map_or_else(|| "not finished yet".to_owned(), |it| it.1.clone()),
                hint: "Run again: it goes on from here.".to_owned(),
                ..Cause::default()
            },
            _ => return None,
        };
        // Whichever answer the words are from.
        Some(Cause { message: redacted(&cause.message, &[]), ..cause })
    }

    /// What the first finding of a row says that is not sent.
    pub fn of_invalid(invalid: &Invalid) -> Cause {
        let finding = &invalid.finding;
        let place = match finding.cell.is_empty() {
            true => String::new(),
            false => format!("{}: ", finding.cell),
        };
        let more = match invalid.others {
            0 => String::new(),
            others => format!(" (and {others} more; see `validate`)"),
        };
        let message = format!("{place}{}{more}", finding.message);
        let in_the_sheet = |column: Column| ColumnToCorrect {
            column: column.name(),
            cell: finding.cell.clone(),
            value: finding.value.clone(),
        };
        Cause {
            step: "validate".to_owned(),
            code: Some(finding.code.to_owned()),
            message: redacted(&message, &[]),
            hint: finding.suggestion.clone(),
            columns: Column::named(&finding.column).map(in_the_sheet).into_iter().collect(),
            ..Cause::default()
        }
    }

    /// The first refusal decides the codes; the text names them all.
    fn refused(known: &Known, refused: &[(Key, Reason)]) -> Cause {
        let Known { plan, heard, .. } = *known;
        let Some((key, reason)) = refused.first() else { return Cause::default() };
        let text = |key: &Key, reason: &Reason| {
            let words = message_of(key, reason, heard);
            match numbers::name(plan, key.part) {
                Some(number) => format!("{number}: {words}"),
                None => words,
            }
        };
        let messages: Vec<String> = refused.iter().map(|(key, reason)| text(key, reason)).collect();
        let fix = messages.first().and_then(|it| hint_for_words(it)).or_else(|| hint(reason));
        let fix = fix.map_or(LOOK_AT_THE_ANSWER, |it| it.fix);
        let columns = known.columns_of(refused, fix);
        // Which columns differ only their digests would know; those that can are named.
        let differs = match changed(reason) {
            true if columns.len() > 1 => format!("; one of these differs: {}", columns::in_words(&columns)),
            true if !columns.is_empty() => format!("; this differs: {}", columns::in_words(&columns)),
            _ => String::new(),
        };
        Cause {
            step: key.step.name.to_owned(),
            http_status: reason.http_status,
            code: code_text(reason.code),
            hint: fix.to_owned(),
            message: format!("{}{differs}", messages.join("; ")),
            more_info: more_info(reason.code),
            request_id: reason.request_id.clone(),
            columns,
        }
    }

    fn rejected(known: &Known, bundle: BundleId) -> Cause {
        let Known { plan, facts, .. } = *known;
        let step = bundle.reviewed_by();
        let codes = match facts.state(step) {
            Some(StepState::Seen { codes, .. }) => codes.clone(),
            _ => vec![],
        };
        let hints: Vec<_> = codes.iter().filter_map(|code| hint_for(*code)).collect();
        let reasons: Vec<String> = codes
            .iter()
            .map(|code| match hint_for(*code) {
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
        let correct = hints.first().map_or("Correct the row.", |it| it.fix);
        let way_on = match facts.is_taken_as_is(bundle, bundle.named_by(plan.customer)) {
            true => {
                "The row names a bundle that this program did not submit and does not change: correct it and submit \
                 it again in the Console, then run again."
            }
            false => "Then run again: the bundle is updated in place and submitted again.",
        };
        Cause {
            step: step.name.to_owned(),
            code: code_text(first),
            message,
            hint: format!("{correct} {way_on}"),
            more_info: more_info(first),
            columns: known.cells(&hints.iter().flat_map(|it| columns::named_in(it.fix)).collect::<Vec<_>>()),
            ..Cause::default()
        }
    }
}

/// For a refusal that nobody knows more about: an answer with a code that is in no dictionary.
const LOOK_AT_THE_ANSWER: &str =
    "Look up the code and the request id in the Console of the subaccount, correct the row, and run again.";

fn changed(reason: &Reason) -> bool {
    reason.code == Code::Ours(OurCode::ChangedAfterSubmission)
}

impl Known<'_> {
    fn cells(&self, columns: &[Column]) -> Vec<ColumnToCorrect> {
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        columns.dedup();
        columns::to_correct(&columns, self.plan.customer, self.layout)
    }

    /// The columns that refusals are about: those of the failing fields, else those that the way out names, else
    /// those that the step is filled from.
    fn columns_of(&self, refused: &[(Key, Reason)], fix: &str) -> Vec<ColumnToCorrect> {
        let one = |(key, reason): &(Key, Reason)| {
            let fields = reason.fields.as_deref().unwrap_or_default();
            let of_fields = self.columns.of_fields(*key, fields);
            match (changed(reason), of_fields.is_empty()) {
                (_, false) => of_fields,
                (true, true) => self.columns.of_step(key.step),
                (false, true) => vec![],
            }
        };
        let mut found: Vec<Column> = refused.iter().flat_map(one).collect();
        if found.is_empty() {
            found = columns::named_in(fix);
        }
        if found.is_empty() {
            found = refused.iter().flat_map(|it| self.columns.of_step(it.0.step)).collect();
        }
        self.cells(&found)
    }
}

/// What is worth knowing of a customer who got through all the same.
pub fn remarks(known: &Known, outcome: Outcome, numbers: &[NumberReport]) -> Vec<Remark> {
    let Known { plan, facts, heard, .. } = *known;
    let of_evaluation = |step: StepId| match facts.state(step) {
        Some(StepState::Done { note: Some(Note::NotEvaluated), .. }) => Some(Remark::new(
            "not_evaluated",
            format!("{step}: the API refused the evaluation itself, so the review decides"),
        )),
        Some(StepState::Done { note: Some(Note::Noncompliant), .. }) => {
            let text = match facts.submitted(step.bundle) {
                Some(_) => format!("{step}: noncompliant, submitted all the same (--evaluate warn)"),
                None => format!("{step}: noncompliant, and not submitted so far (--evaluate warn)"),
            };
            Some(Remark::new("noncompliant", text))
        }
        _ => None,
    };
    if matches!(outcome, Outcome::NotAttempted) {
        return vec![];
    }
    let evaluations = plan.bundles().iter().map(|bundle| bundle.steps.evaluation);
    let mut remarks: Vec<Remark> = evaluations.filter_map(of_evaluation).collect();
    let left_off = numbers::left_off(plan, facts).into_iter();
    remarks.extend(left_off.map(|text| Remark::new(OurCode::NumberNotEligible.name(), text)));
    let mut differing: Vec<Column> =
        plan.differing(facts).iter().flat_map(|it| known.columns.of_step(it.step)).collect();
    differing.extend(plan.named_otherwise(facts).iter().flat_map(|it| columns::named_in(it.column)));
    if !differing.is_empty() {
        let columns = known.cells(&differing);
        let text = format!(
            "the sheet says something else now than what was submitted, and nothing is changed any more; it can differ in {}",
            columns::in_words(&columns)
        );
        remarks.push(Remark { columns, ..Remark::new("sheet_differs", text) });
    }
    let refused = numbers.iter().filter(|it| it.is_refused()).count();
    if refused > 0 && outcome != Outcome::Refused && plan.policy().refused_numbers == RefusedNumbers::Skip {
        let left_out = crate::model::counted(refused as u64, "phone number");
        remarks.push(Remark::new(NUMBERS_LEFT_OUT, format!("{left_out} left out (--refused-numbers skip)")));
    } else if refused > 0 && outcome != Outcome::Refused {
        let refused = crate::model::counted(refused as u64, "phone number");
        let text = format!("{refused} refused, and asked for again by every run; the numbers file says why");
        remarks.push(Remark::new("numbers_refused", text));
    }
    remarks.extend(numbers_on_bundles(known));
    // In review when it was last read; this time it was not reached.
    if matches!(outcome, Outcome::Submitted | Outcome::AwaitingProfileApproval)
        && let Some(key) = heard.and_then(|end| end.failed)
    {
        let words = heard.and_then(|end| end.messages.last()).map_or("", |it| it.1.as_str());
        let text = format!("{}: its review could not be read just now {words}", key.step);
        remarks.push(Remark::new("review_not_read", text.trim_end().to_owned()));
    }
    let said = heard.into_iter().flat_map(|end| end.remarks.iter().cloned());
    remarks.extend(said.map(|text| Remark::new("left_as_it_is", text)));
    remarks
}

/// The numbers that are on submitted bundles and not to be there.
fn numbers_on_bundles(known: &Known) -> Vec<Remark> {
    let Known { plan, facts, .. } = *known;
    let of = |of_others: bool| {
        let keys = plan.leftover_numbers(facts).into_iter();
        let keys = keys.filter(|key| is_somebody_elses(*key, facts) == of_others);
        keys.map(|key| key.part).collect::<BTreeSet<Part>>().into_iter().collect::<Vec<Part>>()
    };
    let mut remarks = vec![];
    let (left, of_others) = (of(false), of(true));
    if !left.is_empty() {
        let text = format!(
            "on a bundle, and not in the row or not the account's any more, {}",
            numbers::in_words(&left)
        );
        let hint = "To take them off the bundles: run with --remove-numbers. To keep them: add them to the column \
                    phone_numbers.";
        let columns = known.cells(&columns::named_in(hint));
        remarks.push(Remark { hint, columns, ..Remark::new("numbers_not_in_row", text) });
    }
    if !of_others.is_empty() {
        let text = format!(
            "on a bundle that the row names, put there by somebody else and left as it is, {}",
            numbers::in_words(&of_others)
        );
        remarks.push(Remark::new("numbers_of_others", text));
    }
    remarks
}

/// Twilio's own words where this run heard them, else what the code means.
pub fn message_of(key: &Key, reason: &Reason, heard: Heard) -> String {
    let heard =
        heard.and_then(|end| end.messages.iter().rev().find(|it| it.0 == *key)).map(|it| it.1.as_str());
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

/// The public name of a code.
pub fn code_text(code: Code) -> Option<String> {
    match code {
        Code::Twilio(code) => Some(code.to_string()),
        Code::Ours(code) => Some(code.name().to_owned()),
        Code::None => None,
    }
}

fn more_info(code: Code) -> Option<String> {
    match code {
        Code::Twilio(code) => Some(format!("https://www.twilio.com/docs/errors/{code}")),
        Code::Ours(_) | Code::None => None,
    }
}
