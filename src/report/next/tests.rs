//! What is to be done next, for every mix of outcomes and flags.

use super::*;

fn flag(name: &str, values: &[&str]) -> Flag {
    Flag { name: name.to_owned(), values: values.iter().map(|it| (*it).to_owned()).collect() }
}

fn typed(flags: &[Flag]) -> CommandLine {
    CommandLine {
        program: "trusthub-onboard".to_owned(),
        command: "run".to_owned(),
        sheet: "customers.csv".to_owned(),
        flags: flags.to_vec(),
    }
}

fn tally(outcomes: &[Outcome]) -> Tally {
    let mut tally = Tally::default();
    outcomes.iter().for_each(|outcome| tally.add(*outcome));
    tally
}

/// Every mix of outcomes, one customer each.
fn mixes() -> impl Iterator<Item = Vec<Outcome>> {
    let all = Outcome::ALL;
    (1_u32..1 << all.len()).map(move |mix| {
        all.into_iter().enumerate().filter(|(at, _)| mix >> at & 1 == 1).map(|it| it.1).collect()
    })
}

/// Flags with a value of each kind that a shell would take for something else.
fn every_flag() -> Vec<Flag> {
    vec![
        flag("sheet", &["Sheet 1"]),
        flag("encoding", &["cp850"]),
        flag("delimiter", &[";"]),
        flag("header-row", &["3"]),
        flag("map", &["Tax Number=business_registration_number", "H=email"]),
        flag("set", &["email=it's@reseller.com"]),
        flag("accept", &["city=Null"]),
        flag("strict", &[]),
        flag("ledger", &["my ledger.db"]),
        flag("base-url", &["http://127.0.0.1:4010"]),
        flag("results", &["out.csv"]),
        flag("failed", &["failed.xlsx"]),
        flag("log", &["calls.jsonl"]),
        flag("yes", &[]),
        flag("only", &["failed"]),
        flag("limit", &["1"]),
        flag("no-submit", &[]),
        flag("evaluate", &["warn"]),
        flag("rate", &["5"]),
    ]
}

#[test]
fn in_every_mix_each_group_gets_its_line_and_none_is_told_twice() {
    for ended in [
        HowItEnded::default(),
        HowItEnded { interrupted: true, ..HowItEnded::default() },
        HowItEnded { tripped: true, ..HowItEnded::default() },
    ] {
        for mix in mixes() {
            let groups = next(&tally(&mix), &typed(&[]), ended);
            let mut told: Vec<Outcome> = groups.iter().flat_map(|it| it.outcomes.clone()).collect();
            told.sort_unstable();
            assert_eq!(told, mix, "{groups:?}");
            for group in &groups {
                assert_eq!(group.customers, group.outcomes.len() as u64);
                assert!(group.outcomes.iter().all(|it| who(*it) == group.who), "{group:?}");
                assert_eq!(group.command.is_none(), group.who == Who::Nobody, "{group:?}");
            }
            // Who has to act comes first.
            assert!(groups.iter().map(|it| it.who as u8).is_sorted(), "{groups:?}");
        }
    }
}

#[test]
fn a_following_run_keeps_what_still_applies_and_leaves_out_what_was_for_one_run() {
    let kept = "--sheet 'Sheet 1' --encoding cp850 --delimiter ';' --header-row 3 \
                --map 'Tax Number=business_registration_number' --map H=email \
                --set 'email=it'\\''s@reseller.com' --accept city=Null --strict --ledger 'my ledger.db' \
                --base-url http://127.0.0.1:4010 --results out.csv --failed failed.xlsx --log calls.jsonl \
                --evaluate warn --rate 5";
    let run = format!("trusthub-onboard run customers.csv {kept}");
    for mix in mixes() {
        for group in next(&tally(&mix), &typed(&every_flag()), HowItEnded::default()) {
            let command = group.command.clone().unwrap_or_default();
            let wanted = match group.outcomes[0] {
                Outcome::Approved => String::new(),
                Outcome::Unsure => {
                    "trusthub-onboard resolve SUBACCOUNT STEP SID --ledger 'my ledger.db' --base-url \
                                    http://127.0.0.1:4010"
                        .to_owned()
                }
                Outcome::Submitted => {
                    run.replace(" run ", " status ").replace(" --failed failed.xlsx --log calls.jsonl", "")
                }
                _ => run.clone(),
            };
            assert_eq!(command, wanted, "{group:?}");
        }
    }
}

