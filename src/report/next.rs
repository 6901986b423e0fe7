//! Who has to do what next: from how many customers stand how, and from the command that was typed.

use super::row::Cause;
use super::summary::Tally;
use crate::facts::Outcome;
use serde::Serialize;

/// Who acts next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The user.
    You,
    /// A review is under way.
    Twilio,
    Nobody,
}

impl Who {
    pub fn word(self) -> &'static str {
        match self {
            Who::You => "you",
            Who::Twilio => "twilio",
            Who::Nobody => "nobody",
        }
    }
}

/// Who acts next for a row that stands like this.
pub fn who(outcome: Outcome) -> Who {
    match outcome {
        Outcome::Approved => Who::Nobody,
        Outcome::Submitted | Outcome::AwaitingProfileApproval => Who::Twilio,
        Outcome::ProfileApproved
        | Outcome::Drafted
        | Outcome::Rejected
        | Outcome::Refused
        | Outcome::Unsure
        | Outcome::Unfinished
        | Outcome::Invalid
        | Outcome::NotAttempted => Who::You,
    }
}

/// What a row needs next, in one sentence.
pub fn next_action(outcome: Outcome, cause: Option<&Cause>) -> String {
    let hint = cause.map(|it| it.hint.clone()).filter(|it| !it.is_empty());
    let text = match outcome {
        Outcome::Approved => "Nothing is left to do.",
        Outcome::Submitted => "Twilio reviews it, which takes one to three days.",
        Outcome::AwaitingProfileApproval => {
            "Twilio reviews the profile, which takes one to three days; then run again."
        }
        Outcome::ProfileApproved => "Run again: the product is ready to be submitted.",
        Outcome::Drafted => "Look at the drafts, then run without --no-submit.",
        Outcome::NotAttempted => "Run: it has not been begun.",
        Outcome::Rejected | Outcome::Refused | Outcome::Unsure | Outcome::Unfinished | Outcome::Invalid => {
            return hint.unwrap_or_else(|| "Correct the row, then run again.".to_owned());
        }
    };
    text.to_owned()
}

/// A command of this program as it was typed: what its arguments were understood as, not their text. Values that
/// came from the environment or are defaults are not among the flags: they apply again by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// How the program was called.
    pub program: String,
    /// Such as `run`.
    pub command: String,
    /// The sheet; `-` where it came by a pipe.
    pub sheet: String,
    /// In the order of `--help`.
    pub flags: Vec<Flag>,
}

/// A flag that was given, with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The long name without the dashes, such as `header-row`.
    pub name: String,
    /// One for each time that it was given; none for a switch.
    pub values: Vec<String>,
}

/// How the sheet is read: every command that reads it takes these.
pub const READING: [&str; 11] = [
    "sheet",
    "encoding",
    "delimiter",
    "header-row",
    "map",
    "products",
    "set",
    "accept",
    "strict",
    "config",
    "no-config",
];

/// Where the work is recorded and sent.
pub const TARGET: [&str; 3] = ["ledger", "sandbox", "base-url"];

/// What `run` takes and a following `run` does not get again: a selection was for that one run, drafts that were
/// looked at are to be submitted, a world that was made anew is gone on with, and consent is asked for each time.
pub const FOR_ONE_RUN: [&str; 6] = ["limit", "only", "no-submit", "fresh", "yes", "plan"];

/// What `plan` takes and the run of its plan does not; the selection is the plan's.
pub const PLAN_ONLY: [&str; 5] = ["online", "format", "output", "overwrite", "exit-code"];

/// What `run` takes and `status` does not.
pub const RUN_ONLY: [&str; 20] = [
    "failed",
    "overwrite",
    "log",
    "yes",
    "only",
    "limit",
    "all-or-nothing",
    "keep-going",
    "wait",
    "poll",
    "on-change",
    "primary-profile",
    "fresh",
    "review-seconds",
    "no-submit",
    "plan",
    "report",
    "remove-numbers",
    "remove-max",
    "remove-all",
];

/// How rows are read, which says nothing where rows are only copied.
const MERGE_HAS_NOT: [&str; 3] = ["products", "set", "strict"];

