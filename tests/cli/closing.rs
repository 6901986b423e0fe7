//! What a run says at its end, and how much it says at all.

use super::fixture::*;

/// The sample sheet of which three rows fail: rows 2 and 3 were begun with a ledger that is lost, which `--existing refuse`
/// does not take over, and row 6 has no e-mail address.
fn with_failures() -> Fixture {
    let fixture = Fixture::new();
    let mut rows = sample_rows();
    fixture.write("sheet.csv", csv_of(&rows));
    assert_eq!(fixture.run(&["run", "sheet.csv", "--sandbox", "--no-submit", "--limit", "2"]).code, 0);
    std::fs::remove_file(fixture.path("trusthub-onboard-sandbox.db")).expect("the ledger");
    let email = column(&rows, "email");
    rows[5][email] = "nobody at nowhere".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    fixture
}

#[test]
fn the_failures_come_first_grouped_by_what_is_to_be_done_then_the_table_then_what_is_next() {
    let fixture = with_failures();
    let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--existing", "refuse"]);
    assert_eq!(done.code, 4, "{}{}", done.out, done.err);
    let at = |text: &str| done.out.find(text).unwrap_or_else(|| panic!("{text}: {}", done.out));
    let rows = sample_rows();
    let name = column(&rows, "business_name");
    assert!(at("What did not succeed") < at("refused: 2"), "{}", done.out);
    assert!(at("refused: 2") < at("  row 2  ") && at("  row 2  ") < at("  row 3  "), "{}", done.out);
    assert!(at("  row 3  ") < at("    To do: ") && at("    To do: ") < at("invalid: 1"), "{}", done.out);
    assert!(
        at("invalid: 1") < at("  row 6  ") && at("  row 6  ") < at("Customers by outcome"),
        "{}",
        done.out
    );
    assert!(at("Customers by outcome") < at("Next: "), "{}", done.out);
    for row in [2, 3, 6] {
        at(&format!("  row {row}  {}", rows[row - 1][name]));
    }
    let first = &done.out[at("refused: 2")..at("invalid: 1")];
    assert_eq!(first.matches("To do: ").count(), 1, "what is to be done stands once: {first}");
}

#[test]
fn no_more_than_ten_failures_are_shown_and_the_rest_is_counted() {
    let fixture = Fixture::new();
    let mut rows = sample_rows();
    let email = column(&rows, "email");
    rows.iter_mut().skip(1).for_each(|row| row[email] = "nobody at nowhere".to_owned());
    fixture.write("sheet.csv", csv_of(&rows));
    let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--results", "mine.csv"]);
    assert_eq!(done.code, 3, "{}", done.err);
    assert_eq!(done.out.matches("\n  row ").count(), 10, "{}", done.out);
    assert!(
        done.out.contains("and 10 more: see the columns error_message and hint of mine.csv"),
        "{}",
        done.out
    );
    let fine = Fixture::new();
    let done = fine.run(&["run", &sample("customers.csv"), "--sandbox", "--limit", "1"]);
    assert!(!done.out.contains("What did not succeed"), "{}", done.out);
}

#[test]
fn a_quiet_run_prints_failures_and_nothing_else_and_what_was_asked_for_is_printed_all_the_same() {
    let fixture = with_failures();
    let done = fixture.run(&["run", "sheet.csv", "--sandbox", "-q", "--existing", "refuse"]);
    assert_eq!(done.code, 4, "{}", done.err);
    assert!(done.out.starts_with("What did not succeed") && !done.out.contains("Next:"), "{}", done.out);
    assert!(!done.err.contains("calls in") && !done.err.contains("rows:"), "{}", done.err);
    let fine = Fixture::new();
    for arguments in [
        &["run", &sample("customers.csv"), "--sandbox", "--quiet"][..],
        &["results", &sample("customers.csv"), "--sandbox", "-q"],
        &["status", &sample("customers.csv"), "--sandbox", "-q"],
        &["-q", "validate", &sample("customers.csv")],
    ] {
        let done = fine.run(arguments);
        assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "", ""), "{arguments:?}");
    }
    assert_eq!(fine.results().len(), 20, "the results are written");
    let done = fine.run(&["template", "-q"]);
    assert!(done.out.starts_with("subaccount_sid,"), "{}", done.out);
    let done = fine.run(&["validate", &sample("mistakes.csv"), "-q"]);
    assert!(done.code == 3 && done.out.contains("error "), "{}", done.out);
    assert_eq!(fine.run(&["validate", &sample("customers.csv"), "-q", "-v"]).code, 2);
}

#[test]
fn a_verbose_run_says_how_each_customer_ended_and_a_more_verbose_one_every_call() {
    let fixture = Fixture::new();
    let sheet = sample("customers.csv");
    let done = fixture.run(&["run", &sheet, "--sandbox", "-v", "--limit", "2"]);
    assert_eq!(done.code, 0, "{}", done.err);
    for row in [2, 3] {
        let start = format!("row {row}, AC");
        assert!(
            done.err.lines().any(|it| it.starts_with(&start) && it.ends_with(": approved")),
            "{}",
            done.err
        );
    }
    assert!(!done.err.contains("POST /v1/"), "{}", done.err);
    let done = fixture.run(&["run", &sheet, "--sandbox", "-vv", "--limit", "1"]);
    assert!(done.err.contains("POST /v1/EndUsers: 201 after "), "{}", done.err);
    assert!(!done.out.contains("--verbose 2"), "{}", done.out);
}

#[test]
fn colours_are_used_as_the_arguments_say_and_else_as_the_environment_says() {
    let fixture = Fixture::new();
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = fixture.command(arguments);
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        let done = fixture.finish(command.envs(variables.iter().copied()));
        (done.out + &done.err).contains('\x1b')
    };
    let mistakes = sample("mistakes.csv");
    let validate = ["validate", mistakes.as_str()];
    let with = |more: &[&'static str]| [&validate[..], more].concat();
    assert!(!coloured(&validate, &[]), "this is no terminal");
    assert!(coloured(&with(&["--color", "always"]), &[]));
    assert!(coloured(&with(&["--color=always"]), &[("NO_COLOR", "1")]));
    assert!(coloured(&validate, &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&with(&["--color", "auto"]), &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&with(&["--color", "never"]), &[("CLICOLOR_FORCE", "1")]));
    // What is wrong with the arguments and the help are coloured so, too.
    assert!(coloured(&["validate", "--color=always", "--no-such-flag"], &[]));
    assert!(!coloured(&["validate", "--color", "never", "--help"], &[("CLICOLOR_FORCE", "1")]));
    assert_eq!(fixture.run(&["validate", &mistakes, "--color", "blue"]).code, 2);
}
