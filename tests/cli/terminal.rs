//! The question before going live, asked at a terminal.

use super::fixture::*;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::Write;
use std::process::{Child, Command, Stdio};

/// The run of the sample sheet against a host that no name server knows, at a terminal of its own in
/// which somebody types `answer`.
fn run_at_a_terminal(fixture: &Fixture, answer: &str) -> (Child, File) {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&keyboard).expect("its own");
    unlockpt(&keyboard).expect("open");
    let name = ptsname(&keyboard, Vec::new()).expect("its name").into_string().expect("text");
    let screen = File::options().read(true).write(true).open(name).expect("its other end");
    let mut keyboard = File::from(keyboard);
    keyboard.write_all(answer.as_bytes()).expect("typed");
    let run = Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"))
        .current_dir(&fixture.folder)
        .args(["run", &sample("customers.csv"), "--base-url", "https://api.invalid"])
        .env("TWILIO_ACCOUNT_SID", "AC000000000000000000000000000000aa")
        .env("TWILIO_AUTH_TOKEN", "a-secret-token")
        .env_remove("TRUSTHUB_PRIMARY_PROFILE_SID")
        .stdin(Stdio::from(screen))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a run");
    (run, keyboard)
}

#[test]
fn whoever_answers_no_or_nothing_at_all_sends_nothing() {
    // The last one is the end of the input: Ctrl-D.
    for answer in ["n\n", "no\n", "\n", "yesterday\n", "\u{4}"] {
        let fixture = Fixture::new();
        let (run, _keyboard) = run_at_a_terminal(&fixture, answer);
        let output = run.wait_with_output().expect("it ends");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(6), "{answer:?}: {err}");
        assert!(err.contains("parent account AC000000000000000000000000000000aa"), "{answer:?}: {err}");
        assert!(
            err.contains("primary profile: the one approved profile of the parent account"),
            "{answer:?}: {err}"
        );
        assert!(err.contains("Going live at https://api.invalid"), "{answer:?}: {err}");
        assert!(err.contains("20 customers") && err.contains("Go on? [y/N]"), "{answer:?}: {err}");
        assert!(err.contains("Nothing was sent."), "{answer:?}: {err}");
        assert!(!fixture.path("trusthub-onboard.db").exists(), "{answer:?}: nothing was begun");
        assert!(!fixture.path("results.csv").exists(), "{answer:?}");
    }
}

#[test]
fn whoever_answers_yes_begins() {
    for answer in ["y\n", "Yes\n"] {
        let fixture = Fixture::new();
        let (mut run, _keyboard) = run_at_a_terminal(&fixture, answer);
        // The ledger is made when the work begins. The host is not there, so nothing comes of it.
        while !fixture.path("trusthub-onboard.db").exists() {
            assert!(run.try_wait().expect("a state").is_none(), "{answer:?}: it ended without beginning");
            std::thread::yield_now();
        }
        let _ = run.kill();
        let _ = run.wait();
    }
}
