//! The configuration file: what it may say, what wins over it, and what is said of it.

use super::fixture::*;

const FILE: &str = "trusthub-onboard.toml";

/// The first customers of the sample, in a folder with a configuration file.
fn with_file(customers: usize, text: &str) -> Fixture {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..=customers]));
    fixture.write(FILE, text);
    fixture
}

/// The least time of a run that `validate` works out shows the rate that it takes.
fn said_of_the_rate(fixture: &Fixture, arguments: &[&str]) -> (String, String) {
    let done = fixture.run(&[&["validate", "sheet.csv"][..], arguments].concat());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    (done.out, done.err)
}

#[test]
fn a_file_in_the_working_directory_speaks_for_the_flags_that_are_not_given() {
    let fixture = with_file(3, "rate = 0.5\n");
    let (by_file, said) = said_of_the_rate(&fixture, &[]);
    assert!(said.contains("Read trusthub-onboard.toml: rate = 0.5\n"), "{said}");
    let (by_flag, said) = said_of_the_rate(&fixture, &["--rate", "0.5", "--no-config"]);
    assert_eq!(by_file, by_flag);
    assert!(!said.contains(FILE), "{said}");
    let (usual, _) = said_of_the_rate(&fixture, &["--no-config"]);
    assert_ne!(by_file, usual, "without the file it is another rate");
    let (other, said) = said_of_the_rate(&fixture, &["--rate", "3"]);
    assert!(said.contains("nothing in it took effect; not rate, which the command line says"), "{said}");
    assert_ne!(by_file, other);
}

#[test]
fn a_file_that_is_named_is_read_in_place_of_the_usual_one_wherever_the_name_stands() {
    let fixture = with_file(2, "rate = 0.5\n");
    fixture.write("mine.toml", "\u{feff}rate = 0.25\n");
    for arguments in [
        &["--config", "mine.toml", "validate", "sheet.csv"][..],
        &["validate", "--config=mine.toml", "sheet.csv"],
        &["validate", "sheet.csv", "--config", "mine.toml"],
    ] {
        let done = fixture.run(arguments);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(done.err.contains("Read mine.toml: rate = 0.25\n"), "{arguments:?}: {}", done.err);
    }
    let done = fixture.run(&["validate", "sheet.csv", "--config", "none.toml"]);
    assert_eq!(done.code, 1, "{}", done.err);
    assert!(done.err.contains("none.toml cannot be read (No such file or directory)"), "{}", done.err);
    let done = fixture.run(&["validate", "sheet.csv", "--config", "mine.toml", "--no-config"]);
    assert_eq!(done.code, 2, "{}", done.err);
}

#[test]
fn every_setting_reaches_the_commands_that_have_its_flag_and_no_other() {
    let text = "rate = \"unlimited\"\nconcurrency = 2\nprimary-profile = \"BU000000000000000000000000000000ff\"\n\
                wait = \"20s\"\nproducts = [\"voice_integrity\"]\n[map]\n\"Firma\" = \"business_name\"\n\
                [set]\nbusiness_regions_of_operation = \"USA_AND_CANADA\"\n";
    let fixture = with_file(2, text);
    let mut rows = sample_rows()[..3].to_vec();
    let (name, regions) = (column(&rows, "business_name"), column(&rows, "business_regions_of_operation"));
    rows[0][name] = "Firma".to_owned();
    rows.iter_mut().for_each(|row| drop(row.remove(regions)));
    fixture.write("sheet.csv", csv_of(&rows));
    let reading = "products = voice_integrity, map (1), set (1)";
    let run = "rate = unlimited, concurrency = 2, wait = 20s";
    for (arguments, told) in [
        (&["validate", "sheet.csv"][..], format!("rate = unlimited, {reading}")),
        (
            &["run", "sheet.csv", "--sandbox"],
            format!("{run}, {reading}; not primary_profile, because the sandbox"),
        ),
        (&["results", "sheet.csv", "--sandbox"], reading.to_owned()),
        (&["status", "sheet.csv", "--sandbox"], format!("rate = unlimited, concurrency = 2, {reading}")),
        (&["rehearse", "sheet.csv", "--kills", "0", "--faults", "0"], reading.to_owned()),
        (&["template"], "products = voice_integrity".to_owned()),
    ] {
        let done = fixture.run(arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}{}", done.out, done.err);
        assert!(done.err.contains(&format!("Read {FILE}: {told}")), "{arguments:?}: {}", done.err);
    }
    assert!(fixture.results().iter().all(|row| row["outcome"] == "approved"), "{:?}", fixture.results());
    let done = fixture.run(&["completions", "bash"]);
    assert!(!done.err.contains(FILE), "no flag of it is in the file: {}", done.err);
}

