//! `rehearse`: the user's own sheet through the real program, in child processes, against a sandbox
//! that misbehaves, with kills and resumes; then what is there is compared with what the results say.

use super::args::RehearseArgs;
use super::sandbox::{self, PARENT, PARENT_TOKEN};
use super::sheet::Sheet;
use super::style::{say, tell};
use super::{Exit, Stop, session, style};
use crate::check::Entry;
use crate::model::{Fault, counted};
use crate::report::{Verdict, verdict};
use crate::sandbox::{Faults, Sandbox, Settings};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tokio::net::TcpListener;

/// After the kills, runs until nothing is unfinished. Each fault costs a row at most one of them.
const RUNS_MAX: u32 = 20;

/// The children's waits are short, so that a rehearsal takes minutes: the sandbox answers at once,
/// and shows what it has within the lag below.
const CHILD_TIMEOUT: &str = "2s";
const CHILD_VISIBILITY_WINDOW: &str = "1s";
const LIST_LAG_MS: u64 = 400;

/// How often the sandbox's count of requests is looked at while the moment of a kill is awaited.
const LOOK: Duration = Duration::from_millis(2);

/// A child that does not end within this time is stopped: something is wrong with it.
const CHILD_MAX: Duration = Duration::from_secs(1_800);

pub fn rehearse(args: &RehearseArgs, arguments: &[OsString]) -> Result<Exit, Stop> {
    if args.sheet.path == Path::new("-") {
        return Err(Stop::Usage("a rehearsal reads the sheet several times: name a file".to_owned()));
    }
    let sheet = Sheet::survey(&args.sheet, None, &mut |_| ())?;
    if sheet.survey.valid == 0 {
        return Err(Fault::new(
            format!("{} has no valid row to rehearse", sheet.name()),
            "See what is wrong with `trusthub-onboard validate`.",
        )
        .into());
    }
    let folder = tempfile::Builder::new().prefix("trusthub-rehearsal-").tempdir().map_err(|error| {
        Fault::new(
            format!("There is no place for a rehearsal ({error})"),
            "Make room in the temporary folder.",
        )
    })?;
    let verdict = session::runtime()?.block_on(stage(args, arguments, &sheet, folder.path()))?;
    print(&verdict);
    if verdict.is_clean() {
        return Ok(Exit::Success);
    }
    let kept = folder.keep();
    style::error(&format!("the rehearsal was not clean; its ledger and results are in {}", kept.display()));
    Ok(Exit::Fault)
}

async fn stage(
    args: &RehearseArgs,
    arguments: &[OsString],
    sheet: &Sheet,
    folder: &Path,
) -> Result<Verdict, Stop> {
    let mut faults = Faults::storm(args.seed, f64::from(args.faults) / 100.0);
    faults.lag.lists_ms = LIST_LAG_MS;
    let settings = Settings { faults, world_seed: Some(args.seed), ..Settings::default() };
    let sandbox = Sandbox::open(settings, sandbox::seed_for(sheet)?).map_err(|error| broken(&error))?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| broken(&error))?;
    let server = sandbox.serve(listener).map_err(|error| broken(&error))?;
    let child = || start(&child_arguments(arguments, folder, server.base_url()));
    let mut random = Random(args.seed);
    // Kills are spread over what an undisturbed run would send.
    let calls = crate::report::Estimate::of(&sheet.survey.work, crate::plan::Submission::ProductNow).calls;
    let between = (2 * calls / u64::from(args.kills + 1)).max(2);
    tell!(
        "{}, about {}, {}, seed {}",
        counted(sheet.survey.valid, "customer"),
        counted(calls, "call"),
        counted(u64::from(args.kills), "kill"),
        args.seed
    );
    for kill in 1..=args.kills {
        let moment = sandbox.requests().count + 1 + random.below(between);
        let mut running = child()?;
        let ended = wait_until(&mut running, || sandbox.requests().count >= moment).await?;
        if ended.is_some() {
            // It was done before its moment came: the rest of the kills would meet finished work.
            tell!("kill {kill}: the run had ended already");
            break;
        }
        end(&mut running)?;
        tell!("kill {kill}: after {} requests", sandbox.requests().count);
    }
    let mut code = None;
    for run in 1..=RUNS_MAX {
        let mut running = child()?;
        let ended = wait_until(&mut running, || false).await?;
        code = ended.and_then(|it| it.code());
        tell!("run {run}: exit code {}", code.map_or("none".to_owned(), |it| it.to_string()));
        if code != Some(i32::from(Exit::RunAgain.code())) && code != Some(i32::from(Exit::Fault.code())) {
            break;
        }
    }
    let mut asked_for = vec![];
    for entry in sheet.entries()? {
        if let Entry::Valid(customer) = entry? {
            asked_for.push(customer.subaccount.to_string());
        }
    }
    let _ = code;
    Ok(verdict(
        &asked_for,
        &sandbox.resources(),
        &folder.join("results.csv"),
        &folder.join("results-numbers.csv"),
    )?)
}

