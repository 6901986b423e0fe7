//! A real child process, killed with SIGKILL right before and right after every ledger write and right
//! before and right after every request of a whole customer, then resumed, killed again in the resume,
//! and resumed to the end: the world must be the undisturbed one.
//!
//! The moment is agreed by a handshake: the child says on its standard output that it stands there,
//! and goes no further; nobody sleeps. This binary is its own child, so it has its own `main`.

#[path = "engine/fixture.rs"]
#[expect(dead_code, reason = "the fixture serves the engine's tests too")]
mod fixture;

use fixture::{Fixture, FixtureClock, PARENT, PARENT_TOKEN, customer, policy};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::engine::{
    Customers, DefaultPrimary, Only, RefusalBreaker, Run, Selection, Settings, YoungLedger,
};
use trusthub_onboard::events::{Event, Observer};
use trusthub_onboard::flow::Method;
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::Sid;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::sandbox;
use trusthub_onboard::twilio::{Client, Endpoint, Identity, Pace, Rate, Timeouts};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|it| it == "child") {
        child(&arguments[2..]);
        return ExitCode::SUCCESS;
    }
    let asked = match Asked::of(&arguments[1..]) {
        Ok(asked) => asked,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(101);
        }
    };
    let chosen: Vec<_> = TESTS.iter().filter(|it| asked.chooses(it.0)).collect();
    if asked.list {
        chosen.iter().for_each(|it| println!("{}: test", it.0));
        if !asked.terse {
            println!("\n{} tests, 0 benchmarks", chosen.len());
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", chosen.len());
    for (name, test) in &chosen {
        test();
        println!("test {name} ... ok");
    }
    let left_out = TESTS.len() - chosen.len();
    let passed = chosen.len();
    println!(
        "\ntest result: ok. {passed} passed; 0 failed; 0 ignored; 0 measured; {left_out} filtered out\n"
    );
    ExitCode::SUCCESS
}

/// A test that fails ends the process.
const TESTS: [(&str, fn()); 2] = [
    ("the_options_of_the_usual_harness_are_understood", harness_options),
    ("a_customer_killed_at_every_moment_and_again_in_the_resume_is_made_once", kill_at_every_moment),
];

/// What the arguments ask for, as those of the usual harness do.
#[derive(Default)]
struct Asked {
    list: bool,
    terse: bool,
    exact: bool,
    /// Only tests that are ignored otherwise, of which there are none.
    only_ignored: bool,
    filters: Vec<String>,
    skipped: Vec<String>,
}

impl Asked {
    fn of(arguments: &[String]) -> Result<Asked, String> {
        let mut asked = Asked::default();
        let mut rest = arguments.iter().cloned();
        while let Some(argument) = rest.next() {
            let (name, mut value) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with('-') => (name.to_owned(), Some(value.to_owned())),
                _ => (argument, None),
            };
            let takes_a_value =
                ["--test-threads", "--skip", "--format", "--color", "--logfile", "--shuffle-seed", "-Z"];
            if takes_a_value.contains(&name.as_str()) && value.is_none() {
                value = Some(rest.next().ok_or_else(|| format!("{name} takes a value"))?);
            }
            match (name.as_str(), value) {
                ("--list", None) => asked.list = true,
                ("--exact", None) => asked.exact = true,
                ("--ignored", None) => asked.only_ignored = true,
                ("--skip", Some(value)) => asked.skipped.push(value),
                ("--format", Some(value)) => asked.terse = value == "terse",
                (name, Some(_)) if takes_a_value.contains(&name) => {}
                ("--report-time" | "--ensure-time" | "--shuffle" | "--include-ignored" | "--test", _) => {}
                ("--nocapture" | "--no-capture" | "--show-output" | "-q" | "--quiet" | "--bench", None) => {}
                (name, None) if !name.starts_with('-') => asked.filters.push(name.to_owned()),
                (name, _) => return Err(format!("Unrecognized option: {name}")),
            }
        }
        Ok(asked)
    }

    fn chooses(&self, name: &str) -> bool {
        let fits = |text: &String| if self.exact { name == text } else { name.contains(text.as_str()) };
        !self.only_ignored
            && (self.filters.is_empty() || self.filters.iter().any(fits))
            && !self.skipped.iter().any(fits)
    }
}

