//! What `undo` says: what would be deleted, and what was removed, kept and why, and what failed.

use super::hints::{hint, hint_for_words};
use super::json::ExitReport;
use super::own::Manner;
use super::write::{Written, unwritable, write_one};
use crate::facts::Code;
use crate::flow::BundleStatus;
use crate::model::{Fault, counted, json_shown};
use crate::undo::{Deletion, Entry, Fate, Outlook, Why};
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

/// So many lines of a list are printed; all of them are in the file.
const LINES_MAX: usize = 500;

/// The version of the document: it grows when a field means something else.
const VERSION: u32 = 1;

/// Everything that is told, as JSON or CSV.
#[derive(Serialize)]
pub struct UndoDocument {
    version: u32,
    command: &'static str,
    dry_run: bool,
    counts: Counts,
    exit: ExitReport,
    /// With `--dry-run`: what would be deleted, call by call.
    to_remove: Vec<PlannedLine>,
    removed: Vec<Line>,
    kept: Vec<Line>,
    failed: Vec<Line>,
}

#[derive(Serialize)]
struct Counts {
    to_remove: usize,
    removed: usize,
    kept: usize,
    failed: usize,
}

#[derive(Serialize)]
struct PlannedLine {
    subaccount_sid: String,
    step: &'static str,
    sid: String,
    /// How the bundle stands that it belongs to.
    status: Option<BundleStatus>,
    method: &'static str,
    path: String,
    /// Sent only where the API wants the numbers off an approved bundle first (21648).
    only_if_asked: bool,
}

#[derive(Serialize)]
struct Line {
    subaccount_sid: String,
    step: Option<&'static str>,
    sid: Option<String>,
    /// A word for programs, such as `in_review`.
    reason: String,
    /// The same for people.
    explanation: String,
    what_to_do: String,
    http_status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
}

/// The columns of the CSV file, in their order.
const COLUMNS: [&str; 10] = [
    "list",
    "subaccount_sid",
    "step",
    "sid",
    "reason",
    "explanation",
    "what_to_do",
    "http_status",
    "code",
    "request_id",
];

impl UndoDocument {
    /// What would be done.
    pub fn foreseen(outlooks: &[Outlook], exit: ExitReport) -> UndoDocument {
        let line = |outlook: &Outlook, it: Deletion| PlannedLine {
            subaccount_sid: outlook.subaccount.to_string(),
            step: it.step.name,
            sid: it.sid.to_string(),
            status: it.status,
            method: "DELETE",
            path: it.path,
            only_if_asked: it.only_if_asked,
        };
        let lines = outlooks.iter().flat_map(|outlook| {
            outlook.deletions().into_iter().map(move |it| line(outlook, it)).collect::<Vec<_>>()
        });
        let to_remove = lines.collect();
        let entries: Vec<Entry> = outlooks.iter().flat_map(|it| it.kept.clone()).collect();
        UndoDocument::of(true, to_remove, &entries, exit)
    }

    /// What was done.
    pub fn done(entries: &[Entry], exit: ExitReport) -> UndoDocument {
        UndoDocument::of(false, vec![], entries, exit)
    }

    fn of(dry_run: bool, to_remove: Vec<PlannedLine>, entries: &[Entry], exit: ExitReport) -> UndoDocument {
        let of =
            |fate: Fate| entries.iter().filter(|it| it.why.fate() == fate).map(Line::of).collect::<Vec<_>>();
        let (removed, kept, failed) = (of(Fate::Removed), of(Fate::Kept), of(Fate::Failed));
        let counts = Counts {
            to_remove: to_remove.len(),
            removed: removed.len(),
            kept: kept.len(),
            failed: failed.len(),
        };
        UndoDocument {
            version: VERSION,
            command: "undo",
            dry_run,
            counts,
            exit,
            to_remove,
            removed,
            kept,
            failed,
        }
    }

