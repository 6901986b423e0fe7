//! The arguments, as clap reads them.

use super::faults::{self, FaultArg};
use crate::check;
use crate::engine::Choice;
use crate::model::{Column, Sid, SidKind, column};
use crate::plan::{Evaluate, Existing, Policy, RefusedNumbers, StepId, Submission};
use crate::sheet::{Encoding, Mapping};
use crate::twilio::{RATE_MAX, RATE_MIN, Rate};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Onboards the customers of a spreadsheet to Twilio Voice Integrity.
///
/// Each row is one customer subaccount. Every field is checked offline; every valid customer gets a
/// secondary business profile and a Voice Integrity trust product; a results CSV says what was
/// created. Running the same command again finishes what is not finished, and creates nothing twice.
#[derive(Parser)]
#[command(name = "trusthub-onboard", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes, the first that applies:
  2  the arguments are wrong
  1  the machine, a file or the configuration is at fault
  5  rows are unsure or unfinished, or the run was interrupted: run again
  4  rows were refused or rejected
  3  rows of the sheet are invalid
  0  otherwise; waiting for an approval is 0";

#[derive(Subcommand)]
pub enum Command {
    /// Onboard every valid customer of a sheet, and write the results
    #[command(after_long_help = columns())]
    Run(Box<RunArgs>),
    /// Check a sheet without the network and print everything that is wrong with it
    #[command(after_long_help = columns())]
    Validate(ValidateArgs),
    /// Write the results files again, from the sheet and the ledger
    Results(ResultsArgs),
    /// Read the state of every begun customer at Twilio, then write the results files
    Status(StatusArgs),
    /// Say which of several candidates of an unsure step is the one
    Settle(SettleArgs),
    /// Write the sheet to fill in: a workbook with lists to choose from, or CSV
    #[command(after_long_help = columns())]
    Template(TemplateArgs),
    /// Take your own sheet through the sandbox with faults and kills, and compare what came of it
    Rehearse(RehearseArgs),
    /// Serve a stand-in for Twilio's API on this machine
    Sandbox(Box<SandboxArgs>),
}

/// The columns of the sheet, from the table that the reader and the validator work by.
fn columns() -> String {
    format!("The columns of the sheet:\n\n{}", column::help_text())
}

const READING: &str = "Reading the sheet";
const DONE: &str = "What is done";
const PACE: &str = "Pace";
const TRIAL: &str = "Sandbox";
const FAULTS: &str = "Misbehaviour";

/// How the sheet is read.
#[derive(Args, Clone)]
pub struct SheetArgs {
    /// The sheet: CSV, XLSX, XLS or ODS; `-` reads from standard input
    #[arg(value_name = "SHEET")]
    pub path: PathBuf,
    /// The worksheet to read, where a workbook has several
    #[arg(long, value_name = "NAME", help_heading = READING)]
    pub sheet: Option<String>,
    /// The encoding of a CSV file [default: found out]
    #[arg(long, value_name = "NAME", value_parser = encoding, help_heading = READING)]
    pub encoding: Option<Encoding>,
    /// The delimiter of a CSV file: one character, or `tab` [default: found out]
    #[arg(long, value_name = "CHAR", value_parser = delimiter, help_heading = READING)]
    pub delimiter: Option<u8>,
    /// The row of the headers, counted from 1 [default: found out]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = READING)]
    pub header_row: Option<u64>,
    /// What a header of yours means: "Their Header=our_column"; repeatable
    #[arg(long, value_name = "HEADER=COLUMN", value_parser = Mapping::parse, help_heading = READING)]
    pub map: Vec<Mapping>,
    /// A value that is the same for every row: our_column=value; repeatable
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = check::parse_set, help_heading = READING)]
    pub set: Vec<(Column, String)>,
    /// Hold back rows with warnings too
    #[arg(long, help_heading = READING)]
    pub strict: bool,
}

impl SheetArgs {
    /// A sheet about which nothing more is said.
    pub fn of(path: &Path) -> SheetArgs {
        SheetArgs {
            path: path.to_owned(),
            sheet: None,
            encoding: None,
            delimiter: None,
            header_row: None,
            map: vec![],
            set: vec![],
            strict: false,
        }
    }
}

