//! Values that the lists do not know, and where the allowed ones are found.

use super::fixture::*;

/// The first two customers of the sample with a value of the first one changed.
fn with(fixture: &Fixture, name: &str, value: &str) {
    let mut rows = sample_rows();
    rows.truncate(3);
    let at = column(&rows, name);
    rows[1][at] = value.to_owned();
    fixture.write("sheet.csv", csv_of(&rows));
}

#[test]
fn a_value_that_no_list_has_is_sent_with_accept_by_every_command_that_reads_the_sheet() {
    let fixture = Fixture::new();
    with(&fixture, "business_industry", "MINING");
    let refused = fixture.run(&["validate", "sheet.csv"]);
    assert_eq!(refused.code, 3, "{}", refused.out);
    assert!(refused.out.contains("not_in_list"), "{}", refused.out);
    let accept = ["--accept", "business_industry=MINING", "--accept", "city=Null"];
    let done = fixture.run(&[&["validate", "sheet.csv"][..], &accept].concat());
    assert_eq!(done.code, 0, "{}", done.out);
    assert!(done.out.contains("warning") && done.out.contains("2 valid"), "{}", done.out);
    // The sandbox would not pass it, so what is looked at is the request that it was sent.
    let run = ["run", "sheet.csv", "--sandbox", "--evaluate", "off", "--no-submit"];
    let done = fixture.run(&[&run[..], &accept].concat());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("2  drafted"), "{}", done.out);
    for command in ["results", "status"] {
        let done = fixture.run(&[&[command, "sheet.csv", "--sandbox", "--no-submit"][..], &accept].concat());
        assert_eq!(done.code, 0, "{command}: {}{}", done.out, done.err);
        assert_eq!(fixture.results()[0]["outcome"], "drafted", "{command}");
    }
    let done = fixture.run(&["results", "sheet.csv", "--sandbox", "--no-submit"]);
    assert_eq!(done.code, 3, "without it the row is invalid: {}", done.out);
}

#[test]
fn an_accepted_value_and_one_that_is_not_are_printed_apart() {
    let fixture = Fixture::new();
    let mut rows = sample_rows();
    rows.truncate(3);
    let at = column(&rows, "business_industry");
    (rows[1][at], rows[2][at]) = ("MINING".to_owned(), "QUARRYING".to_owned());
    fixture.write("sheet.csv", csv_of(&rows));
    let done = fixture.run(&["validate", "sheet.csv", "--accept", "business_industry=MINING"]);
    assert_eq!(done.code, 3, "{}", done.out);
    for line in ["warning business_industry [not_in_list]", "error business_industry [not_in_list]"] {
        assert!(done.out.contains(line), "{line}: {}", done.out);
    }
    assert!(done.out.contains("1 error, 1 warning"), "{}", done.out);
}

#[test]
fn a_value_of_a_newer_page_goes_through_a_whole_run() {
    let fixture = Fixture::new();
    for (name, value) in [("business_type", "Non-profit Corporation"), ("business_industry", "CONSTRUCTION")]
    {
        with(&fixture, name, value);
        let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--fresh"]);
        assert_eq!(done.code, 0, "{value}: {}{}", done.out, done.err);
        assert!(done.out.contains("2  approved"), "{value}: {}", done.out);
    }
}

#[test]
fn an_accept_that_cannot_be_meant_is_a_mistake_of_usage() {
    let fixture = Fixture::new();
    for value in ["MINING", "industry of theirs=MINING", "subaccount_sid=AC1", "city="] {
        let done = fixture.run(&["validate", &sample("customers.csv"), "--accept", value]);
        assert_eq!(done.code, 2, "{value}: {}{}", done.out, done.err);
        assert!(done.err.contains("--accept"), "{}", done.err);
    }
}

#[test]
fn every_allowed_value_of_a_column_is_printed_on_a_line_of_its_own() {
    let fixture = Fixture::new();
    let lines = |arguments: &[&str]| {
        let done = fixture.run(&[&["template", "--columns"][..], arguments].concat());
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.err);
        done.out.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let printed = lines(&["use_case"]);
    for value in ["Identify & Verification", "Therapy (Individual+Group)", "Survey/Research"] {
        assert!(printed.iter().any(|line| line == value), "{value}: {printed:?}");
    }
    assert_eq!(printed.len(), 2 + 45, "{printed:?}");
    let printed = lines(&["Business Industry", "region"]).join("\n");
    assert!(printed.contains("\nHEALTHCARE\n") && printed.contains("\nCONSTRUCTION"), "{printed}");
    assert!(printed.contains("\nMA  Massachusetts\n"), "{printed}");
    assert!(lines(&[]).join("\n").contains("average_business_day_call_volume"));
    let done = fixture.run(&["template", "--columns", "use_cases"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("use_case"), "{}", done.err);
}

#[test]
fn results_are_never_written_under_the_name_of_another_format() {
    let fixture = Fixture::new();
    for name in ["out.ods", "out.xlsm", "out.json", "out.csv.gz", "out.txt", "out.xls"] {
        for command in ["run", "results", "status"] {
            let done = fixture.run(&[command, &sample("customers.csv"), "--sandbox", "--results", name]);
            assert_eq!(done.code, 2, "{command} {name}: {}{}", done.out, done.err);
            assert!(done.err.contains(".csv"), "{command} {name}: {}", done.err);
        }
    }
    let files = std::fs::read_dir(&fixture.folder).expect("the folder").count();
    assert_eq!(files, 0, "nothing was sent and nothing written");
    for name in ["out.csv", "out.CSV", "out", "out.xlsx", "out.XLSX"] {
        let done =
            fixture.run(&["run", &sample("customers.csv"), "--sandbox", "--limit", "1", "--results", name]);
        assert_eq!(done.code, 0, "{name}: {}{}", done.out, done.err);
        assert!(fixture.path(name).exists(), "{name}");
    }
}
