//! Numbers that come and go after the approval, command by command.

use super::fixture::*;

const KEPT: &str = "PN0000000000000000000000000000a001";
const GOES: &str = "PN0000000000000000000000000000a002";
const COMES: &str = "PN0000000000000000000000000000a003";

/// Writes the sheet with one customer who has these numbers.
fn with(fixture: &Fixture, numbers: &[&str]) {
    let mut rows = sample_rows();
    let at = column(&rows, "phone_numbers");
    rows[1][at] = numbers.join("; ");
    fixture.write("sheet.csv", csv_of(&rows[..2]));
}

fn run(fixture: &Fixture, flags: &[&str]) -> Done {
    fixture.run(&[&["run", "sheet.csv", "--sandbox"], flags].concat())
}

/// The numbers of the numbers file with their states.
fn states(fixture: &Fixture) -> Vec<(String, String)> {
    fixture.numbers().into_iter().map(|it| (it["phone_number_sid"].clone(), it["outcome"].clone())).collect()
}

#[test]
fn numbers_are_added_at_once_and_taken_off_with_the_flag_and_the_plan_says_so_first() {
    let fixture = Fixture::new();
    with(&fixture, &[KEPT, GOES]);
    assert_eq!(run(&fixture, &[]).code, 0);
    with(&fixture, &[KEPT, COMES]);
    let done = run(&fixture, &[]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let state = |sid: &str, state: &str| (sid.to_owned(), state.to_owned());
    let expected = [state(KEPT, "assigned"), state(COMES, "assigned"), state(GOES, "not_in_row")];
    assert_eq!(states(&fixture), expected);
    let row = fixture.results().remove(0);
    assert_eq!(row["outcome"], "approved");
    assert_eq!(row["remarks"], "numbers_not_in_row");
    for column in ["hint", "next_action"] {
        assert!(row[column].contains("--remove-numbers"), "{column}: {row:?}");
    }
    assert!(
        row["error_message"].contains(GOES) && row["columns_to_correct"].contains("phone_numbers"),
        "{row:?}"
    );
    for command in
        [["plan", "sheet.csv", "--sandbox"].as_slice(), &["plan", "sheet.csv", "--sandbox", "--online"]]
    {
        let flags = ["--remove-numbers", "--only", "numbers", "--format", "json"];
        let plan = fixture.run(&[command, &flags].concat());
        let plan: serde_json::Value = serde_json::from_str(&plan.out).expect("a plan");
        let writes = plan["rows"][0]["writes"].as_array().expect("writes").clone();
        let steps: Vec<&str> = writes.iter().filter_map(|it| it["step"].as_str()).collect();
        assert_eq!(steps, ["trust_product_phone_numbers", "customer_profile_phone_numbers"], "{command:?}");
        assert!(writes.iter().all(|it| it["method"] == "DELETE" && it["action"] == "remove"), "{writes:?}");
    }
    let done = run(&fixture, &["--only", "numbers", "--remove-numbers"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_eq!(states(&fixture), expected[..2]);
    assert_eq!(fixture.results()[0]["remarks"], "");
}

#[test]
fn what_would_take_too_much_is_refused_with_the_flag_that_allows_it() {
    let fixture = Fixture::new();
    let many: Vec<String> = (0..5).map(|n| format!("PN0000000000000000000000000000b00{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    with(&fixture, &many);
    assert_eq!(run(&fixture, &[]).code, 0);
    with(&fixture, &many[..2]);
    let done = run(&fixture, &["--remove-numbers"]);
    assert_eq!(done.code, 4, "{}{}", done.out, done.err);
    let row = fixture.results().remove(0);
    assert_eq!(
        (row["outcome"].as_str(), row["error_code"].as_str()),
        ("refused", "too_many_numbers_to_remove")
    );
    assert!(row["error_message"].contains("3 of 5") && row["hint"].contains("--remove-max"), "{row:?}");
    let done = run(&fixture, &["--remove-numbers", "--remove-max", "60%"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert_eq!(states(&fixture).len(), 2);
}

#[test]
fn the_bounds_of_a_removal_say_nothing_without_it_and_make_sense() {
    let fixture = Fixture::new();
    with(&fixture, &[KEPT]);
    for flags in [["--remove-max", "3"].as_slice(), &["--remove-all"]] {
        let done = run(&fixture, flags);
        assert!(done.code == 2 && done.err.contains("--remove-numbers"), "{}", done.err);
    }
    for most in ["many", "-1", "101%", "%", "1.5"] {
        let done = run(&fixture, &["--remove-numbers", &format!("--remove-max={most}")]);
        assert!(done.code == 2 && done.err.contains("0% to 100%"), "{most}: {}", done.err);
    }
}