/// A filter that is none must not leave the test out and call that a success.
fn harness_options() {
    let chosen = |arguments: &str| {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        Asked::of(&arguments).map(|asked| TESTS.iter().filter(|it| asked.chooses(it.0)).count())
    };
    for (arguments, count) in [
        ("", 2),
        ("--test-threads 1", 2),
        ("--test-threads=1 --nocapture -q --color always --format pretty -Z unstable-options", 2),
        ("--skip nothing", 2),
        ("--skip killed", 1),
        ("killed options", 2),
        ("killed", 1),
        ("killed --exact", 0),
        ("--exact the_options_of_the_usual_harness_are_understood", 1),
        ("nothing", 0),
        ("--ignored", 0),
        ("--include-ignored", 2),
    ] {
        assert_eq!(chosen(arguments), Ok(count), "{arguments}");
    }
    assert!(chosen("--unknown").is_err() && chosen("--skip").is_err());
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
            let is_post = matches!(event, Event::Sending(request) | Event::Sent(request, _)
                if request.method == Method::Post);
            println!("{}", if is_post { "here at a POST" } else { "here" });
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
        let clock = Arc::new(FixtureClock::default());
        // Each child begins later than everything that an earlier one may have started.
        #[expect(clippy::disallowed_methods, reason = "a process of its own, which is killed for real")]
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        clock.set(u64::try_from(wall.as_millis()).expect("this age"));
        let clock: Arc<dyn Clock> = clock;
        let observer: Arc<dyn Observer> = observer;
        let endpoint = Endpoint::other(base_url).expect("a URL");
        let timeouts = Timeouts { connect_ms: 5_000, call_ms: 60_000 };
        let pace = Pace::new(Rate::Unlimited, clock.clone());
        let client =
            Client::new(&endpoint, timeouts, pace, clock.clone(), observer.clone()).expect("a client");
        let ledger =
            Ledger::open(Path::new(ledger), &FLOW, world, clock.now(), observer.clone()).expect("a ledger");
        let settings = Settings {
            flow: &FLOW,
            parent: Identity { account: Sid::parse(PARENT).expect("a SID"), token: PARENT_TOKEN.into() },
            policy: policy(),
            primary_profile: None,
            default_primary: DefaultPrimary::Needed,
            concurrency: 1,
            selection: Selection { only: Only::Everyone, limit: None },
            refusal_breaker: RefusalBreaker::On,
            young_ledger: YoungLedger::LooksAtOnce,
            wait_ms: 60_000,
            poll_ms: 1_000,
            previews: None,
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
    /// Right before or right after a request that makes or changes something.
    HereAtAPost,
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
        "here at a POST" => Said::HereAtAPost,
        "done" => Said::Done,
        other => panic!("the child said {other:?}"),
    };
    (child, said)
}

/// Runs a child up to a moment and kills it there. Gives whether it got that far.
fn run_and_kill(base_url: &str, world: &str, ledger: &Path, stop_at: u64) -> Said {
    let (mut child, said) = start(base_url, world, ledger, stop_at);
    if said != Said::Done {
        child.kill().expect("SIGKILL");
    }
    child.wait().expect("it is gone");
    said
}

fn kill_at_every_moment() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let undisturbed = try_once(&runtime, None).world;
    assert!(undisturbed.len() > 15, "an undisturbed run makes a whole customer: {undisturbed:#?}");
    // The children of two moments run side by side: one for each core.
    let next = AtomicU64::new(1);
    let (moments, second_kills, at_posts) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let moment = next.fetch_add(1, Ordering::SeqCst);
                    let tried = try_once(&runtime, Some(moment));
                    assert_eq!(tried.world, undisturbed, "killed at moment {moment}");
                    if tried.first == Said::Done {
                        return;
                    }
                    moments.fetch_add(1, Ordering::SeqCst);
                    second_kills.fetch_add(u64::from(tried.second != Said::Done), Ordering::SeqCst);
                    at_posts.fetch_add(u64::from(tried.second == Said::HereAtAPost), Ordering::SeqCst);
                }
            });
        }
    });
    let moments = moments.load(Ordering::SeqCst);
    assert!(moments > 100, "only {moments} moments were met");
    let [second_kills, at_posts] = [second_kills, at_posts].map(|it| it.load(Ordering::SeqCst));
    println!("killed at {moments} moments, and in {second_kills} of the resumes, {at_posts} times at a POST");
    assert!(second_kills > moments / 2, "only {second_kills} of {moments} resumes were killed");
    assert!(at_posts > 10, "only {at_posts} of the second kills met a POST");
}

/// What became of one customer.
struct Tried {
    world: Vec<String>,
    first: Said,
    second: Said,
}

/// The second kill lies up to this many moments into the resume, elsewhere each time: beyond its reads,
/// among its creations. Prime, and prime to the step below, so that all of them are met.
const SECOND_KILLS: u64 = 89;

/// One customer in a world of its own: killed at a moment, killed again in the resume, then finished.
fn try_once(runtime: &tokio::runtime::Runtime, moment: Option<u64>) -> Tried {
    let settings = sandbox::Settings { review_ms: 0, ..sandbox::Settings::default() };
    let fixture = Fixture::set(vec![customer(1)], settings);
    let server = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        fixture.sandbox.serve(listener).expect("a server")
    });
    let (url, world) = (server.base_url().to_owned(), fixture.sandbox.id());
    let (mut first, mut second) = (Said::Done, Said::Done);
    if let Some(moment) = moment {
        first = run_and_kill(&url, &world, &fixture.ledger, moment);
        second = run_and_kill(&url, &world, &fixture.ledger, 1 + moment * 37 % SECOND_KILLS);
    }
    assert_eq!(run_and_kill(&url, &world, &fixture.ledger, u64::MAX), Said::Done);
    Tried { world: fixture.world(), first, second }
}
