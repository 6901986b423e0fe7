//! Arguments and variables that do not fit, and folders that are not there.

use super::fixture::*;

#[test]
fn a_ledger_in_a_folder_that_is_not_there_is_said_to_be_that() {
    let fixture = Fixture::new();
    for arguments in [&["--sandbox"][..], &["--sandbox", "--fresh"], &["--yes"]] {
        let ledger = ["run", &sample("customers.csv"), "--ledger", "nodir/x.db"];
        let mut command = fixture.command(&[&ledger[..], arguments].concat());
        command
            .env("TWILIO_ACCOUNT_SID", "AC000000000000000000000000000000aa")
            .env("TWILIO_AUTH_TOKEN", "a-secret-token");
        let done = fixture.finish(&mut command);
        assert_eq!(done.code, 1, "{arguments:?}: {}", done.err);
        assert!(done.err.contains("nodir") && done.err.contains("folder"), "{arguments:?}: {}", done.err);
        assert!(!done.err.contains("other run") && !done.err.contains("--fresh"), "{}", done.err);
    }
}

#[test]
fn a_variable_that_is_empty_counts_as_not_set() {
    let fixture = Fixture::new();
    let sheet = sample("customers.csv");
    let mut command = fixture.command(&["run", &sheet, "--sandbox", "--no-submit", "--limit", "1"]);
    command.env("TRUSTHUB_PRIMARY_PROFILE_SID", "").env("TRUSTHUB_ONBOARD_BASE_URL", "");
    let done = fixture.finish(&mut command);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let mut command = fixture.command(&["run", &sheet]);
    let done = fixture.finish(command.env("TRUSTHUB_ONBOARD_BASE_URL", ""));
    assert!(done.err.contains("TWILIO_ACCOUNT_SID"), "it means Twilio itself: {}", done.err);
    let mut command = fixture.command(&["run", &sheet, "--sandbox"]);
    let done = fixture.finish(command.env("TRUSTHUB_PRIMARY_PROFILE_SID", "BU12"));
    assert_eq!(done.code, 2, "a wrong one is a mistake: {}", done.err);
}

#[test]
fn the_sandbox_and_another_server_cannot_both_be_meant() {
    let fixture = Fixture::new();
    let sheet = sample("customers.csv");
    for command in ["run", "results", "status"] {
        let done = fixture.run(&[command, &sheet, "--sandbox", "--base-url", "http://127.0.0.1:4010"]);
        assert_eq!(done.code, 2, "{command}: {}{}", done.out, done.err);
        assert!(done.err.contains("--base-url"), "{command}: {}", done.err);
    }
    // A variable is a habit, an argument is meant: the trial stays on this machine.
    let mut command = fixture.command(&["run", &sheet, "--sandbox", "--no-submit", "--limit", "1"]);
    let done = fixture.finish(command.env("TRUSTHUB_ONBOARD_BASE_URL", "http://127.0.0.1:1"));
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
}

#[test]
fn a_run_for_no_customer_at_all_is_a_mistake_of_usage() {
    let fixture = Fixture::new();
    let done = fixture.run(&["run", &sample("customers.csv"), "--sandbox", "--limit", "0"]);
    assert_eq!(done.code, 2, "{}{}", done.out, done.err);
    assert!(done.err.contains("--limit"), "{}", done.err);
}