/// Where the work is recorded, and in which world it happens.
#[derive(Args, Clone)]
pub struct WorldArgs {
    /// The ledger, the durable record of every step [default: trusthub-onboard.db; with --sandbox
    /// trusthub-onboard-sandbox.db]
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Work in the built-in sandbox instead of at Twilio: no account is needed
    #[arg(long)]
    pub sandbox: bool,
    /// Send the requests for both APIs to this server instead
    #[arg(long, value_name = "URL", env = "TRUSTHUB_ONBOARD_BASE_URL")]
    pub base_url: Option<String>,
}

#[derive(Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub world: WorldArgs,
    /// Where the results are written; a file with -numbers in its name is written beside it
    #[arg(long, value_name = "FILE", default_value = "results.csv")]
    pub results: PathBuf,
    /// Write the rows that did not succeed, as they stand in the sheet, with their errors: FILE.csv or
    /// FILE.xlsx; corrected, it is valid input
    #[arg(long, value_name = "FILE", value_parser = csv_or_xlsx)]
    pub failed: Option<PathBuf>,
    /// A log of every call: JSON lines without personal data or secrets
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Do not ask before going live
    #[arg(long, short)]
    pub yes: bool,

    /// Take on only rows begun earlier that are refused, rejected, unsure or unfinished
    #[arg(long, value_enum, help_heading = DONE)]
    pub only: Option<OnlyArg>,
    /// Take on the first N customers that are not finished
    #[arg(long, value_name = "N", help_heading = DONE)]
    pub limit: Option<u64>,
    /// Send nothing at all while any row is invalid
    #[arg(long, help_heading = DONE)]
    pub all_or_nothing: bool,
    /// Go on although the first five customers were all refused at the same step with the same code
    #[arg(long, help_heading = DONE)]
    pub no_brake: bool,
    #[command(flatten)]
    pub flow: FlowArgs,
    /// Go on looking at reviews for this long, such as 90s, 30m, 12h or 3d [default: 0; with --sandbox
    /// until the reviews are over]
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = DONE)]
    pub wait: Option<u64>,
    /// How often reviews are looked at while --wait lasts [default: 60s; with --sandbox 250ms]
    #[arg(long, value_name = "DURATION", value_parser = some_time, help_heading = DONE)]
    pub poll: Option<u64>,
    /// The primary business profile of rows that name none [default: the one approved profile of the
    /// parent account]
    #[arg(long, value_name = "BU…", env = "TRUSTHUB_PRIMARY_PROFILE_SID", value_parser = bundle,
        help_heading = DONE)]
    pub primary_profile: Option<Sid>,

    #[command(flatten)]
    pub pace: PaceArgs,
    #[command(flatten)]
    pub trial: TrialArgs,
}

/// The choices about the flow.
#[derive(Args, Clone)]
pub struct FlowArgs {
    /// Stop before every submission: all drafts
    #[arg(long, help_heading = DONE)]
    pub no_submit: bool,
    /// When the trust product is submitted: one whose profile is not approved is rejected (11005)
    #[arg(long, value_enum, default_value = "after-approval", value_name = "WHEN", help_heading = DONE)]
    pub submit_product: SubmitProductArg,
    /// What an evaluation does to a bundle that would not pass
    #[arg(long, value_enum, default_value = "refuse", value_name = "HOW", help_heading = DONE)]
    pub evaluate: EvaluateArg,
    /// What a refused phone number does: it holds back its bundle, or is left out
    #[arg(long, value_enum, default_value = "refuse", value_name = "HOW", help_heading = DONE)]
    pub refused_numbers: RefusedNumbersArg,
    /// What is done about a bundle with our mark that the ledger knows nothing of: it is taken over, as
    /// after the loss of a ledger, or its row is refused
    #[arg(long, value_enum, default_value = "adopt", value_name = "HOW", help_heading = DONE)]
    pub existing: ExistingArg,
    /// The policy of secondary business profiles
    #[arg(long, value_name = "RN…", value_parser = policy, default_value = SECONDARY_PROFILE_POLICY,
        help_heading = DONE)]
    pub secondary_profile_policy: Sid,
    /// The policy of Voice Integrity trust products
    #[arg(long, value_name = "RN…", value_parser = policy, default_value = VOICE_INTEGRITY_POLICY,
        help_heading = DONE)]
    pub voice_integrity_policy: Sid,
    /// How long something that was created may stay out of the lists
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s", help_heading = PACE)]
    pub visibility_window: u64,
    /// How long a call may take
    #[arg(long, value_name = "DURATION", value_parser = some_time, default_value = "60s", help_heading = PACE)]
    pub timeout: u64,
}

