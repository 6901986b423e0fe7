//! `rehearse`: the user's own sheet through the real program, in child processes, against a sandbox
//! that misbehaves, with kills and resumes; then what is there is compared with what the results say.

use super::args::RehearseArgs;
use super::args::usual_policy;
use super::sandbox::{self, PARENT, PARENT_TOKEN};
use super::sheet::Sheet;
use super::signals::Signals;
use super::style::{say, tell};
use super::{Exit, Stop, session, style};
use crate::ledger::aside;
use crate::model::{Fault, counted};
use crate::private;
use crate::products::FLOW;
use crate::report::{Expected, Verdict, verdict};
use crate::report::{Shapes, Sums};
use crate::sandbox::{Among, Fault as Mishap, Faults, Lag, Method, Rule, Sandbox, Settings, When};
use std::ffi::OsString;
use std::fs::OpenOptions;
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
const OBJECT_LAG_MS: u64 = 200;

/// Not all that is made lags: whatever is too new to be found costs its customer a second.
const LAG_SHARE: f64 = 0.3;

/// A request that is carried out this late is answered in time; but whoever is killed meanwhile has
/// sent something that is not there yet.
const DELAY_MS: u64 = 300;

/// Beyond `CHILD_TIMEOUT`.
const LATE_ANSWER_MS: u64 = 2_500;

const REFUSAL_MS: u64 = 200;

/// Requests a second: more than Twilio is said to allow, less than the sandbox could.
const LIMIT_PER_ACCOUNT: f64 = 50.0;

/// The creation of an end user before which a token changes.
const ROTATION: u64 = 3;

/// Longer than anything that a run waits for.
const CLOCK_JUMP_MS: i64 = 3_600_000;

/// Lines that are shown of a kind of defect; each customer who is not clean has one of its own.
const LINES_MAX: usize = 20;

/// How often the sandbox's count of requests is looked at while the moment of a kill is awaited.
const LOOK: Duration = Duration::from_millis(2);

/// A child that does not end within this time is stopped: something is wrong with it.
const CHILD_MAX: Duration = Duration::from_secs(1_800);

pub fn rehearse(args: &RehearseArgs, arguments: &[OsString]) -> Result<Exit, Stop> {
    if args.sheet.path == Path::new("-") {
        return Err(Stop::Usage("a rehearsal reads the sheet several times: name a file".to_owned()));
    }
    let sheet = Sheet::validate(&args.sheet, None, &mut |_| ())?;
    if sheet.validation.valid == 0 {
        return Err(Fault::new(
            format!("{} has no valid row to rehearse", sheet.name()),
            "See what is wrong with `trusthub-onboard validate`.",
        )
        .into());
    }
    let folder = private::folder("trusthub-rehearsal-").map_err(|error| {
        Fault::new(
            format!("There is no place for a rehearsal ({error})"),
            "Make room in the temporary folder.",
        )
    })?;
    // A signal ends the child with the rehearsal, and the folder goes as after any other end. Only a
    // rehearsal that is itself killed with SIGKILL leaves both: the child then finds no sandbox any more
    // and comes to its end.
    let verdict = session::runtime()?.block_on(async {
        // Before the first child is there.
        let mut signals = Signals::listen();
        tokio::select! {
            biased;
            () = signals.next() => Ok(None),
            verdict = stage(args, arguments, &sheet, folder.path()) => verdict.map(Some),
        }
    })?;
    let Some(verdict) = verdict else {
        tell!("");
        tell!("The rehearsal was stopped; nothing of it is left.");
        return Ok(Exit::RunAgain);
    };
    print(&verdict);
    if verdict.is_clean() {
        return Ok(Exit::Success);
    }
    let kept = folder.keep();
    style::error(&format!("the rehearsal was not clean; its ledger and results are in {}", kept.display()));
    Ok(Exit::Fault)
}

/// What an undisturbed run over the sheet does.
fn calls_of_new_customers(sheet: &Sheet) -> Result<Sums, Fault> {
    let shapes = Shapes::new(&FLOW, usual_policy());
    let mut sums = Sums::default();
    for customer in sheet.customers()? {
        let customer = customer?;
        sums.add(&shapes.row(&customer)?, customer.primary_profile.as_ref());
    }
    Ok(sums)
}