impl CommandLine {
    pub fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|it| it.name == name)
    }

    /// Whether it is about the numbers of what was submitted, and nothing else.
    fn is_about_numbers(&self) -> bool {
        self.flags.iter().any(|it| it.name == "only" && it.values == ["numbers"])
    }

    /// The following run: everyone who is not finished, submitted if it was not yet.
    pub fn run(&self) -> String {
        let is_kept = |name: &str| name == "only" && self.is_about_numbers();
        self.spelled("run", &|name| !FOR_ONE_RUN.contains(&name) || is_kept(name))
    }

    /// Whether the following run is this very command.
    fn is_that_run(&self) -> bool {
        let is_kept = |name: &str| name == "only" && self.is_about_numbers();
        self.command == "run"
            && self.flags.iter().all(|it| !FOR_ONE_RUN.contains(&it.name.as_str()) || is_kept(&it.name))
    }

    /// The run of a plan that was kept in a file.
    pub fn run_of_plan(&self, file: &str) -> String {
        let run = self.spelled("run", &|name| !PLAN_ONLY.contains(&name));
        format!("{run} --plan {}", word(file))
    }

    /// Takes a corrected file of failed rows over into the sheet.
    pub fn merge(&self, failed: &str) -> String {
        let sheet = self.spelled("merge", &|_| false);
        let flags = self.spelled_flags(&|name| READING.contains(&name) && !MERGE_HAS_NOT.contains(&name));
        // The result has the format of the sheet.
        let end = std::path::Path::new(&self.sheet).extension().and_then(|it| it.to_str()).unwrap_or("csv");
        [vec![sheet, word(failed), format!("-o NEW.{end}")], flags].concat().join(" ")
    }

    pub fn status(&self) -> String {
        self.spelled("status", &|name| !RUN_ONLY.contains(&name))
    }

    pub fn validate(&self) -> String {
        self.spelled("validate", &|name| READING.contains(&name))
    }

    /// Says what a run would do for a sheet that this command has written, after a look at the API.
    pub fn plan_of(&self, sheet: &str, accept: Vec<String>) -> String {
        let mut flags: Vec<Flag> = self.flags.clone();
        flags.retain(|flag| TARGET.contains(&flag.name.as_str()));
        flags.push(Flag { name: "online".to_owned(), values: vec![] });
        if !accept.is_empty() {
            flags.push(Flag { name: "accept".to_owned(), values: accept });
        }
        CommandLine { sheet: sheet.to_owned(), flags, ..self.clone() }.spelled("plan", &|_| true)
    }

    /// The way out of `unsure`, to be filled in.
    pub fn resolve(&self) -> String {
        let flags = self.spelled_flags(&|name| TARGET.contains(&name));
        [vec![word(&self.program), "resolve SUBACCOUNT STEP SID".to_owned()], flags].concat().join(" ")
    }

    fn spelled(&self, command: &str, is_kept: &dyn Fn(&str) -> bool) -> String {
        let flags = self.spelled_flags(is_kept);
        let sheet = match self.sheet.as_str() {
            "-" => "-".to_owned(),
            // What begins with a dash would be taken for a flag.
            dash if dash.starts_with('-') => word(&format!("./{dash}")),
            sheet => word(sheet),
        };
        let text = [vec![word(&self.program), command.to_owned(), sheet], flags].concat().join(" ");
        // What came by a pipe has to be sent again.
        if self.sheet == "-" { format!("cat YOUR-SHEET | {text}") } else { text }
    }

    fn spelled_flags(&self, is_kept: &dyn Fn(&str) -> bool) -> Vec<String> {
        let kept = self.flags.iter().filter(|flag| is_kept(&flag.name));
        kept.flat_map(|flag| {
            let name = &flag.name;
            let with_value = |value: &String| match value.starts_with('-') {
                true => format!("--{name}={}", word(value)),
                false => format!("--{name} {}", word(value)),
            };
            match flag.values.is_empty() {
                true => vec![format!("--{name}")],
                false => flag.values.iter().map(with_value).collect(),
            }
        })
        .collect()
    }
}

