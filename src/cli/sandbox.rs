//! The sandbox, inside a run or as a server of its own.

use super::args::{SandboxArgs, SheetArgs};
use super::faults::{self, FaultArg};
use super::sheet::Sheet;
use super::style::{say, tell};
use super::{Exit, Stop, session};
use crate::flow::{BundleId, to_hex};
use crate::model::{Address, Customer, Fault, PhoneNumber, PhoneNumbers, Sid};
use crate::products::FLOW;
use crate::report::reason;
use crate::sandbox::{self, Faults, Sandbox, Seed, SeedAccount, Server, Settings, Start, Undocumented};
use crate::twilio::Identity;
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

/// The sandbox's parent account. Everybody may know it: it is good for nothing else.
pub const PARENT: &str = "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
pub const PARENT_TOKEN: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
const PRIMARY_PROFILE: &str = "BU5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// How many numbers a subaccount has whose row says `all`.
const NUMBERS_OF_ALL: u8 = 2;

/// A sandbox that answers for as long as this lives.
pub struct Trial {
    server: Server,
    _sandbox: Sandbox,
}

impl Trial {
    /// Starts a sandbox on a free loopback port. Its world is the one in the file, or a new one. The
    /// ledger stays when a world is forgotten: what it says of that world is not asked for again.
    pub async fn start(seed: Seed, world: &Path, review_ms: u64, start: Start) -> Result<Trial, Fault> {
        let settings = Settings { review_ms, journal: Some(world.to_owned()), start, ..Settings::default() };
        let sandbox = Sandbox::open(settings, seed).map_err(|error| unusable(world, &error))?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| no_port(0, &error))?;
        let server = sandbox.serve(listener).map_err(|error| no_port(0, &error))?;
        Ok(Trial { server, _sandbox: sandbox })
    }

    pub fn base_url(&self) -> &str {
        self.server.base_url()
    }

    pub fn id(&self) -> &str {
        self.server.id()
    }
}

/// The sandbox's parent account, as whom a sandbox run works.
pub fn parent() -> Identity {
    // The constant is well-formed, as a test of this file says.
    let account = Sid::parse(PARENT).unwrap_or_else(|| unreachable!("a well-formed SID"));
    Identity { account, token: PARENT_TOKEN.into() }
}

/// Where a sandbox run keeps its world: beside its ledger.
pub fn world_file(ledger: &Path) -> PathBuf {
    ledger.with_extension("world")
}

/// The name of the world in a file, without serving it: this works while a run is under way there.
pub fn known_id(world: &Path) -> Result<String, Fault> {
    let id = sandbox::world_id(world).map_err(|error| unusable(world, &error))?;
    id.ok_or_else(|| {
        Fault::new(
            format!("There is no sandbox world at {}", world.display()),
            "Start `run SHEET --sandbox` first, or go to the folder where it ran.",
        )
    })
}

/// `sandbox`: serves until it is interrupted.
pub fn serve(args: &SandboxArgs) -> Result<Exit, Stop> {
    if let Some(text) = help_asked_for(args) {
        for line in text.lines() {
            say!("{line}");
        }
        return Ok(Exit::Success);
    }
    let settings = Settings {
        review_ms: args.review_seconds * 1_000,
        journal: args.world.clone(),
        accounts_on_demand: args.for_sheet.is_none(),
        faults: faults::at_start(&args.faults),
        undocumented: undocumented(&args.setting)?,
        ..Settings::default()
    };
    let seed = match &args.for_sheet {
        Some(path) => {
            let sheet = SheetArgs::of(path, &args.products);
            seed_for(&Sheet::validate(&sheet, None, &mut |_| ())?)?
        }
        None => seed(vec![]),
    };
    let name = args.world.clone().unwrap_or_else(|| PathBuf::from("the sandbox's memory"));
    let sandbox = Arc::new(Sandbox::open(settings, seed).map_err(|error| unusable(&name, &error))?);
    session::runtime()?.block_on(async {
        let listener =
            TcpListener::bind(("127.0.0.1", args.port)).await.map_err(|error| no_port(args.port, &error))?;
        let server = sandbox.serve(listener).map_err(|error| no_port(args.port, &error))?;
        say!("The sandbox answers at {}", server.base_url());
        say!("In another terminal:");
        say!("  export TWILIO_ACCOUNT_SID={PARENT} TWILIO_AUTH_TOKEN={PARENT_TOKEN}");
        say!("  trusthub-onboard run SHEET --base-url {}", server.base_url());
        if args.for_sheet.is_none() {
            say!("Every subaccount and PN exists; for numbers by their digits and addresses start it with --for-sheet.");
        }
        say!("Ctrl-C ends it.");
        take_orders(sandbox.clone(), faults::at_start(&args.faults));
        let _ = tokio::signal::ctrl_c().await;
        server.stop().await;
        Ok(Exit::Success)
    })
}