async fn stage(
    args: &RehearseArgs,
    arguments: &[OsString],
    sheet: &Sheet,
    folder: &Path,
) -> Result<Verdict, Stop> {
    let settings =
        Settings { faults: misbehaviour(args), world_seed: Some(args.seed), ..Settings::default() };
    let seed = sandbox::seed_for(sheet)?;
    let sandbox = Sandbox::open(settings, seed.clone()).map_err(|error| broken(&error))?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| broken(&error))?;
    let server = sandbox.serve(listener).map_err(|error| broken(&error))?;
    let said = folder.join("run.log");
    let child = || start(&child_arguments(arguments, folder, server.base_url()), &said);
    let mut random = Random(args.seed);
    // Kills are spread over what an undisturbed run would send.
    let sums = calls_of_new_customers(sheet)?;
    let calls = sums.calls() + sums.calls_after_approval;
    let between = (2 * calls / u64::from(args.kills + 1)).max(2);
    tell!(
        "{}, about {}, {}, seed {}",
        counted(sheet.validation.valid, "customer"),
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
        running.end()?;
        let accident = Accident::after(kill).befall(folder)?;
        tell!("kill {kill}: after {} requests{accident}", sandbox.requests().count);
    }
    for run in 1..=RUNS_MAX {
        let mut running = child()?;
        let ended = wait_until(&mut running, || false).await?;
        let code = ended.and_then(|it| it.code());
        tell!("run {run}: exit code {}", code.map_or("none".to_owned(), |it| it.to_string()));
        if ![Exit::Success, Exit::RunAgain].iter().any(|it| code == Some(i32::from(it.code()))) {
            // What a run that failed has said is the reason.
            let said = std::fs::read_to_string(&said).unwrap_or_default();
            for line in said.lines().skip_while(|line| !line.starts_with("error")) {
                tell!("  {line}");
            }
        }
        if code != Some(i32::from(Exit::RunAgain.code())) && code != Some(i32::from(Exit::Fault.code())) {
            break;
        }
    }
    let mut expected = vec![];
    for customer in sheet.customers()? {
        expected.push(Expected::of(&customer?, &seed));
    }
    Ok(verdict(
        &expected,
        &sandbox.resources(),
        &folder.join("results.csv"),
        &folder.join("results-numbers.csv"),
    )?)
}

/// What else happens between a kill and the next run.
#[derive(Clone, Copy)]
enum Accident {
    ClockSetForward,
    OlderLedger,
    LostLedger,
    ClockSetBack,
    None,
}

impl Accident {
    /// In turn, so that all have happened by the fourth kill.
    fn after(kill: u32) -> Accident {
        use Accident::{ClockSetBack, ClockSetForward, LostLedger, None, OlderLedger};
        [ClockSetForward, OlderLedger, LostLedger, ClockSetBack, None][(kill as usize - 1) % 5]
    }

    /// Lets it happen, and says what has. The ledger of before is the older copy of the next time.
    fn befall(self, folder: &Path) -> Result<&'static str, Fault> {
        let (ledger, older) = (folder.join("ledger.db"), folder.join("older.db"));
        if !ledger.exists() {
            return Ok("");
        }
        let kept = folder.join("kept.db");
        let moved = |from: &Path, to: &Path| aside::copy(from, to).map_err(|error| broken(&error));
        Ok(match self {
            // To a ledger it is the same whether the clock goes forward or its times lie further back.
            Accident::ClockSetForward => {
                aside::shift_times(&ledger, -CLOCK_JUMP_MS)?;
                moved(&ledger, &older)?;
                "; the clock is set an hour forward"
            }
            Accident::ClockSetBack => {
                aside::shift_times(&ledger, CLOCK_JUMP_MS)?;
                "; the clock is set an hour back"
            }
            Accident::OlderLedger if older.exists() => {
                moved(&ledger, &kept)?;
                moved(&older, &ledger)?;
                moved(&kept, &older)?;
                "; an older copy of the ledger takes its place"
            }
            Accident::LostLedger => {
                aside::remove(&ledger).map_err(|error| broken(&error))?;
                "; the ledger is lost"
            }
            Accident::OlderLedger | Accident::None => "",
        })
    }
}

/// What the sandbox does to the runs: a storm of everything that leaves a good sheet approvable, and what
/// is so always.
fn misbehaviour(args: &RehearseArgs) -> Faults {
    let share = f64::from(args.faults) / 100.0;
    if share == 0.0 {
        let lag = Lag { lists_ms: LIST_LAG_MS, ..Lag::default() };
        return Faults { seed: args.seed, lag, ..Faults::default() };
    }
    let more = [
        Mishap::NullAccount,
        Mishap::NoAccount,
        Mishap::HtmlAfter(404),
        Mishap::Throttle(Some(1)),
        Mishap::DelayRequest(DELAY_MS),
        Mishap::DelayAnswer(LATE_ANSWER_MS),
        Mishap::RefuseConnections(REFUSAL_MS),
    ];
    // The kinds of the storm and these share the share evenly.
    let storm = Faults::storm(args.seed, 1.0).rules.len();
    let each = share / (storm + more.len()) as f64;
    let mut faults = Faults::storm(args.seed, each * storm as f64);
    faults.rules.extend(more.into_iter().map(|fault| Rule {
        fault,
        among: Among::All,
        when: When::Share(each),
    }));
    // Once only: a token that changes twice in one run is a reason to stop with that customer.
    let among = Among::Matching(Method::Post, "/v1/EndUsers".to_owned());
    faults.rules.push(Rule { fault: Mishap::RotateToken, among, when: When::Nth(ROTATION) });
    faults.limit_per_account.per_second = Some(LIMIT_PER_ACCOUNT);
    faults.lag = Lag { lists_ms: LIST_LAG_MS, objects_ms: OBJECT_LAG_MS, share: LAG_SHARE };
    faults
}