#[test]
fn a_variable_stands_between_the_command_line_and_the_file() {
    let fixture = with_file(1, "primary_profile = \"BU000000000000000000000000000000f1\"");
    let run = ["run", "sheet.csv", "--base-url", "http://127.0.0.1:1", "--yes"];
    let said = |arguments: &[&str], variable: &str| {
        let mut command = fixture.command(&[&run[..], arguments].concat());
        fixture.finish(command.env("TRUSTHUB_PRIMARY_PROFILE_SID", variable)).err
    };
    let by_file = said(&[], "");
    assert!(by_file.contains("primary_profile = BU000000000000000000000000000000f1\n"), "{by_file}");
    let by_variable = said(&[], "BU000000000000000000000000000000f2");
    assert!(
        by_variable.contains("not primary_profile, which TRUSTHUB_PRIMARY_PROFILE_SID says"),
        "{by_variable}"
    );
    let by_flag = said(
        &["--primary-profile", "BU000000000000000000000000000000f3"],
        "BU000000000000000000000000000000f2",
    );
    assert!(by_flag.contains("not primary_profile, which the command line says"), "{by_flag}");
}

#[test]
fn of_maps_and_values_only_those_give_way_that_the_command_line_names() {
    let fixture = with_file(
        1,
        "set = [\"city=Nowhere\", \"iso_country=US\"]\n[map]\nC1 = \"email\"\nC2 = \"street\"\n",
    );
    let mut rows = sample_rows()[..3].to_vec();
    for name in ["city", "iso_country"] {
        let at = column(&rows, name);
        rows.iter_mut().for_each(|row| drop(row.remove(at)));
    }
    let (email, street) = (column(&rows, "email"), column(&rows, "street"));
    (rows[0][email], rows[0][street]) = ("C1".to_owned(), "C2".to_owned());
    fixture.write("sheet.csv", csv_of(&rows));
    let done = fixture.run(&["validate", "sheet.csv"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.err.contains("map (2), set (2)") || done.err.contains("set (2), map (2)"), "{}", done.err);
    let done = fixture.run(&["validate", "sheet.csv", "--set", "City=Reno", "--map", "c 1="]);
    assert!(done.err.contains("set (1 of 2), map (1 of 2)"), "{}", done.err);
    assert_eq!(done.code, 3, "the column of c 1 is left out now: {}", done.out);
    assert!(done.out.contains("email") && !done.out.contains("street"), "{}", done.out);
}

#[test]
fn what_no_file_may_say_is_an_error_that_says_why_and_repeats_no_secret() {
    for (text, told) in [
        ("auth_token = \"s3cret\"", "environment only"),
        ("TWILIO_AUTH_TOKEN = \"s3cret\"", "environment only"),
        ("account-sid = \"s3cret\"", "environment only"),
        ("[twilio]\ntoken = \"s3cret\"", "environment only"),
        ("api_key = s3cret", "is no TOML"),
        ("base_url = \"http://s3cret\"", "where credentials are sent"),
        ("base-url = \"http://s3cret\"", "where credentials are sent"),
        ("yes = true", "--yes on the command line"),
        ("command = \"run\"", "on the command line"),
        ("[run]\nrate = 5", "on the command line"),
        ("settle = 1", "on the command line"),
        ("ledger = \"x.db\"", "--ledger is said for each command"),
        ("no_submit = true", "--no-submit is said for each command"),
        ("raet = 5", "did you mean `rate`?"),
        ("Concurency = 5", "did you mean `concurrency`?"),
        ("colour = 5", "the keys are rate, concurrency"),
        ("city = \"Reno\"", "under [set]"),
        ("rate = \"fast\"", "rate \"fast\": write a number of calls a second"),
        ("rate = true", "one number or one text"),
        ("concurrency = 0", "0 is not in 1..=1024"),
        ("wait = 3", "whole number and a unit"),
        ("products = []", "name one at least"),
        ("products = [\"voice\"]", "the products are"),
        ("set = { citi = \"Reno\" }", "there is no column"),
        ("map = [1, true]", "in brackets"),
        ("rate = 5\nrate = 6", "is no TOML"),
        ("primary-profile = \"BU1\"\nprimary_profile = \"BU1\"", "stands twice"),
    ] {
        let fixture = with_file(1, text);
        for command in ["validate", "run"] {
            let sandbox: &[&str] = if command == "run" { &["--sandbox"] } else { &[] };
            let has_flag = command == "run" || !["concurrency", "wait"].iter().any(|it| text.starts_with(it));
            if !has_flag {
                continue;
            }
            let done = fixture.run(&[&[command, "sheet.csv"][..], sandbox].concat());
            assert_eq!(done.code, 1, "{text}: {}", done.err);
            assert!(done.err.contains(told), "{text}: {}", done.err);
            assert!(done.err.contains(&format!("{FILE}, line ")), "{text}: {}", done.err);
            assert!(done.err.contains("--no-config") && !done.err.contains("s3cret"), "{text}: {}", done.err);
        }
        let done = fixture.run(&["validate", "sheet.csv", "--no-config"]);
        assert_eq!(done.code, 0, "{text}: {}", done.err);
    }
}

#[test]
fn the_line_of_a_mistake_is_named() {
    let fixture = with_file(1, "# every day\nwait = \"1h\"\n\nconcurrency = 9999\n");
    let done = fixture.run(&["run", "sheet.csv", "--sandbox"]);
    assert!(done.err.contains(&format!("error: {FILE}, line 4: concurrency")), "{}", done.err);
    for (text, line) in [
        (
            "[map]\n\"E-mail X\" = \"representative_1_email\"\n# theirs\nFirm = \"nonsense\"\n",
            "line 4: map \"Firm=nonsense\"",
        ),
        ("[set]\nregion = \"TX\"\n\nnonsense = \"x\"\n", "line 4: set \"nonsense=x\""),
        (
            "map = [\n    \"E-mail X=representative_1_email\",\n    \"Firm=nonsense\",\n]\n",
            "line 3: map \"Firm=nonsense\"",
        ),
        ("products = [\n    \"cnam\",\n    \"nonsense\",\n]\n", "line 3: products \"nonsense\""),
    ] {
        let done = with_file(1, text).run(&["validate", "sheet.csv"]);
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(done.err.contains(&format!("error: {FILE}, {line}")), "{line}: {}", done.err);
    }
}

#[test]
fn the_next_command_that_is_printed_reads_the_same_file() {
    let fixture = with_file(1, "[map]\n\"Firma\" = \"business_name\"\n");
    std::fs::rename(fixture.path(FILE), fixture.path("mine.toml")).expect("renamed");
    let mut rows = sample_rows()[..2].to_vec();
    let (name, email) = (column(&rows, "business_name"), column(&rows, "email"));
    rows[0][name] = "Firma".to_owned();
    rows[1][email] = "nobody at nowhere".to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
    let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--config", "mine.toml"]);
    assert_eq!(done.code, 3, "{}", done.err);
    let next = done.out;
    assert!(next.contains("run sheet.csv --sandbox --config mine.toml"), "{next}");
    assert!(next.contains("validate sheet.csv --config mine.toml"), "{next}");
}
