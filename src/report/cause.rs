//! What the results say of a row that did not get through: the step, the codes, the words, the way out.

use super::hints::{hint, hint_for_words};
use super::numbers;
use crate::engine::CustomerEnd;
use crate::flow::{BundleId, Key, StepId};
use crate::model::redacted;
use crate::plan::{Code, Ending, Facts, Next, Note, Outcome, Plan, Reason, StepState};

/// The seven columns about what went wrong.
#[derive(Default)]
pub struct Cause {
    pub step: String,
    pub http_status: String,
    pub code: String,
    pub message: String,
    pub hint: String,
    pub more_info: String,
    pub request_id: String,
}

impl Cause {
    /// What keeps a customer from its end, or is worth knowing all the same.
    pub fn of(plan: &Plan, facts: &Facts, outcome: Outcome, end: Option<&CustomerEnd>) -> Cause {
        let ending = match plan.next(&facts.clone().with_reads_done(plan.flow()), 0) {
            _ if outcome == Outcome::Unsure => facts.in_doubt().unwrap_or(Ending::Done),
            Next::Over(ending) => ending,
            _ => plan.held_back(facts).unwrap_or(Ending::Done),
        };
        match (outcome, ending) {
            (Outcome::Refused, Ending::Refused(refused)) => Cause::refused(plan, &refused, end),
            (Outcome::Refused, _) => match end.and_then(|end| end.failed) {
                Some(key) => Cause::at(plan, key, facts, end),
                None => Cause::default(),
            },
            (Outcome::Rejected, Ending::Rejected(bundle)) => Cause::rejected(plan, bundle, facts),
            (Outcome::Unsure, Ending::Unsure(key, candidates)) => {
                let sids: Vec<String> = candidates.iter().map(ToString::to_string).collect();
                Cause {
                    step: key.step.name.to_owned(),
                    code: "unsure".to_owned(),
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
                step: end.and_then(|end| end.failed).map(|key| key.step.name.to_owned()).unwrap_or_default(),
                message: end
                    .and_then(|end| end.messages.last())
                    .map_or_else(|| "not finished yet".to_owned(), |it| it.1.clone()),
                hint: "Run the same command again: it goes on from here.".to_owned(),
                ..Cause::default()
            },
            // In review when it was last read; this time it was not reached.
            (Outcome::Submitted | Outcome::AwaitingProfileApproval, _)
                if let Some(key) = end.and_then(|end| end.failed) =>
            {
                let words = end.and_then(|end| end.messages.last()).map_or("", |it| it.1.as_str());
                Cause {
                    step: key.step.name.to_owned(),
                    message: format!("its review could not be read just now {words}").trim_end().to_owned(),
                    hint: "Run the same command again: it is looked at again.".to_owned(),
                    ..Cause::default()
                }
            }
            _ => Cause::remark(plan, facts, end),
        }
    }

    /// What is worth knowing of a customer who got through all the same.
    fn remark(plan: &Plan, facts: &Facts, end: Option<&CustomerEnd>) -> Cause {
        let remark = |step: StepId| match facts.state(step) {
            Some(StepState::Done { note: Some(Note::NotEvaluated), .. }) => {
                Some(format!("{step}: the API refused the evaluation itself, so the review decides"))
            }
            Some(StepState::Done { note: Some(Note::Noncompliant), .. }) => {
                Some(match facts.submitted(step.bundle) {
                    Some(_) => format!("{step}: noncompliant, submitted all the same (--evaluate warn)"),
                    None => format!("{step}: noncompliant, and not submitted so far (--evaluate warn)"),
                })
            }
            _ => None,
        };
        let evaluations = plan.flow().bundles().map(|bundle| bundle.steps.evaluation);
        let mut remarks: Vec<String> = evaluations.filter_map(remark).collect();
        remarks.extend(end.into_iter().flat_map(|end| end.remarks.iter().cloned()));
        Cause { message: remarks.join("; "), ..Cause::default() }
    }

    fn at(plan: &Plan, key: Key, facts: &Facts, end: Option<&CustomerEnd>) -> Cause {
        match facts.state(key) {
            Some(StepState::Refused { reason, .. }) => Cause::refused(plan, &[(key, reason.clone())], end),
            _ => Cause { step: key.step.name.to_owned(), ..Cause::default() },
        }
    }

    /// The first refusal decides the codes; the text names them all.
    fn refused(plan: &Plan, refused: &[(Key, Reason)], end: Option<&CustomerEnd>) -> Cause {
        let Some((key, reason)) = refused.first() else { return Cause::default() };
        let text = |key: &Key, reason: &Reason| {
            let words = message_of(key, reason, end);
            match numbers::name(plan, key.part) {
                Some(number) => format!("{number}: {words}"),
                None => words,
            }
        };
        let messages: Vec<String> = refused.iter().map(|(key, reason)| text(key, reason)).collect();
        Cause {
            step: key.step.name.to_owned(),
            http_status: reason.http_status.map(|it| it.to_string()).unwrap_or_default(),
            code: code_text(reason.code),
            hint: messages
                .first()
                .and_then(|it| hint_for_words(it))
                .or_else(|| hint(reason))
                .map(|it| it.fix.to_owned())
                .unwrap_or_default(),
            message: messages.join("; "),
            more_info: more_info(reason.code),
            request_id: reason.request_id.clone().unwrap_or_default(),
        }
    }

    fn rejected(plan: &Plan, bundle: BundleId, facts: &Facts) -> Cause {
        let step = bundle.reviewed_by();
        let codes = match facts.state(step) {
            Some(StepState::Seen { codes, .. }) => codes.clone(),
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

    /// In the order of the results file.
    pub fn cells(self) -> [String; 7] {
        // Whichever answer the words are from.
        let message = redacted(&self.message, &[]);
        [self.step, self.http_status, self.code, message, self.hint, self.more_info, self.request_id]
    }
}

/// Twilio's own words where this run heard them, else what the code means.
pub fn message_of(key: &Key, reason: &Reason, end: Option<&CustomerEnd>) -> String {
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

pub fn code_text(code: Code) -> String {
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