/// The user's own arguments, as a run in the rehearsal's folder against its sandbox.
fn child_arguments(arguments: &[OsString], folder: &Path, base_url: &str) -> Vec<OsString> {
    // Ours come first: behind a `--` of the user's nothing is an option any more.
    let file = |name: &str| folder.join(name).into_os_string();
    let mut child: Vec<OsString> = vec!["run".into()];
    child.extend(["--base-url".into(), base_url.into(), "--ledger".into(), file("ledger.db")]);
    child.extend(["--results".into(), file("results.csv"), "--rate".into(), "unlimited".into()]);
    child.extend(["--timeout".into(), CHILD_TIMEOUT.into()]);
    child.extend(["--visibility-window".into(), CHILD_VISIBILITY_WINDOW.into()]);
    child.extend(["--wait".into(), "30s".into(), "--poll".into(), "500ms".into()]);
    let mut given = arguments.iter().skip_while(|it| *it != "rehearse").skip(1);
    while let Some(argument) = given.next() {
        let text = argument.to_string_lossy();
        let own = ["--seed", "--kills", "--faults"];
        if text == "--" {
            child.push(argument.clone());
            child.extend(given.by_ref().cloned());
        } else if own.contains(&text.as_ref()) {
            given.next();
        } else if !own.iter().any(|it| text.starts_with(&format!("{it}="))) {
            child.push(argument.clone());
        }
    }
    child
}

/// A run in a process of its own. It does not live longer than this does.
struct Running(Child);

impl Running {
    /// SIGKILL: the child cannot tidy up.
    fn end(&mut self) -> Result<(), Fault> {
        self.0.kill().and_then(|()| self.0.wait()).map(drop).map_err(|error| broken(&error))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// Starts a run; what it says on standard error goes to the file.
fn start(arguments: &[OsString], said: &Path) -> Result<Running, Fault> {
    let program = std::env::current_exe().map_err(|error| broken(&error))?;
    let mut options = OpenOptions::new();
    let said = private::file(options.write(true).create(true).truncate(true))
        .open(said)
        .map_err(|error| broken(&error))?;
    Command::new(program)
        .args(arguments)
        .env("TWILIO_ACCOUNT_SID", PARENT)
        .env("TWILIO_AUTH_TOKEN", PARENT_TOKEN)
        .env_remove("TRUSTHUB_PRIMARY_PROFILE_SID")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said)
        .spawn()
        .map(Running)
        .map_err(|error| broken(&error))
}

/// Waits until the child ends, which is told, or until the moment has come.
async fn wait_until(running: &mut Running, moment: impl Fn() -> bool) -> Result<Option<ExitStatus>, Fault> {
    #[expect(clippy::disallowed_methods, reason = "how long a rehearsal took is said, and decides nothing")]
    let started = std::time::Instant::now();
    loop {
        if let Some(status) = running.0.try_wait().map_err(|error| broken(&error))? {
            return Ok(Some(status));
        }
        if moment() {
            return Ok(None);
        }
        if started.elapsed() > CHILD_MAX {
            return Err(Fault::new(
                "A run of the rehearsal did not come to an end",
                "Try a smaller sheet, or fewer --faults. If that does not help, please report it.",
            ));
        }
        #[expect(clippy::disallowed_methods, reason = "a rehearsal watches another process")]
        tokio::time::sleep(LOOK).await;
    }
}

fn print(verdict: &Verdict) {
    say!("{}Verdict{}", style::BOLD, style::OFF);
    say!("{:>8}  customers", verdict.customers);
    say!("{:>8}  complete (approved, or refused or rejected with a reason)", verdict.complete);
    say!("{:>8}  approved, with everything at the API that the row asks for", verdict.approved);
    say!("{:>8}  resources at the API", verdict.resources);
    for (what, found) in [
        ("duplicates", &verdict.duplicates),
        ("orphans", &verdict.orphans),
        ("lost SIDs", &verdict.lost),
        ("SIDs in the results that are not at the API", &verdict.invented),
    ] {
        say!("{:>8}  {what}", found.len());
        for line in found.iter().take(LINES_MAX) {
            say!("          {line}");
        }
    }
    for line in verdict.turned_down.iter().take(LINES_MAX) {
        say!("          {line}");
    }
    for (account, wrong) in &verdict.unclean {
        say!("          {account} is not clean: {}", wrong.join("; "));
    }
    match verdict.is_clean() {
        true if verdict.approved == verdict.customers => {
            say!("{}clean{}: nothing twice, nothing lost", style::GOOD, style::OFF)
        }
        true => say!(
            "{}clean{}: nothing twice, nothing lost; but {} of {} did not come through",
            style::GOOD,
            style::OFF,
            verdict.customers - verdict.approved,
            counted(verdict.customers as u64, "customer"),
        ),
        false if verdict.approved == 0 => {
            say!("{}not clean{}: no customer came through", style::ERROR, style::OFF)
        }
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
