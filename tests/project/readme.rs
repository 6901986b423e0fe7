//! README and docs say what the program does, because their tables are the program's.

use std::path::{Path, PathBuf};
use trusthub_onboard::check::rule;
use trusthub_onboard::cli::{CONFIG_KEYS, Exit};
use trusthub_onboard::facts::Outcome;
use trusthub_onboard::inventory::defects_table;
use trusthub_onboard::model::column;
use trusthub_onboard::products::FLOW;
use trusthub_onboard::report::result_columns;

fn path(document: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(document)
}

fn read(document: &str) -> String {
    std::fs::read_to_string(path(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// The README and every page of docs.
fn documents() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(path("docs")).expect("docs");
    let names = folder.map(|it| it.expect("an entry").file_name().into_string().expect("a name"));
    let pages = names.filter(|it| it.ends_with(".md")).map(|it| format!("docs/{it}"));
    let all = ["README.md", "CONTRIBUTING.md"].map(str::to_owned).into_iter().chain(pages);
    all.map(|name| (read(&name), name)).map(|(text, name)| (name, text)).collect()
}

/// What stands between a marker and its end.
fn section(document: &str, name: &str) -> String {
    let text = read(document);
    let start = format!("<!-- {name} -->\n");
    let from = text.find(&start).expect("the marker") + start.len();
    let to = text.find(&format!("<!-- /{name} -->")).expect("the end of the section");
    text[from..to].to_owned()
}

/// Compares a section with what the program says. With UPDATE_README set it is written instead.
fn must_say(document: &str, name: &str, table: &str) {
    if std::env::var_os("UPDATE_README").is_some() {
        let text = read(document).replace(&section(document, name), "");
        let marker = format!("<!-- {name} -->\n");
        std::fs::write(path(document), text.replace(&marker, &format!("{marker}{table}")))
            .expect("it is written");
    }
    assert_eq!(
        section(document, name),
        table,
        "run UPDATE_README=1 cargo test --test project readme:: -- --test-threads 1"
    );
}

/// What a reader of a quick start reads.
const README_BYTES_MAX: usize = 10_240;

#[test]
fn the_readme_is_short() {
    assert!(read("README.md").len() <= README_BYTES_MAX, "{} bytes", read("README.md").len());
}

#[test]
fn every_link_of_the_documents_leads_to_a_file_that_is_there() {
    let mut links = 0;
    for (name, text) in documents() {
        let folder = path(&name).parent().expect("a folder").to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if target.contains("://") || file.is_empty() {
                continue;
            }
            links += 1;
            assert!(folder.join(file).exists(), "{name} names {target}");
        }
    }
    assert!(links > 20, "only {links} links were looked at");
}

#[test]
fn the_columns_are_the_programs_columns() {
    must_say("docs/sheet.md", "columns", &column::readme_table());
}

#[test]
fn the_page_of_the_columns_is_what_the_template_command_writes_and_has_every_allowed_value() {
    let page = read("docs/columns.md");
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
    must_say("docs/rules.md", "rules", &rule::readme_table());
}

#[test]
fn the_defects_are_the_programs_defects() {
    must_say("docs/inventory.md", "defects", &defects_table());
}

#[test]
fn every_step_outcome_and_result_column_is_explained() {
    let must_have = |document: &str, words: &mut dyn Iterator<Item = String>| {
        let text = read(document);
        for word in words {
            assert!(text.contains(&format!("`{word}`")), "{word} is not in {document}");
        }
    };
    let own_representative = |it: &&str| !it.starts_with("representative_2");
    let steps = FLOW.steps().map(|step| step.name).filter(own_representative);
    must_have("docs/flow.md", &mut steps.map(str::to_owned));
    must_have("docs/results.md", &mut result_columns(&FLOW).into_iter());
    must_have("README.md", &mut Outcome::ALL.iter().map(|outcome| outcome.word().to_owned()));
}

#[test]
fn every_key_of_a_configuration_file_is_explained() {
    let page = read("docs/configuration.md");
    let table: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    for key in CONFIG_KEYS {
        assert!(table.contains(&key), "{key} is not in {table:?}");
    }
}

#[test]
fn every_exit_code_is_explained() {
    let readme = read("README.md");
    for exit in [
        Exit::Success,
        Exit::Fault,
        Exit::Usage,
        Exit::InvalidRows,
        Exit::RefusedRows,
        Exit::RunAgain,
        Exit::ChangesPending,
        Exit::NotConfirmed,
    ] {
        assert!(readme.contains(&format!("\n| {} | ", exit.code())), "{exit:?}");
    }
}

/// What stands in the blocks of a page and is typed as it stands.
fn commands(page: &str) -> Vec<Vec<String>> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("    "));
    let typed = lines.filter(|line| line.starts_with("trusthub-onboard ") && !line.contains('…'));
    let ends = |word: &String| ["&", "||", "|", ">"].contains(&word.as_str());
    let words = |line: &str| shlex::split(line).unwrap_or_else(|| panic!("{line}"));
    typed.map(|line| words(line).into_iter().take_while(|it| !ends(it)).collect()).collect()
}

#[test]
fn every_command_of_the_documents_is_one_that_the_program_understands() {
    let mut count = 0;
    for (document, page) in documents() {
        for command in commands(&page) {
            let words: Vec<_> = command.iter().map(std::ffi::OsString::from).collect();
            assert!(trusthub_onboard::cli::Cli::read(&words).is_ok(), "{document}: {command:?}");
            count += 1;
        }
    }
    assert!(count > 30, "only {count} commands");
}