#[test]
fn a_proposed_validate_reads_the_sheet_as_the_run_did() {
    let groups = next(&tally(&[Outcome::Invalid]), &typed(&every_flag()), HowItEnded::default());
    let validate = "(trusthub-onboard validate customers.csv --sheet 'Sheet 1' --encoding cp850 --delimiter ';' \
                    --header-row 3 --map 'Tax Number=business_registration_number' --map H=email \
                    --set 'email=it'\\''s@reseller.com' --accept city=Null --strict)";
    assert!(groups[0].what.contains(validate), "{}", groups[0].what);
}

#[test]
fn the_faces_that_were_wrong() {
    let run = |flags: &[Flag], mix: &[Outcome]| {
        let groups = next(&tally(mix), &typed(flags), HowItEnded::default());
        groups.into_iter().map(|it| (it.outcomes, it.command.unwrap_or_default())).collect::<Vec<_>>()
    };
    let (plain, all) =
        ("trusthub-onboard run customers.csv".to_owned(), [Outcome::Approved, Outcome::NotAttempted]);
    // A limit was for one run.
    assert!(run(&[flag("limit", &["1"])], &all).contains(&(vec![Outcome::NotAttempted], plain.clone())));
    // Drafts are looked at, then submitted.
    let drafted = run(&[flag("no-submit", &[])], &[Outcome::Drafted]);
    assert_eq!(drafted, [(vec![Outcome::Drafted], plain.clone())]);
    // A corrected row that was invalid has never been begun: `--only failed` would pass over it.
    for mix in [vec![Outcome::Invalid, Outcome::Refused], vec![Outcome::Refused], vec![Outcome::Invalid]] {
        for flags in [vec![], vec![flag("only", &["failed"])]] {
            assert!(run(&flags, &mix).iter().all(|it| it.1 == plain), "{mix:?}");
        }
    }
    // Rows that wait hide no invalid ones, nor the other way round.
    let waiting = run(&[], &[Outcome::Invalid, Outcome::AwaitingProfileApproval, Outcome::Unsure]);
    assert_eq!(waiting.len(), 3);
    // A profile that was approved is gone on with.
    assert_eq!(run(&[], &[Outcome::ProfileApproved]), [(vec![Outcome::ProfileApproved], plain)]);
}

#[test]
fn a_sheet_is_named_as_a_shell_takes_it() {
    for (sheet, command) in [
        ("-", "cat YOUR-SHEET | t run -"),
        ("my customers.csv", "t run 'my customers.csv'"),
        ("-odd.csv", "t run ./-odd.csv"),
    ] {
        let typed = CommandLine { program: "t".to_owned(), sheet: sheet.to_owned(), ..typed(&[]) };
        assert_eq!(typed.run(), command);
    }
    let typed = CommandLine { program: "t".to_owned(), ..typed(&[flag("set", &["-a=b"])]) };
    // A value that begins with a dash would be taken for a flag.
    assert_eq!(typed.run(), "t run customers.csv --set=-a=b");
}

#[test]
fn only_a_command_that_is_typed_once_more_as_it_was_is_called_the_same() {
    let waits = tally(&[Outcome::AwaitingProfileApproval, Outcome::Unfinished]);
    let says = |command: &str, flags: &[Flag]| {
        let typed = CommandLine { command: command.to_owned(), ..typed(flags) };
        let groups = next(&waits, &typed, HowItEnded::default());
        assert!(groups.iter().all(|it| it.command.as_ref().is_some_and(|it| it.contains(" run "))));
        groups.iter().map(|it| it.what.contains("same command")).collect::<Vec<_>>()
    };
    assert_eq!(says("run", &[flag("rate", &["5"])]), [true, true]);
    for command in ["status", "results"] {
        assert_eq!(says(command, &[]), [false, false], "{command}");
    }
    for name in FOR_ONE_RUN {
        assert_eq!(says("run", &[flag(name, &["1"])]), [false, false], "--{name}");
    }
}
