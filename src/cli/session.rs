//! The target that a command works in: which server, whose credentials, which ledger.

use super::args::TargetArgs;
use super::sandbox::{self, Trial};
use super::sheet::Sheet;
use super::style::tell;
use crate::clock::{Clock, SystemClock};
use crate::events::Observer;
use crate::ledger::Ledger;
use crate::model::{Fault, Sid, SidKind};
use crate::products::FLOW;
use crate::sandbox::Start;
use crate::twilio::{Client, Endpoint, Identity, Pace, Rate, Timeouts};
use std::env::VarError;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a command works.
pub struct Target {
    pub endpoint: Endpoint,
    pub parent: Identity,
    /// Its name in the ledger.
    pub name: String,
    pub ledger: PathBuf,
    /// The sandbox, which answers for as long as this lives.
    _trial: Option<Trial>,
}

/// A client and a ledger that belong together.
pub struct Connection {
    pub client: Client,
    pub ledger: Ledger,
}

/// A connection that does not stand after this long will not.
const CONNECT_MS: u64 = 10_000;

/// Where a sandbox run keeps its ledger, so that it never meets the real one.
const SANDBOX_LEDGER: &str = "trusthub-onboard-sandbox.db";
const LEDGER: &str = "trusthub-onboard.db";

impl Target {
    /// The real API, or another server. Must be called inside a runtime, as `in_sandbox` must.
    ///
    /// # Errors
    /// Credentials are missing or malformed, or the base URL makes no sense.
    pub fn open(args: &TargetArgs) -> Result<Target, Fault> {
        let endpoint = endpoint(args)?;
        let parent = credentials()?;
        let name = endpoint.target();
        Ok(Target { endpoint, parent, name, ledger: ledger(args), _trial: None })
    }

    /// A sandbox inside this process, in which everything that the sheet names exists.
    pub async fn in_sandbox(
        args: &TargetArgs,
        sheet: &Sheet,
        review_ms: u64,
        start: Start,
    ) -> Result<Target, Fault> {
        let ledger = ledger(args);
        let seed = sandbox::seed_for(sheet)?;
        let trial = Trial::start(seed, &sandbox::world_file(&ledger), review_ms, start).await?;
        Target::of_trial(trial, ledger)
    }

    /// The sandbox of an earlier run, as it was left.
    pub async fn in_known_sandbox(args: &TargetArgs) -> Result<Target, Fault> {
        let ledger = ledger(args);
        let world = sandbox::world_file(&ledger);
        let trial = Trial::start(sandbox::seed(vec![]), &world, 0, Start::GoOn).await?;
        Target::of_trial(trial, ledger)
    }

    fn of_trial(trial: Trial, ledger: PathBuf) -> Result<Target, Fault> {
        Ok(Target {
            endpoint: Endpoint::other(trial.base_url())?,
            parent: sandbox::parent(),
            name: trial.id().to_owned(),
            ledger,
            _trial: Some(trial),
        })
    }

    /// What a command needs that talks to the API: its client and the ledger.
    ///
    /// # Errors
    /// The TLS of this machine cannot be set up, or the ledger cannot be opened for writing.
    pub fn connect(
        &self,
        rate: Rate,
        call_ms: u64,
        clock: &Arc<dyn Clock>,
        observer: &Arc<dyn Observer>,
    ) -> Result<Connection, Fault> {
        let client = self.client(rate, call_ms, clock, observer)?;
        let ledger = open_ledger(self, &**clock, observer.clone())?;
        Ok(Connection { client, ledger })
    }

    /// The client alone, for who only looks.
    ///
    /// # Errors
    /// The TLS of this machine cannot be set up.
    pub fn client(
        &self,
        rate: Rate,
        call_ms: u64,
        clock: &Arc<dyn Clock>,
        observer: &Arc<dyn Observer>,
    ) -> Result<Client, Fault> {
        let timeouts = Timeouts { connect_ms: CONNECT_MS.min(call_ms), call_ms };
        let pace = Pace::new(rate, clock.clone());
        Client::new(&self.endpoint, timeouts, pace, clock.clone(), observer.clone())
    }

    /// The host, for the question before going live.
    pub fn host(&self) -> String {
        self.endpoint.base(crate::flow::Host::TrustHub)
    }
}

/// The ledger that the arguments mean.
pub fn ledger(args: &TargetArgs) -> PathBuf {
    let usual = if args.sandbox { SANDBOX_LEDGER } else { LEDGER };
    args.ledger.clone().unwrap_or_else(|| PathBuf::from(usual))
}

