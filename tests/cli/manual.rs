//! Completions and manual pages have every flag of every command; lists of values are had for the asking.

use super::fixture::*;
use clap::{Command, CommandFactory};
use trusthub_onboard::cli::Cli;

fn program() -> Command {
    let mut program = Cli::command();
    program.build();
    program
}

/// The commands with the flags that help shows, each with two hyphens, and those that are hidden.
fn flags() -> Vec<(String, Vec<String>, Vec<String>)> {
    let commands = program().get_subcommands().cloned().collect::<Vec<_>>();
    let of = |command: &Command| {
        let longs = |hidden: bool| {
            let flags = command.get_arguments().filter(|it| it.is_hide_set() == hidden);
            flags.filter_map(|it| it.get_long()).map(|it| format!("--{it}")).collect::<Vec<_>>()
        };
        (command.get_name().to_owned(), longs(false), longs(true))
    };
    commands.iter().map(of).filter(|it| it.0 != "help").collect()
}

#[test]
fn the_completions_of_bash_have_every_flag_of_every_command() {
    let fixture = Fixture::new();
    let done = fixture.run(&["completions", "bash"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    for (command, shown, _) in flags() {
        let label = format!("trusthub__subcmd__onboard__subcmd__{command})\n");
        let from = done.out.find(&label).unwrap_or_else(|| panic!("{label} is not there"));
        let section = &done.out[from..];
        let words = section.split("opts=\"").nth(1).and_then(|it| it.split('"').next()).expect("its options");
        let words: Vec<&str> = words.split(' ').collect();
        assert!(shown.len() >= 6, "{command}: {shown:?}");
        for flag in shown {
            assert!(words.contains(&flag.as_str()), "{command} {flag}: {words:?}");
        }
    }
}

#[test]
fn every_shell_has_completions_and_another_is_a_mistake_of_usage() {
    let fixture = Fixture::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = fixture.run(&["completions", shell]);
        assert_eq!(done.code, 0, "{shell}: {}", done.err);
        for (command, shown, _) in flags() {
            assert!(done.out.contains(&command), "{shell}: {command}");
            for flag in shown {
                let name = flag.trim_start_matches('-');
                assert!(done.out.contains(name), "{shell}: {command} {flag}");
            }
        }
    }
    let done = fixture.run(&["completions", "cmd"]);
    assert_eq!(done.code, 2, "{}", done.err);
}

#[test]
fn the_manual_has_a_page_of_every_command_with_every_flag_of_it() {
    let fixture = Fixture::new();
    let done = fixture.run(&["man", "-o", "a/man1"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    let mut pages: Vec<String> = std::fs::read_dir(fixture.path("a/man1"))
        .expect("the folder")
        .map(|it| it.expect("a page").file_name().into_string().expect("a name"))
        .collect();
    pages.sort();
    let mut expected: Vec<String> = flags().iter().map(|it| format!("trusthub-onboard-{}.1", it.0)).collect();
    expected.push("trusthub-onboard.1".to_owned());
    expected.sort();
    assert_eq!(pages, expected);
    for (command, shown, hidden) in flags() {
        let page = fixture.read(&format!("a/man1/trusthub-onboard-{command}.1")).replace("\\-", "-");
        // The synopsis names every flag; what it does stands behind the description.
        let page = page.split_once(".SH DESCRIPTION").expect("a description").1;
        let has = |flag: &String| {
            page.split(flag.as_str())
                .skip(1)
                .any(|rest| !rest.starts_with(|it: char| it == '-' || it.is_alphanumeric()))
        };
        for flag in &shown {
            assert!(has(flag), "{command} {flag}: {page}");
        }
        assert!(!hidden.iter().any(has), "{command}: {hidden:?}");
    }
    let first = fixture.read("a/man1/trusthub-onboard.1");
    assert!(first.contains("trusthub\\-onboard\\-run(1)") && first.contains("Exit codes"), "{first}");
    let printed = fixture.run(&["man"]);
    assert_eq!((printed.code, printed.out), (0, first), "without a folder the first page is printed");
    // What stands in columns stays in columns.
    let run = fixture.read("a/man1/trusthub-onboard-run.1");
    let table = run.split(".nf\n").nth(1).and_then(|it| it.split(".fi").next()).expect("a table");
    assert!(table.contains("\n  subaccount_sid "), "{table}");
}

#[test]
fn a_list_of_values_is_had_for_the_asking_and_that_is_no_mistake() {
    let fixture = Fixture::new();
    for (arguments, told) in [
        (&["sandbox", "--fault", "help"][..], "lose-reply: carried out"),
        (&["sandbox", "--setting", "help"], "empty-parameter="),
        (&["sandbox", "--fault", "lose-reply@7", "--fault", "HELP"], "storm: "),
        (&["template", "--columns"], "average_business_day_call_volume"),
    ] {
        let done = fixture.run(arguments);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{arguments:?}: {}", done.out);
        assert!(done.out.contains(told) && done.out.lines().count() > 10, "{arguments:?}: {}", done.out);
    }
    let done = fixture.run(&["sandbox", "--fault", "helpp"]);
    assert_eq!(done.code, 2, "{}", done.err);
}

#[test]
fn it_is_said_which_credential_is_missing() {
    let fixture = Fixture::new();
    const SID: &str = "AC000000000000000000000000000000aa";
    for (account, token, told) in [
        (None, None, "missing: TWILIO_ACCOUNT_SID is not set, and TWILIO_AUTH_TOKEN is not set\n"),
        (Some(SID), None, "missing: TWILIO_AUTH_TOKEN is not set\n"),
        (Some(SID), Some(""), "missing: TWILIO_AUTH_TOKEN is empty\n"),
        (Some(""), Some("a-token"), "missing: TWILIO_ACCOUNT_SID is empty\n"),
        (None, Some("a-token"), "missing: TWILIO_ACCOUNT_SID is not set\n"),
        (Some(" "), Some(" "), "missing: TWILIO_ACCOUNT_SID is empty, and TWILIO_AUTH_TOKEN is empty\n"),
    ] {
        let mut command = fixture.command(&["run", &sample("customers.csv")]);
        for (name, value) in [("TWILIO_ACCOUNT_SID", account), ("TWILIO_AUTH_TOKEN", token)] {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        let done = fixture.finish(&mut command);
        assert_eq!(done.code, 1, "{}", done.err);
        assert!(done.err.contains(told), "{account:?} {token:?}: {}", done.err);
    }
}