/// The policy of "Secondary Customer Profile of type Business" [seed].
const SECONDARY_PROFILE_POLICY: &str = "RNdfbf3fae0e1107f8aded0e7cead80bf5";

/// The Voice Integrity policy [seed].
const VOICE_INTEGRITY_POLICY: &str = "RN5b3660f9598883b1df4e77f77acefba0";

#[derive(Args, Clone)]
pub struct PaceArgs {
    /// Calls a second over all customers, or `unlimited` [default: 20; with --sandbox unlimited]
    #[arg(long, value_name = "N", value_parser = rate, help_heading = PACE)]
    pub rate: Option<Rate>,
    /// Customers at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024),
        help_heading = PACE)]
    pub concurrency: u16,
}

#[derive(Args, Clone)]
pub struct TrialArgs {
    /// Forget the sandbox's world and start with a new one
    #[arg(long, requires = "sandbox", help_heading = TRIAL)]
    pub fresh: bool,
    /// How long a review takes in the sandbox, in seconds
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=604_800),
        help_heading = TRIAL)]
    pub review_seconds: u64,
}

#[derive(Args)]
pub struct ValidateArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// How findings are printed
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: FormatArg,
    /// Write a copy of the sheet as a workbook in which every mistake is marked; corrected, it is valid
    /// input
    #[arg(long, value_name = "FILE.xlsx", value_parser = xlsx)]
    pub annotate: Option<PathBuf>,
    /// The rate for which the least time of a run is worked out [default: 20]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<Rate>,
}

#[derive(Args)]
pub struct ResultsArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub world: WorldArgs,
    /// Where the results are written; a file with -numbers in its name is written beside it
    #[arg(long, value_name = "FILE", default_value = "results.csv")]
    pub results: PathBuf,
    #[command(flatten)]
    pub flow: FlowArgs,
}

#[derive(Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub results: ResultsArgs,
    #[command(flatten)]
    pub pace: PaceArgs,
}

#[derive(Args)]
pub struct SettleArgs {
    /// The customer
    #[arg(value_name = "SUBACCOUNT", value_parser = account)]
    pub subaccount: Sid,
    /// The step, as failed_step of the results names it
    #[arg(value_name = "STEP", value_parser = step)]
    pub step: StepId,
    /// The SID of the candidate that is the one, or `none` to have a new one made
    #[arg(value_name = "SID", value_parser = choice)]
    pub choice: Choice,
    #[command(flatten)]
    pub world: WorldArgs,
}

#[derive(Args)]
pub struct TemplateArgs {
    /// The file to write, FILE.xlsx or FILE.csv [default: standard output, as CSV]
    #[arg(long, short, value_name = "FILE", value_parser = csv_or_xlsx)]
    pub output: Option<PathBuf>,
    /// Explain every column instead
    #[arg(long, conflicts_with = "output")]
    pub columns: bool,
}

#[derive(Args)]
pub struct RehearseArgs {
    #[command(flatten)]
    pub sheet: SheetArgs,
    /// Faults and kills follow from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How often the run is killed and resumed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=1_000))]
    pub kills: u32,
    /// The share of requests that meet a fault, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(..=50))]
    pub faults: u8,
}

#[derive(Args)]
pub struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 4010)]
    pub port: u16,
    /// The sheet whose subaccounts, numbers and addresses exist [default: every subaccount and PN does, and
    /// no number by its digits]
    #[arg(long, value_name = "SHEET")]
    pub for_sheet: Option<PathBuf>,
    /// Keep the world in this file [default: it lasts as long as the server]
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// How long a review takes, in seconds
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=604_800))]
    pub review_seconds: u64,
    #[command(flatten)]
    pub faults: FaultArgs,
}