/// The user's own arguments, as a run in the rehearsal's folder against its sandbox.
fn child_arguments(arguments: &[OsString], folder: &Path, base_url: &str) -> Vec<OsString> {
    let mut child: Vec<OsString> = vec!["run".into()];
    let mut given = arguments.iter().skip_while(|it| *it != "rehearse").skip(1);
    while let Some(argument) = given.next() {
        let text = argument.to_string_lossy();
        let own = ["--seed", "--kills", "--faults"];
        if own.contains(&text.as_ref()) {
            given.next();
        } else if !own.iter().any(|it| text.starts_with(&format!("{it}="))) {
            child.push(argument.clone());
        }
    }
    let file = |name: &str| folder.join(name).into_os_string();
    child.extend(["--base-url".into(), base_url.into(), "--ledger".into(), file("ledger.db")]);
    child.extend(["--results".into(), file("results.csv"), "--rate".into(), "unlimited".into()]);
    child.extend(["--timeout".into(), CHILD_TIMEOUT.into()]);
    child.extend(["--visibility-window".into(), CHILD_VISIBILITY_WINDOW.into()]);
    child.extend(["--wait".into(), "30s".into(), "--poll".into(), "500ms".into()]);
    child
}

fn start(arguments: &[OsString]) -> Result<Child, Fault> {
    let program = std::env::current_exe().map_err(|error| broken(&error))?;
    Command::new(program)
        .args(arguments)
        .env("TWILIO_ACCOUNT_SID", PARENT)
        .env("TWILIO_AUTH_TOKEN", PARENT_TOKEN)
        .env_remove("TRUSTHUB_PRIMARY_PROFILE_SID")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| broken(&error))
}

/// Waits until the child ends, which is told, or until the moment has come.
async fn wait_until(child: &mut Child, moment: impl Fn() -> bool) -> Result<Option<ExitStatus>, Fault> {
    let started = std::time::Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| broken(&error))? {
            return Ok(Some(status));
        }
        if moment() {
            return Ok(None);
        }
        if started.elapsed() > CHILD_MAX {
            end(child)?;
            return Err(Fault::new(
                "A run of the rehearsal did not come to an end",
                "Try a smaller sheet, or fewer --faults. If that does not help, please report it.",
            ));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// SIGKILL: the child cannot tidy up.
fn end(child: &mut Child) -> Result<(), Fault> {
    child.kill().and_then(|()| child.wait()).map(drop).map_err(|error| broken(&error))
}

fn print(verdict: &Verdict) {
    say!("{}Verdict{}", style::BOLD, style::OFF);
    say!("{:>8}  customers", verdict.customers);
    say!("{:>8}  complete (approved, or refused or rejected with a reason)", verdict.complete);
    say!("{:>8}  resources at the API", verdict.resources);
    for (what, found) in
        [("duplicates", &verdict.duplicates), ("orphans", &verdict.orphans), ("lost SIDs", &verdict.lost)]
    {
        say!("{:>8}  {what}", found.len());
        for line in found.iter().take(20) {
            say!("          {line}");
        }
    }
    for line in verdict.incomplete.iter().take(20) {
        say!("          not complete: {line}");
    }
    match verdict.is_clean() {
        true => say!("{}clean{}: nothing twice, nothing lost", style::GOOD, style::OFF),
        false => say!("{}not clean{}", style::ERROR, style::OFF),
    }
}

fn broken(error: &std::io::Error) -> Fault {
    Fault::new(
        format!("The rehearsal could not go on ({error})"),
        "Try again; nothing outside of it was touched.",
    )
}

/// Numbers that follow from a seed (splitmix64, a public-domain generator).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}