    /// Writes the file, as CSV or JSON by its name. Only its owner may read it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path, manner: &Manner) -> Result<Written, Fault> {
        let is_json = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("json"));
        let (_, written) = write_one(path, manner, |file| {
            let done = if is_json { self.json(file) } else { self.csv(file) };
            done.map_err(|error| unwritable(path, &error))
        })?;
        Ok(written)
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(json_shown(&serde_json::to_string_pretty(self)?).as_bytes())?;
        out.write_all(b"\n")
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS)?;
        for it in &self.to_remove {
            let explanation = format!("{} {}", it.method, it.path);
            let (account, sid) = (it.subaccount_sid.as_str(), it.sid.as_str());
            let cells = ["to_remove", account, it.step, sid, "", explanation.as_str(), "", "", "", ""];
            writer.write_record(cells)?;
        }
        let lists = [("removed", &self.removed), ("kept", &self.kept), ("failed", &self.failed)];
        for (list, it) in lists.into_iter().flat_map(|(list, lines)| lines.iter().map(move |it| (list, it))) {
            let status = it.http_status.map(|it| it.to_string()).unwrap_or_default();
            let text = |it: &Option<String>| it.clone().unwrap_or_default();
            writer.write_record([
                list,
                &it.subaccount_sid,
                it.step.unwrap_or_default(),
                &text(&it.sid),
                &it.reason,
                &it.explanation,
                &it.what_to_do,
                &status,
                &text(&it.code),
                &text(&it.request_id),
            ])?;
        }
        writer.flush()
    }
}

impl Line {
    fn of(entry: &Entry) -> Line {
        let (reason, explanation, what_to_do) = words(&entry.why);
        let refused = match &entry.why {
            Why::Refused(reason, _) => Some(reason),
            _ => None,
        };
        Line {
            subaccount_sid: entry.subaccount.to_string(),
            step: entry.step.map(|it| it.name),
            sid: entry.sid.as_ref().map(ToString::to_string),
            reason,
            explanation,
            what_to_do,
            http_status: refused.and_then(|it| it.http_status),
            code: refused.and_then(|it| match it.code {
                Code::Twilio(code) => Some(code.to_string()),
                Code::Ours(code) => Some(code.name().to_owned()),
                Code::None => None,
            }),
            request_id: refused.and_then(|it| it.request_id.clone()),
        }
    }
}

/// A word for programs, the same for people, and what can be done.
fn words(why: &Why) -> (String, String, String) {
    let said = |word: &str, text: &str, fix: &str| (word.to_owned(), text.to_owned(), fix.to_owned());
    let word_of = |status: &BundleStatus| status.word().trim_start_matches("twilio-").replace('-', "_");
    match why {
        Why::Deleted => said("deleted", "it was deleted", ""),
        Why::WentWith(bundle) => {
            said("went_with_its_bundle", &format!("it was on {bundle}, which was deleted"), "")
        }
        Why::WasGone => said("was_gone", "it was gone already", ""),
        Why::Status(status) => {
            let fix = match status {
                BundleStatus::PendingReview | BundleStatus::InReview => {
                    "Undo again after the review.".to_owned()
                }
                other => format!("To take it away too: --also {}", word_of(other)),
            };
            said(&word_of(status), &format!("it is {}", status.word()), &fix)
        }
        Why::ChangedMeanwhile(status) => said(
            "changed_meanwhile",
            &format!("it was to go, and is {} by now", status.word()),
            "Look at it, then undo again.",
        ),
        Why::Named => said(
            "named",
            "the row names it, or did when it was taken over",
            "If a run has made it all the same: undo its subaccount, without the sheet.",
        ),
        Why::PerhapsNamed => said(
            "perhaps_named",
            "an earlier version does not tell whether it was made or named by its row",
            "Undo with the sheet: its columns tell.",
        ),
        Why::WithoutTag => said("without_our_tag", "it does not bear our tag", ""),
        Why::Holds(sid) => said(
            "holds_what_is_not_ours",
            &format!("{sid} is assigned to it, and was not made by this program"),
            "Take that off in the Console, then undo again.",
        ),
        Why::NeededBy(sid) => said(
            "needed",
            &format!("{sid} needs it, and stays"),
            "If that may go too, take it away first, then undo again.",
        ),
        Why::StaysWith(sid) => {
            said("stays_with_its_bundle", &format!("it belongs to {sid}, which stays"), "")
        }
        Why::LooksAlike => said(
            "looks_alike",
            "several bear our tag, and only a person can say which one is ours",
            "Run the sheet and settle it with `resolve`, or delete in the Console what is not in use; then undo again.",
        ),
        Why::NoAnswer => said("no_answer", "the API gave no answer that says anything", "Undo again."),
        Why::NotReached => said("not_reached", "the work ended before it was its turn", "Undo again."),
        Why::Refused(reason, message) => {
            let hint = hint_for_words(message).or_else(|| hint(reason));
            let meaning = hint.map_or("the API refused it", |it| it.meaning);
            let text = if message.is_empty() { meaning.to_owned() } else { format!("{meaning}: {message}") };
            said("refused", &text, hint.map_or("", |it| it.fix))
        }
    }
}

