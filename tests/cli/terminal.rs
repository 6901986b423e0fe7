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
fn a_host_that_is_not_there_is_told_before_anybody_is_asked_and_nothing_is_begun() {
    let fixture = Fixture::new();
    let (run, _keyboard) = run_at_a_terminal(&fixture, "y\n");
    let output = run.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains("The API cannot be reached")
            && err.contains("Nothing was begun")
            && !err.contains("Go on?"),
        "{err}"
    );
    assert!(!fixture.path("trusthub-onboard.db").exists(), "nothing was begun");
    assert!(!fixture.path("results.csv").exists());
}