/// How the sandbox misbehaves.
#[derive(Args, Clone)]
pub struct FaultArgs {
    /// What goes wrong and when: by request number (lose-reply@7, fail-after-500@7-9) or by share
    /// (tear-body@3%, storm@5%); repeatable. `--fault help` lists them all. The same lines with `fault`
    /// in front are taken on standard input while the sandbox runs
    #[arg(long, value_name = "KIND@WHEN", value_parser = faults::parse, help_heading = FAULTS)]
    pub fault: Vec<FaultArg>,
    /// Misbehaviour by share follows from this number
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = FAULTS)]
    pub seed: u64,
    /// Answer 429 above this many requests a second
    #[arg(long, value_name = "N", help_heading = FAULTS)]
    pub limit_per_second: Option<f64>,
    /// Answer 429 above this many requests a second of one account
    #[arg(long, value_name = "N", help_heading = FAULTS)]
    pub limit_per_account_per_second: Option<f64>,
    /// Answer 429 above this many requests at once
    #[arg(long, value_name = "N", help_heading = FAULTS)]
    pub limit_concurrent: Option<u32>,
    /// Answer 429 above this many requests of one account at once
    #[arg(long, value_name = "N", help_heading = FAULTS)]
    pub limit_per_account_concurrent: Option<u32>,
    /// Say Retry-After with every 429, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = FAULTS)]
    pub retry_after: Option<u64>,
    /// Answer only after this many milliseconds: 50, or 20-80
    #[arg(long, value_name = "MS", default_value = "0", value_parser = span, help_heading = FAULTS)]
    pub latency: RangeInclusive<u64>,
    /// How long something that was created stays out of the lists
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0", help_heading = FAULTS)]
    pub list_lag: u64,
    /// How long something that was created cannot be read or assigned
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0", help_heading = FAULTS)]
    pub object_lag: u64,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OnlyArg {
    Failed,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum FormatArg {
    Text,
    Json,
    Csv,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum SubmitProductArg {
    AfterApproval,
    Now,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum EvaluateArg {
    Refuse,
    Warn,
    Off,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ExistingArg {
    Adopt,
    Refuse,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum RefusedNumbersArg {
    Refuse,
    Skip,
}

impl FlowArgs {
    pub fn policy(&self) -> Policy {
        Policy {
            submission: match (self.no_submit, self.submit_product) {
                (true, _) => Submission::Never,
                (false, SubmitProductArg::AfterApproval) => Submission::ProductAfterApproval,
                (false, SubmitProductArg::Now) => Submission::ProductNow,
            },
            evaluate: match self.evaluate {
                EvaluateArg::Refuse => Evaluate::Refuse,
                EvaluateArg::Warn => Evaluate::Warn,
                EvaluateArg::Off => Evaluate::Off,
            },
            refused_numbers: match self.refused_numbers {
                RefusedNumbersArg::Refuse => RefusedNumbers::Refuse,
                RefusedNumbersArg::Skip => RefusedNumbers::Skip,
            },
            existing: match self.existing {
                ExistingArg::Adopt => Existing::Adopt,
                ExistingArg::Refuse => Existing::Refuse,
            },
            visibility_window_ms: self.visibility_window,
            call_timeout_ms: self.timeout,
            secondary_profile_policy: self.secondary_profile_policy.clone(),
            voice_integrity_policy: self.voice_integrity_policy.clone(),
        }
    }
}

/// Reads a whole number and a unit: ms, s, m, h or d. Gives milliseconds.
fn duration(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 5] =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    // A year is longer than any review, and keeps all sums of times within bounds.
    const MOST: u64 = 366 * 86_400_000;
    let digits = text.len() - text.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    // Zero is zero in every unit.
    let unit = if text == "0" { "ms" } else { unit };
    let unit = UNITS.iter().find(|it| it.0 == unit).map(|it| it.1);
    let wait_ms = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    wait_ms
        .filter(|wait_ms| *wait_ms <= MOST)
        .ok_or_else(|| "write a whole number and a unit, such as 90s, 30m, 12h or 3d".to_owned())
}

/// A duration in which nothing would be no time at all.
fn some_time(text: &str) -> Result<u64, String> {
    Some(duration(text)?).filter(|it| *it > 0).ok_or_else(|| "it must be more than 0".to_owned())
}

fn csv_or_xlsx(text: &str) -> Result<PathBuf, String> {
    file(text, &["csv", "xlsx"])
}

fn xlsx(text: &str) -> Result<PathBuf, String> {
    file(text, &["xlsx"])
}

/// A file whose name says what it is to be.
fn file(text: &str, extensions: &[&str]) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let names = format!(".{}", extensions.join(" or ."));
    if path.is_dir() {
        return Err(format!("this is a folder; name a file in it that ends with {names}"));
    }
    let extension = path.extension().unwrap_or_default();
    match extensions.iter().any(|it| extension.eq_ignore_ascii_case(it)) {
        true => Ok(path),
        false => Err(format!("the name must end with {names}")),
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    if text.eq_ignore_ascii_case("unlimited") {
        return Ok(Rate::Unlimited);
    }
    match text.parse::<f64>() {
        Ok(rate) if (RATE_MIN..=RATE_MAX).contains(&rate) => Ok(Rate::PerSecond(rate)),
        _ => Err("write a number of calls a second, such as 20 or 0.5, or `unlimited`".to_owned()),
    }
}

fn span(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    match (low.parse(), high.parse()) {
        (Ok(low), Ok(high)) if low <= high => Ok(low..=high),
        _ => Err("write milliseconds, such as 50, or a span, such as 20-80".to_owned()),
    }
}

fn encoding(text: &str) -> Result<Encoding, String> {
    Encoding::named(text).ok_or_else(|| {
        let names: Vec<&str> = Encoding::ALL.iter().map(|it| it.name()).collect();
        format!("known are {}", names.join(", "))
    })
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text.eq_ignore_ascii_case("tab") || text == "\\t" => Ok(b'\t'),
        [one] if one.is_ascii() && !one.is_ascii_alphanumeric() && !matches!(one, b'"' | b'\r' | b'\n') => {
            Ok(*one)
        }
        _ => Err("write one character, such as ; or |, or `tab`".to_owned()),
    }
}

fn account(text: &str) -> Result<Sid, String> {
    sid(SidKind::Account, text)
}

fn step(text: &str) -> Result<StepId, String> {
    StepId::parse(text).ok_or_else(|| {
        let names: Vec<&str> = StepId::ALL.iter().map(|it| it.name()).collect();
        format!("the steps are {}", names.join(", "))
    })
}

fn choice(text: &str) -> Result<Choice, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Choice::None);
    }
    Sid::parse(text).map(Choice::Use).ok_or_else(|| "write a SID, or `none`".to_owned())
}