/// A word as a shell takes it.
fn word(text: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_./:=,@%+".contains(it);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// How the run that has just ended came to its end; `results` and `status` have no such thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HowItEnded {
    /// It was stopped, by a signal or because nobody got an answer of the API any more.
    pub interrupted: bool,
    /// It stopped itself: its first customers were all refused in the same way.
    pub tripped: bool,
    /// It has taken no one on.
    pub idle: bool,
}

/// What one group of customers needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    pub who: Who,
    /// How these customers stand.
    pub outcomes: Vec<Outcome>,
    pub customers: u64,
    /// What is to be done, in one sentence.
    pub what: String,
    /// The command to type, or to fill in; `null` where there is nothing to type.
    pub command: Option<String>,
}

impl Group {
    /// One line for a person.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.outcomes.iter().map(|it| it.word()).collect();
        let text = format!("{} ({} {})", self.what, self.customers, words.join(" or "));
        match &self.command {
            Some(command) => format!("{text}: {command}"),
            None => text,
        }
    }
}

/// What is to be done next, the most pressing first: one group for everything that some customers need and others do
/// not, none left out. `typed` is the command that has just ended.
pub fn next(tally: &Tally, typed: &CommandLine, how: HowItEnded) -> Vec<Group> {
    let mut groups = vec![];
    let mut add = |outcomes: &[Outcome], who: Who, what: String, command: Option<String>| {
        let outcomes: Vec<Outcome> = outcomes.iter().copied().filter(|it| tally.of(*it) > 0).collect();
        let customers = outcomes.iter().map(|it| tally.of(*it)).sum();
        if customers > 0 {
            groups.push(Group { who, outcomes, customers, what, command });
        }
    };
    let (run, validate) = (typed.run(), typed.validate());
    let mut say = |outcomes: &[Outcome], what: &str, command: &str| {
        add(outcomes, Who::You, what.to_owned(), Some(command.to_owned()));
    };
    let refused = [Outcome::Refused, Outcome::Rejected];
    if how.tripped {
        let first =
            "Find the reason first (columns error_message and hint); --keep-going goes on all the same; then";
        say(&refused, first, &run);
    }
    let again = if typed.is_that_run() { "run the same command again" } else { "run" };
    let from_here = format!("R{}, it goes on from here", &again[1..]);
    say(&[Outcome::Unfinished], &from_here, &run);
    let look = "See the columns error_message and hint, and look at what is there in the Console, then";
    say(&[Outcome::Unsure], look, &typed.resolve());
    if !how.tripped {
        say(&refused, "See the columns error_message and hint, correct what they name, then", &run);
    }
    say(&[Outcome::Invalid], &format!("Correct the invalid rows ({validate}), then"), &run);
    say(&[Outcome::ProfileApproved], "The profile is approved and the product is ready; submit it", &run);
    say(&[Outcome::Drafted], "Look at the drafts, then submit them", &run);
    say(&[Outcome::NotAttempted], "To go on with those that are not begun", &run);
    let reviews = format!("Reviews take one to three days. Then {again}");
    add(&[Outcome::AwaitingProfileApproval], Who::Twilio, reviews, Some(run));
    let under_way = "The reviews are under way. To see how they stand".to_owned();
    add(&[Outcome::Submitted], Who::Twilio, under_way, Some(typed.status()));
    add(&[Outcome::Approved], Who::Nobody, "Nothing is left to do".to_owned(), None);
    groups
}

/// What is said above the groups of a run that has done nothing, because no row is what it was to take on.
pub fn idle(typed: &CommandLine, how: HowItEnded) -> Option<String> {
    if !typed.has("only") || !how.idle || how.interrupted {
        return None;
    }
    if typed.is_about_numbers() {
        return Some(
            "No row that may be sent has been submitted yet, so there are no numbers to follow.".to_owned(),
        );
    }
    let run = typed.run();
    Some(format!(
        "No row that may be sent has failed before, so nothing was done. To take on all rows: {run}"
    ))
}

#[cfg(test)]
mod tests;