/// The ledger with everything that stands beside it: its log, its lock, and the sandbox's world.
pub fn files_of_the_ledger(args: &TargetArgs) -> Vec<PathBuf> {
    let ledger = ledger(args);
    let beside = |end: &str| {
        let mut name = ledger.clone().into_os_string();
        name.push(end);
        PathBuf::from(name)
    };
    let mut files: Vec<PathBuf> = ["", "-wal", "-shm", ".lock"].map(beside).into();
    files.push(sandbox::world_file(&ledger));
    files
}

/// Opens the ledger of a command that sends. Where it was carried forward from an older format, that is said.
fn open_ledger(target: &Target, clock: &dyn Clock, observer: Arc<dyn Observer>) -> Result<Ledger, Fault> {
    let ledger = Ledger::open(&target.ledger, &FLOW, &target.name, clock.now(), observer)?;
    if let Some(backup) = ledger.backup() {
        tell!(
            "The ledger {} was carried forward to the format of this version; as it was, it is kept in {}",
            target.ledger.display(),
            backup.display()
        );
    }
    Ok(ledger)
}

/// Says before anything is created that a ledger cannot be where the arguments want it.
pub fn check_ledger(args: &TargetArgs) -> Result<(), Fault> {
    let path = ledger(args);
    if path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/') {
        return Err(Fault::new(
            format!("The ledger {} is a folder", path.display()),
            "Name a file with --ledger; it is created if it is not there.",
        ));
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(Fault::new(
            format!(
                "The ledger {} cannot be created: there is no folder {}",
                path.display(),
                folder.display()
            ),
            "Create the folder first, or name another place with --ledger.",
        )),
        _ => Ok(()),
    }
}

/// The name of the target in the ledger, for commands that send nothing.
pub fn target_name(args: &TargetArgs) -> Result<String, Fault> {
    match args.sandbox {
        true => sandbox::known_id(&sandbox::world_file(&ledger(args))),
        false => Ok(endpoint(args)?.target()),
    }
}

/// The parent account's SID, where the environment has it: no row may name it.
pub fn parent_sid(args: &TargetArgs) -> Option<Sid> {
    match args.sandbox {
        true => Some(sandbox::parent().account),
        false => std::env::var("TWILIO_ACCOUNT_SID").ok().and_then(|text| Sid::parse(text.trim())),
    }
}

/// The machine's clock.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::start())
}

/// A runtime for a command that talks over the network.
pub fn runtime() -> Result<tokio::runtime::Runtime, Fault> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Fault::new(
            format!("The program cannot start its threads ({error})"),
            "Close other programs and try again.",
        )
    })
}

fn endpoint(args: &TargetArgs) -> Result<Endpoint, Fault> {
    match &args.base_url {
        Some(url) => Endpoint::other(url),
        None => Ok(Endpoint::Twilio { region: host_part("TWILIO_REGION")?, edge: host_part("TWILIO_EDGE")? }),
    }
}

/// A region or an edge becomes a part of a host name, to which the credentials go: nothing but a word
/// may stand there.
fn host_part(variable: &str) -> Result<Option<String>, Fault> {
    let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) else { return Ok(None) };
    let is_word =
        value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    match is_word {
        true => Ok(Some(value)),
        false => Err(Fault::new(
            format!("{variable} is not a region or an edge"),
            "Write it as Twilio does, such as ie1 or dublin, or leave it out.",
        )),
    }
}

/// Credentials come from the environment only: arguments are seen by every user of a machine.
fn credentials() -> Result<Identity, Fault> {
    let fix = "Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN to the parent account's SID (AC…) and auth token; \
               for a trial without an account use --sandbox.";
    let (account, token) = match (variable("TWILIO_ACCOUNT_SID"), variable("TWILIO_AUTH_TOKEN")) {
        (Ok(account), Ok(token)) => (account, token),
        (account, token) => {
            let missing: Vec<String> = [account.err(), token.err()].into_iter().flatten().collect();
            let what = format!("The parent account's credentials are missing: {}", missing.join(", and "));
            return Err(Fault::new(what, fix));
        }
    };
    match Sid::parse_as(SidKind::Account, &account) {
        Some(account) => Ok(Identity { account, token: token.into() }),
        None => {
            Err(Fault::new("TWILIO_ACCOUNT_SID is not an account SID: AC and 32 hexadecimal digits", fix))
        }
    }
}

/// The text of a variable, or what is wrong with it.
fn variable(name: &str) -> Result<String, String> {
    match std::env::var(name).as_deref().map(str::trim) {
        Ok("") => Err(format!("{name} is empty")),
        Ok(text) => Ok(text.to_owned()),
        Err(VarError::NotPresent) => Err(format!("{name} is not set")),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is no text")),
    }
}