fn bundle(text: &str) -> Result<Sid, String> {
    sid(SidKind::Bundle, text)
}

fn policy(text: &str) -> Result<Sid, String> {
    sid(SidKind::Policy, text)
}

/// Reads a SID of one kind; the error names the kind that it is instead.
pub fn sid(kind: SidKind, text: &str) -> Result<Sid, String> {
    let Some(sid) = Sid::parse(text.trim()) else {
        return Err(format!("write {} and 32 hexadecimal digits", kind.prefix()));
    };
    match sid.kind() {
        Some(found) if found == kind => Ok(sid),
        Some(other) => Err(format!("this is a SID of kind {}, {} belongs here", other.noun(), kind.prefix())),
        None => Err(format!("{} belongs here", kind.prefix())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        let read: Vec<_> = ["0", "90s", "30m", "12h", "3d", "250ms"].map(|it| duration(it).ok()).into();
        let want = [0, 90_000, 1_800_000, 43_200_000, 259_200_000, 250].map(Some);
        assert_eq!(read, want);
        for text in ["", "5", "s", "-1s", "1.5h", "99999999999999999999s", "400d", "3 weeks"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn rates_that_make_no_sense_are_refused() {
        assert_eq!(rate("20"), Ok(Rate::PerSecond(20.0)));
        assert_eq!(rate("Unlimited"), Ok(Rate::Unlimited));
        for text in ["0", "-1", "NaN", "inf", "many"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_sid_of_the_wrong_kind_is_named() {
        let account = "AC00000000000000000000000000000001";
        assert!(sid(SidKind::Bundle, account).is_err_and(|text| text.contains("account")));
    }

    #[test]
    fn the_definition_of_the_arguments_holds() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
