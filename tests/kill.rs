//! A real child process, killed with SIGKILL right before and right after every ledger write and right
//! before and right after every request of a whole customer, then resumed, killed again in the resume,
//! and resumed to the end: the world must be the undisturbed one.
//!
//! The moment is agreed by a handshake: the child says on its standard output that it stands there,
//! and goes no further; nobody sleeps. This binary is its own child, so it has its own `main`.

#[path = "engine/stage.rs"]
#[expect(dead_code, reason = "the stage serves the engine's tests too")]
mod stage;

use stage::{PARENT, PARENT_TOKEN, Stage, StageClock, customer, policy};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::{Brake, Customers, DefaultPrimary, Only, Run, Selection, Settings};
use trusthub_onboard::events::{Event, Observer};
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::Sid;
use trusthub_onboard::sandbox;
use trusthub_onboard::twilio::{Client, Endpoint, Identity, Pace, Rate, Timeouts};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|it| it == "child") {
        child(&arguments[2..]);
        return ExitCode::SUCCESS;
    }
    // The few options of the usual harness that ask for a list, or for other tests, find nothing here.
    if arguments.iter().any(|it| it == "--list") || arguments[1..].iter().any(|it| !it.starts_with('-')) {
        return ExitCode::SUCCESS;
    }
    println!("\nrunning 1 test");
    kill_at_every_moment();
    println!("test a_customer_killed_at_every_moment_and_again_in_the_resume_is_made_once ... ok");
    println!("\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
    ExitCode::SUCCESS
}

/// Moments that one child passes through.
struct Moments {
    stop_at: u64,
    passed: AtomicU64,
}

impl Observer for Moments {
    fn on(&self, event: &Event<'_>) {
        let counts =
            matches!(event, Event::LedgerWrites | Event::LedgerWrote | Event::Sending(_) | Event::Sent(..));
        if counts && self.passed.fetch_add(1, Ordering::SeqCst) + 1 == self.stop_at {
            println!("here");
            let _ = std::io::stdout().flush();
            // The parent never writes: this ends with the process.
            let _ = std::io::stdin().read(&mut [0]);
        }
    }
}

/// The child: one run of one customer against the parent's sandbox.
fn child(arguments: &[String]) {
    let [base_url, world, ledger, stop_at] = arguments else { panic!("four arguments") };
    let observer =
        Arc::new(Moments { stop_at: stop_at.parse().expect("a number"), passed: AtomicU64::new(0) });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let clock = Arc::new(StageClock::default());
        // Each child begins later than everything that an earlier one may have started.
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        clock.set(u64::try_from(wall.as_millis()).expect("this age"));
        let clock: Arc<dyn Clock> = clock;
        let observer: Arc<dyn Observer> = observer;
        let endpoint = Endpoint::other(base_url).expect("a URL");
        let timeouts = Timeouts { connect_ms: 5_000, call_ms: 60_000 };
        let pace = Pace::new(Rate::Unlimited, clock.clone());
        let client =
            Client::new(&endpoint, timeouts, pace, clock.clone(), observer.clone()).expect("a client");
        let ledger = Ledger::open(Path::new(ledger), world, observer.clone()).expect("a ledger");
        let settings = Settings {
            parent: Identity { account: Sid::parse(PARENT).expect("a SID"), token: PARENT_TOKEN.into() },
            policy: policy(),
            primary_profile: None,
            default_primary: DefaultPrimary::Needed,
            concurrency: 1,
            selection: Selection { only: Only::Everyone, limit: None },
            brake: Brake::On,
            wait_ms: 60_000,
            poll_ms: 1_000,
        };
        let run = Run::new(settings, client, ledger, clock, observer, CancellationToken::new());
        run.go(|| {
            let customers: Customers = Box::new([Ok(customer(1))].into_iter());
            Ok(customers)
        })
        .await
        .unbroken()
        .expect("no fault");
        run.close().expect("the ledger closes");
    });
    println!("done");
}

/// Whether the child stands at its moment.
#[derive(PartialEq, Debug)]
enum Said {
    Here,
    Done,
}

fn start(base_url: &str, world: &str, ledger: &Path, stop_at: u64) -> (Child, Said) {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["child", base_url, world])
        .arg(ledger)
        .arg(stop_at.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut line = String::new();
    let out = child.stdout.as_mut().expect("its output");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let said = match line.trim() {
        "here" => Said::Here,
        "done" => Said::Done,
        other => panic!("the child said {other:?}"),
    };
    (child, said)
}

/// Runs a child up to a moment and kills it there. Gives whether it got that far.
fn run_and_kill(base_url: &str, world: &str, ledger: &Path, stop_at: u64) -> Said {
    let (mut child, said) = start(base_url, world, ledger, stop_at);
    if said == Said::Here {
        child.kill().expect("SIGKILL");
    }
    child.wait().expect("it is gone");
    said
}

fn kill_at_every_moment() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let undisturbed = try_once(&runtime, None).0;
    assert!(undisturbed.len() > 15, "an undisturbed run makes a whole customer: {undisturbed:#?}");
    // The children of two moments run side by side: one for each core.
    let next = AtomicU64::new(1);
    let moments = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let moment = next.fetch_add(1, Ordering::SeqCst);
                    let (world, said) = try_once(&runtime, Some(moment));
                    assert_eq!(world, undisturbed, "killed at moment {moment}");
                    if said == Said::Done {
                        return;
                    }
                    moments.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let moments = moments.load(Ordering::SeqCst);
    assert!(moments > 100, "only {moments} moments were met");
    println!("killed at {moments} moments, and at as many of the resumes");
}

/// One customer in a world of its own: killed at a moment, killed again in the resume, then finished.
fn try_once(runtime: &tokio::runtime::Runtime, moment: Option<u64>) -> (Vec<String>, Said) {
    let settings = sandbox::Settings { review_ms: 0, ..sandbox::Settings::default() };
    let stage = Stage::set(vec![customer(1)], settings);
    let server = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        stage.sandbox.serve(listener).expect("a server")
    });
    let (url, world) = (server.base_url().to_owned(), stage.sandbox.id());
    let mut said = Said::Done;
    if let Some(moment) = moment {
        said = run_and_kill(&url, &world, &stage.ledger, moment);
        // The second moment lies somewhere in the resume, elsewhere each time.
        run_and_kill(&url, &world, &stage.ledger, 1 + moment * 7 % 23);
    }
    assert_eq!(run_and_kill(&url, &world, &stage.ledger, u64::MAX), Said::Done);
    (stage.world(), said)
}
