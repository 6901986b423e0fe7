//! The README says what the program does, because its tables are the program's.

use std::path::Path;
use trusthub_onboard::check::rule;
use trusthub_onboard::cli::Exit;
use trusthub_onboard::model::column;
use trusthub_onboard::plan::Outcome;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::report::result_columns;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README")
}

/// What stands between a marker and its end.
fn section(name: &str) -> String {
    let readme = readme();
    let start = format!("<!-- {name} -->\n");
    let from = readme.find(&start).expect("the marker") + start.len();
    let to = readme.find(&format!("<!-- /{name} -->")).expect("the end of the section");
    readme[from..to].to_owned()
}

/// Compares a section with what the program says. With UPDATE_README set it is written instead.
fn must_say(name: &str, table: &str) {
    if std::env::var_os("UPDATE_README").is_some() {
        let readme = readme().replace(&section(name), "");
        let marker = format!("<!-- {name} -->\n");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        std::fs::write(path, readme.replace(&marker, &format!("{marker}{table}")))
            .expect("the README is written");
    }
    assert_eq!(section(name), table, "run UPDATE_README=1 cargo test --test readme -- --test-threads 1");
}

#[test]
fn the_columns_are_the_programs_columns() {
    must_say("columns", &column::readme_table());
}

#[test]
fn the_page_of_the_columns_is_what_the_template_command_writes_and_has_every_allowed_value() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/columns.md");
    let page = std::fs::read_to_string(path).expect("docs/columns.md");
    let how = "rm docs/columns.md && cargo run -- template -o docs/columns.md";
    assert_eq!(page, column::page(), "out of date: {how}");
    for spec in &column::COLUMNS {
        assert!(page.contains(&format!("### `{}`", spec.name)), "{}", spec.name);
        for value in spec.values.iter().chain(spec.newer_values) {
            assert!(page.contains(&format!("\n- `{value}`")), "{value} of {}", spec.name);
        }
    }
}

#[test]
fn the_rules_are_the_programs_rules() {
    must_say("rules", &rule::readme_table());
}

#[test]
fn every_step_outcome_and_result_column_is_explained() {
    let readme = readme();
    let own_representative = |it: &&str| !it.starts_with("representative_2");
    let steps = FLOW.steps().map(|step| step.name).filter(own_representative);
    let columns = result_columns(&FLOW);
    let outcomes = Outcome::ALL.iter().map(|outcome| outcome.word());
    for word in steps.chain(outcomes).chain(columns.iter().map(String::as_str)) {
        assert!(readme.contains(&format!("`{word}`")), "{word} is not in the README");
    }
}

#[test]
fn every_exit_code_is_explained() {
    let readme = readme();
    for exit in
        [Exit::Success, Exit::Fault, Exit::Usage, Exit::InvalidRows, Exit::RefusedRows, Exit::RunAgain]
    {
        assert!(readme.contains(&format!("\n| {} | ", exit.code())), "{exit:?}");
    }
}