/// What would be done, for people: every deletion, then what is kept and why.
pub fn foreseen_lines(outlooks: &[Outlook]) -> Vec<String> {
    let mut lines = vec![];
    let mut deletions = 0;
    for outlook in outlooks {
        let calls = outlook.deletions();
        deletions += calls.iter().filter(|it| !it.only_if_asked).count();
        if !calls.is_empty() {
            lines.push(outlook.subaccount.to_string());
        }
        for it in calls {
            let status = it.status.filter(|it| *it != BundleStatus::Draft);
            let status = status.map_or_else(String::new, |it| format!(" of a bundle that is {}", it.word()));
            let condition =
                if it.only_if_asked { ", only if the API wants the numbers off first" } else { "" };
            lines.push(format!("  DELETE {}  ({}{status}{condition})", it.path, it.step));
        }
    }
    let accounts = outlooks.iter().filter(|it| !it.deletions().is_empty()).count();
    lines.push(format!(
        "To be removed: {} in {}",
        counted(deletions as u64, "thing"),
        counted(accounts as u64, "account")
    ));
    let kept: Vec<Entry> = outlooks.iter().flat_map(|it| it.kept.clone()).collect();
    for fate in [Fate::Kept, Fate::Failed] {
        lines.extend(list(&kept, fate));
    }
    lines
}

/// One of the three lists, for people.
pub fn undone_lines(entries: &[Entry], fate: Fate) -> Vec<String> {
    list(entries, fate)
}

fn list(entries: &[Entry], fate: Fate) -> Vec<String> {
    let head = match fate {
        Fate::Removed => "Removed",
        Fate::Kept => "Kept",
        Fate::Failed => "Failed",
    };
    let these: Vec<&Entry> = entries.iter().filter(|it| it.why.fate() == fate).collect();
    let mut lines = vec![format!("{head}: {}", these.len())];
    for entry in these.iter().take(LINES_MAX) {
        let line = Line::of(entry);
        let (step, sid) = (line.step.unwrap_or("account"), line.sid.unwrap_or_default());
        let code = line.code.map_or_else(String::new, |it| format!(" ({it})"));
        let fix = if line.what_to_do.is_empty() { String::new() } else { format!(". {}", line.what_to_do) };
        let why = match entry.why {
            Why::Deleted => String::new(),
            _ => format!(": {}{code}{fix}", line.explanation),
        };
        lines.push(format!("  {} {step} {sid}{why}", line.subaccount_sid));
    }
    if these.len() > LINES_MAX {
        lines.push(format!("  and {} more: -o FILE has all of them", these.len() - LINES_MAX));
    }
    lines
}