/// The list that `--fault help` or `--setting help` asks for. It is no mistake to ask.
fn help_asked_for(args: &SandboxArgs) -> Option<String> {
    let of_faults = args.faults.fault.iter().any(|it| matches!(it, FaultArg::Help));
    let of_settings = args.setting.iter().any(|it| it == faults::HELP);
    // Whatever is no setting is answered with those that there are.
    let settings = || Undocumented::default().set(faults::HELP).err();
    if of_faults { Some(faults::list()) } else { of_settings.then(settings).flatten() }
}

/// What the settings on the command line say. They were looked at with the arguments.
fn undocumented(settings: &[String]) -> Result<Undocumented, Fault> {
    let mut undocumented = Undocumented::default();
    for setting in settings {
        undocumented
            .set(setting)
            .map_err(|why| Fault::new(format!("--setting {setting} is none: {why}"), "Correct it."))?;
    }
    Ok(undocumented)
}

/// Does what the lines on standard input say. The thread ends with the process.
fn take_orders(sandbox: Arc<Sandbox>, mut faults: Faults) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            match faults::obey(&line, &sandbox, &mut faults) {
                Ok(done) if done.is_empty() => (),
                Ok(done) => say!("{done}"),
                Err(why) => tell!("{why}"),
            }
        }
    });
}

/// Everything that the valid rows take for granted.
pub fn seed_for(sheet: &Sheet) -> Result<Seed, Fault> {
    let accounts = sheet.customers()?.map(|customer| customer.map(|it| account(&it)));
    Ok(seed(accounts.collect::<Result<_, _>>()?))
}

/// A parent with its approved primary profile, and these subaccounts.
pub fn seed(accounts: Vec<SeedAccount>) -> Seed {
    Seed {
        parent_sid: PARENT.to_owned(),
        parent_token: PARENT_TOKEN.to_owned(),
        primary_profile_sid: PRIMARY_PROFILE.to_owned(),
        accounts,
    }
}

fn account(customer: &Customer) -> SeedAccount {
    let subaccount = customer.subaccount.as_str();
    let number = |what: &str| format!("PN{}", hash(&[subaccount, what]));
    let phone_numbers = match &customer.phone_numbers {
        PhoneNumbers::All => {
            let one = |n: u8| (number(&n.to_string()), invented_number(subaccount, n));
            (1..=NUMBERS_OF_ALL).map(one).collect()
        }
        PhoneNumbers::Listed(numbers) => numbers
            .iter()
            .map(|it| match it {
                PhoneNumber::Sid(sid) => (sid.to_string(), invented_number(sid.as_str(), 0)),
                PhoneNumber::E164(digits) => (number(digits), digits.clone()),
            })
            .collect(),
    };
    let sids = |sid: Option<&Sid>| sid.map(Sid::to_string).into_iter().collect();
    SeedAccount {
        sid: subaccount.to_owned(),
        auth_token: sandbox::on_demand_token(subaccount),
        friendly_name: customer.business.name.clone(),
        phone_numbers,
        addresses: match &customer.address {
            Address::Existing(sid) => vec![sid.to_string()],
            Address::New { .. } => vec![],
        },
        customer_profiles: sids(customer.customer_profile.as_ref()),
        trust_products: sids(customer.trust_product.as_ref()),
        other_products: FLOW.products.iter().filter_map(|it| named_besides(customer, it)).collect(),
        ..SeedAccount::default()
    }
}

/// The policy and the SID of a product that the row names in a column of its own.
fn named_besides(customer: &Customer, bundle: BundleId) -> Option<(String, String)> {
    let sid = customer.named_in(bundle.column)?;
    Some((bundle.policy_sid.to_owned(), sid.to_string()))
}

/// A number that is set aside for fiction: 555-0100 to 555-0199.
fn invented_number(of: &str, n: u8) -> String {
    let digest = Sha256::digest([of.as_bytes(), &[n]].concat());
    let area = 201 + u32::from(digest[0]) * 2;
    format!("+1{area}55501{:02}", digest[1] % 100)
}

fn hash(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join(" ").as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    to_hex(&half)
}

fn unusable(world: &Path, error: &std::io::Error) -> Fault {
    let name = world.display();
    match error.kind() {
        ErrorKind::WouldBlock => Fault::new(
            format!("Another process is working with the sandbox's world {name}"),
            "Wait until it ends, or stop it. `results` can be had at any time.",
        ),
        ErrorKind::InvalidData => Fault::new(
            format!("The sandbox's world {name} cannot be read ({error})"),
            "Move the file away, or name another one; of a damaged world of the program's own, `run --fresh` begins a new one.",
        ),
        _ => Fault::new(
            format!("The sandbox's world {name} cannot be used ({})", reason(error)),
            "Check that its folder is there and that both may be read and written.",
        ),
    }
}

fn no_port(port: u16, error: &std::io::Error) -> Fault {
    Fault::new(
        format!("The sandbox cannot listen on 127.0.0.1:{port} ({error})"),
        "Choose another port with --port; 0 takes a free one.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandboxs_own_sids_are_well_formed() {
        assert_eq!(parent().account.as_str(), PARENT);
        assert!(Sid::parse(PRIMARY_PROFILE).is_some());
    }
}
