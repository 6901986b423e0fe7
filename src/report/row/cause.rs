//! What a report says of a row that did not get through: the step, the codes, the words, the way out.

use super::make::Heard;
use super::numbers;
use crate::check::Invalid;
use crate::flow::{BundleId, Key, StepId};
use crate::model::redacted;
use crate::plan::{Code, Ending, Facts, Next, Note, OurCode, Outcome, Plan, Reason, StepState};
use crate::report::hints::{hint, hint_for, hint_for_words};
use serde::Serialize;

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

/// What is worth knowing of a row although it keeps nothing back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// One word for it, such as `noncompliant`.
    pub code: &'static str,
    /// The same for a person.
    pub message: String,
    /// The columns that it is about.
    pub columns: Vec<ColumnToCorrect>,
}

impl Remark {
    fn new(code: &'static str, message: String) -> Remark {
        // Whichever answer the words are from.
        Remark { code, message: redacted(&message, &[]), columns: vec![] }
    }
}

impl Cause {
    /// What keeps a customer from its end.
    pub fn of(plan: &Plan, facts: &Facts, outcome: Outcome, heard: Heard) -> Option<Cause> {
        let ending = match plan.next(&facts.clone().with_reads_done(plan.flow()), 0) {
            _ if outcome == Outcome::Unsure => facts.in_doubt().unwrap_or(Ending::Done),
            Next::Over(ending) => ending,
            _ => plan.held_back(facts).unwrap_or(Ending::Done),
        };
        let cause = match (outcome, ending) {
            (Outcome::Refused, Ending::Refused(refused)) => Cause::refused(plan, &refused, heard),
            (Outcome::Refused, _) => match heard.and_then(|end| end.failed) {
                Some(key) => Cause::at(plan, key, facts, heard),
                None => Cause::default(),
            },
            (Outcome::Rejected, Ending::Rejected(bundle)) => Cause::rejected(plan, bundle, facts),
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
                step: heard
                    .and_then(|end| end.failed)
                    .map(|key| key.step.name.to_owned())
                    .unwrap_or_default(),
                message: heard
                    .and_then(|end| end.messages.last())
                    .map_or_else(|| "not finished yet".to_owned(), |it| it.1.clone()),
                hint: "Run the same command again: it goes on from here.".to_owned(),
                ..Cause::default()
            },
            // In review when it was last read; this time it was not reached.
            (Outcome::Submitted | Outcome::AwaitingProfileApproval, _)
                if let Some(key) = heard.and_then(|end| end.failed) =>
            {
                let words = heard.and_then(|end| end.messages.last()).map_or("", |it| it.1.as_str());
                Cause {
                    step: key.step.name.to_owned(),
                    message: format!("its review could not be read just now {words}").trim_end().to_owned(),
                    hint: "Run the same command again: it is looked at again.".to_owned(),
                    ..Cause::default()
                }
            }
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
        Cause {
            step: "validate".to_owned(),
            code: Some(finding.code.to_owned()),
            message: redacted(&message, &[]),
            hint: finding.suggestion.clone(),
            ..Cause::default()
        }
    }

    fn at(plan: &Plan, key: Key, facts: &Facts, heard: Heard) -> Cause {
        match facts.state(key) {
            Some(StepState::Refused { reason, .. }) => Cause::refused(plan, &[(key, reason.clone())], heard),
            _ => Cause { step: key.step.name.to_owned(), ..Cause::default() },
        }
    }

    /// The first refusal decides the codes; the text names them all.
    fn refused(plan: &Plan, refused: &[(Key, Reason)], heard: Heard) -> Cause {
        let Some((key, reason)) = refused.first() else { return Cause::default() };
        let text = |key: &Key, reason: &Reason| {
            let words = message_of(key, reason, heard);
            match numbers::name(plan, key.part) {
                Some(number) => format!("{number}: {words}"),
                None => words,
            }
        };
        let messages: Vec<String> = refused.iter().map(|(key, reason)| text(key, reason)).collect();
        Cause {
            step: key.step.name.to_owned(),
            http_status: reason.http_status,
            code: code_text(reason.code),
            hint: messages
                .first()
                .and_then(|it| hint_for_words(it))
                .or_else(|| hint(reason))
                .map(|it| it.fix.to_owned())
                .unwrap_or_default(),
            message: messages.join("; "),
            more_info: more_info(reason.code),
            request_id: reason.request_id.clone(),
            columns: vec![],
        }
    }

    fn rejected(plan: &Plan, bundle: BundleId, facts: &Facts) -> Cause {
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
            ..Cause::default()
        }
    }
}

/// What is worth knowing of a customer who got through all the same.
pub fn remarks(plan: &Plan, facts: &Facts, outcome: Outcome, heard: Heard) -> Vec<Remark> {
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
    let said = heard.into_iter().flat_map(|end| end.remarks.iter().cloned());
    remarks.extend(said.map(|text| Remark::new("left_as_it_is", text)));
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
