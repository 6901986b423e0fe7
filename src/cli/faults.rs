//! How the sandbox is told to misbehave: on its command line, and line by line while it runs.

use super::args::FaultArgs;
use crate::sandbox::{Among, Edit, Fault, Faults, Lag, Limit, Rule, Sandbox, Verdict, When};

/// The faults that have a name, with what each means.
const NAMED: &[(&str, Fault, &str)] = &[
    ("lose-reply", Fault::LoseReply, "carried out, the connection closes without an answer"),
    ("drop-request", Fault::DropRequest, "not carried out, the connection closes without an answer"),
    ("fail-before-500", Fault::FailBefore(500), "not carried out, 500"),
    ("fail-before-503", Fault::FailBefore(503), "not carried out, 503"),
    ("fail-after-500", Fault::FailAfter(500), "carried out, 500 all the same"),
    ("fail-after-503", Fault::FailAfter(503), "carried out, 503 all the same"),
    ("tear-body", Fault::TearBody, "carried out, the connection closes in the middle of the body"),
    ("tear-headers", Fault::TearHeaders, "carried out, the connection closes in the middle of the headers"),
    ("cut-json", Fault::CutJson, "carried out, half of the JSON"),
    ("html-201", Fault::Html(201), "carried out, a page instead of JSON"),
    ("html-502", Fault::Html(502), "not carried out, a proxy's page"),
    ("html-after-401", Fault::HtmlAfter(401), "carried out, a gateway's page with 401 all the same"),
    ("html-after-404", Fault::HtmlAfter(404), "carried out, a gateway's page with 404 all the same"),
    ("html-after-429", Fault::HtmlAfter(429), "carried out, a gateway's page with 429 all the same"),
    ("fail-after-404", Fault::FailAfter(404), "carried out, 404 all the same"),
    ("fail-before-409", Fault::FailBefore(409), "not carried out, 409"),
    ("fail-after-409", Fault::FailAfter(409), "carried out, 409 all the same"),
    ("empty-body", Fault::EmptyBody, "carried out, an empty body"),
    ("null-account", Fault::NullAccount, "carried out, account_sid is null"),
    ("no-account", Fault::NoAccount, "carried out, account_sid is missing"),
    (
        "conflicting-update-400",
        Fault::ConflictingUpdate(400),
        "not carried out, 400 with 20162: wait and ask again",
    ),
    (
        "conflicting-update-409",
        Fault::ConflictingUpdate(409),
        "not carried out, 409 with 20162: wait and ask again",
    ),
    ("throttle", Fault::Throttle(None), "not carried out, 429"),
    ("rotate-token", Fault::RotateToken, "the account's token changes just before"),
    ("suspend", Fault::Suspend, "the account is suspended just before"),
    ("ignore-submission", Fault::IgnoreSubmission, "a submission changes nothing"),
    ("close-connection", Fault::CloseConnection, "the connection closes after the answer"),
    (
        "apply-late-5s",
        Fault::ApplyLate(5_000),
        "an update or a submission is answered as carried out, and is so only after five seconds",
    ),
    (
        "lose-reply-late-5s",
        Fault::LoseReplyApplyLate(5_000),
        "the connection closes without an answer, and it is carried out only after five seconds",
    ),
    ("refuse-1s", Fault::RefuseConnections(1_000), "no connections for a second"),
];

/// Fourteen faults of the network and the API, evenly mixed.
const STORM: &str = "storm";

/// Reads `KIND@WHEN`: a kind, and a request's number, a span of numbers, or a share in percent.
/// `help` asks for the kinds.
pub fn parse(text: &str) -> Result<FaultArg, String> {
    if text.eq_ignore_ascii_case(HELP) {
        return Ok(FaultArg::Help);
    }
    let (kind, when) = text.split_once('@').ok_or_else(|| help("write KIND@WHEN, such as lose-reply@7"))?;
    let when = parse_when(when)?;
    if kind == STORM {
        return match when {
            When::Share(share) => Ok(FaultArg::Storm(share)),
            _ => Err("a storm has a share, such as storm@5%".to_owned()),
        };
    }
    match NAMED.iter().find(|it| it.0 == kind) {
        Some((_, fault, _)) => Ok(FaultArg::Rule(Rule { fault: fault.clone(), among: Among::All, when })),
        None => Err(help(&format!("there is no fault {kind:?}"))),
    }
}

/// A fault as an argument gives it.
#[derive(Clone, Debug)]
pub enum FaultArg {
    Rule(Rule),
    /// This share of all requests, 0 to 1.
    Storm(f64),
    /// No fault: the list of them is asked for.
    Help,
}

/// The value that asks for a list of all values.
pub const HELP: &str = "help";

/// The kinds of faults, each on a line.
pub fn list() -> String {
    help("Faults are written KIND@WHEN, such as lose-reply@7, fail-after-500@7-9 or tear-body@3%:")
}

/// The faults that the sandbox starts with.
pub fn at_start(args: &FaultArgs) -> Faults {
    let limit = |per_second, concurrent| Limit { per_second, concurrent, retry_after_s: args.retry_after };
    let mut faults = Faults {
        seed: args.seed,
        latency_ms: args.latency.clone(),
        limit_global: limit(args.limit_per_second, args.limit_concurrent),
        limit_per_account: limit(args.limit_per_account_per_second, args.limit_per_account_concurrent),
        lag: Lag { lists_ms: args.list_lag, objects_ms: args.object_lag, ..Lag::default() },
        ..Faults::default()
    };
    for fault in &args.fault {
        add(&mut faults, fault.clone());
    }
    faults
}

/// What a line on standard input does to a running sandbox. Says what was done, or what is wrong.
pub fn obey(line: &str, sandbox: &Sandbox, faults: &mut Faults) -> Result<String, String> {
    let mut words = line.split_whitespace();
    let edit = |edit: Edit| sandbox.edit(edit).map_err(|error| error.to_string());
    match (words.next(), words.next()) {
        (Some("fault"), Some(text)) if text.eq_ignore_ascii_case(HELP) => Ok(list()),
        (Some("fault"), Some(text)) => {
            add(faults, parse(text)?);
            sandbox.misbehave(faults.clone());
            Ok(format!("from now on {text}; requests are counted from 1 again"))
        }
        (Some("calm"), None) => {
            *faults = Faults { seed: faults.seed, ..Faults::default() };
            sandbox.misbehave(faults.clone());
            Ok("no more faults, limits, latency and lag".to_owned())
        }
        (Some(word @ ("limit" | "limit-per-account")), Some(text)) => {
            let per_second = if text == "off" { None } else { Some(rate(text)?) };
            let limit = match word {
                "limit" => &mut faults.limit_global,
                _ => &mut faults.limit_per_account,
            };
            limit.per_second = per_second;
            sandbox.misbehave(faults.clone());
            Ok(format!("{word}: {text} requests a second"))
        }
        (Some("latency"), Some(text)) => {
            faults.latency_ms = super::args::span(text)?;
            sandbox.misbehave(faults.clone());
            Ok(format!("answers take {text} ms"))
        }
        (Some(word @ ("list-lag" | "object-lag")), Some(text)) => {
            let lag = if word == "list-lag" { &mut faults.lag.lists_ms } else { &mut faults.lag.objects_ms };
            *lag = super::args::duration(text)?;
            sandbox.misbehave(faults.clone());
            Ok(format!("{word}: {text}"))
        }
        (Some("refuse"), Some(text)) => {
            let wait_ms =
                text.parse().map_err(|_| "write how many milliseconds, such as refuse 2000".to_owned())?;
            sandbox.refuse_connections(wait_ms);
            Ok(format!("no connections for {wait_ms} ms"))
        }
        (Some("rotate"), Some(account)) => edit(Edit::RotateToken { account: account.to_owned() })
            .map(|_| format!("{account} has a new token")),
        (Some(word @ ("suspend" | "activate")), Some(account)) => {
            let status = if word == "suspend" { "suspended" } else { "active" };
            edit(Edit::SetAccountStatus { account: account.to_owned(), status: status.to_owned() })
                .map(|_| format!("{account} is {status}"))
        }
        (Some(word @ ("reject" | "approve")), Some(account)) => {
            let codes = words.flat_map(|word| word.split(',')).filter(|code| !code.is_empty());
            let codes: Result<Vec<u32>, _> = codes.map(str::parse).collect();
            let codes = codes.ok().filter(|codes| word == "reject" || codes.is_empty());
            let codes = codes.ok_or_else(|| "write reject AC… CODE, such as reject AC… 18602, or approve AC…".to_owned())?;
            review(account, word == "approve", codes, edit)
        }
        (None, _) => Ok(String::new()),
        _ => {
            Err("known are: fault KIND@WHEN, limit N|off, limit-per-account N|off, latency MS, list-lag DURATION, \
                 object-lag DURATION, calm, refuse MS, rotate AC…, suspend AC…, activate AC…, \
                 reject AC… CODE, approve AC…"
                .to_owned())
        }
    }
}

/// Decides what an account has in review, or its next submission, and says which of both.
fn review(
    account: &str,
    is_approved: bool,
    codes: Vec<u32>,
    edit: impl FnOnce(Edit) -> Result<String, String>,
) -> Result<String, String> {
    let named = codes.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let (verdict, words) = match (is_approved, named.as_str()) {
        (true, _) => (Verdict::Approved, "approved".to_owned()),
        (false, "") => (Verdict::Rejected(codes), "rejected without a reason".to_owned()),
        (false, named) => (Verdict::Rejected(codes), format!("rejected with {named}")),
    };
    let decided = edit(Edit::Review { account: account.to_owned(), verdict })?;
    match decided.as_str() {
        "" => Ok(format!("nothing of {account} is in review: what it submits next will be {words}")),
        decided => Ok(format!("{decided} in review: now {words}")),
    }
}

fn add(faults: &mut Faults, fault: FaultArg) {
    match fault {
        FaultArg::Rule(rule) => faults.rules.push(rule),
        FaultArg::Storm(share) => faults.rules.extend(Faults::storm(faults.seed, share).rules),
        FaultArg::Help => (),
    }
}

fn parse_when(text: &str) -> Result<When, String> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|it| *it > 0);
    if let Some(percent) = text.strip_suffix('%') {
        let share = percent.parse::<f64>().ok().filter(|it| (0.0..=100.0).contains(it));
        return share.map(|it| When::Share(it / 100.0)).ok_or_else(|| "a share is 0% to 100%".to_owned());
    }
    match text.split_once('-') {
        Some((first, last)) => {
            let span = number(first).zip(number(last)).filter(|(first, last)| first <= last);
            span.map(|(first, last)| When::Between(first, last))
        }
        None => number(text).map(When::Nth),
    }
    .ok_or_else(|| "behind the @ stands a request's number (7), a span (7-12), or a share (3%)".to_owned())
}

/// Requests a second: more than none, and a number.
pub fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|it| it.is_finite() && *it > 0.0);
    rate.ok_or_else(|| "write how many requests a second, more than 0, such as 20 or 0.5".to_owned())
}

fn help(what: &str) -> String {
    let kinds: Vec<String> = NAMED.iter().map(|(name, _, meaning)| format!("  {name}: {meaning}")).collect();
    format!("{what}\n{}\n  {STORM}: a mix of them, by share only", kinds.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_kind_and_a_moment() {
        let rule = |text| match parse(text) {
            Ok(FaultArg::Rule(rule)) => Some((rule.fault, rule.when)),
            _ => None,
        };
        assert!(matches!(rule("lose-reply@7"), Some((Fault::LoseReply, When::Nth(7)))));
        assert!(matches!(rule("fail-after-500@2-4"), Some((Fault::FailAfter(500), When::Between(2, 4)))));
        assert!(matches!(rule("tear-body@50%"), Some((Fault::TearBody, When::Share(0.5)))));
        assert!(matches!(parse("storm@5%"), Ok(FaultArg::Storm(share)) if share == 0.05));
        for text in [
            "lose-reply",
            "lose-reply@0",
            "lose-reply@x",
            "lose-reply@101%",
            "lose-reply@9-3",
            "nothing@1",
            "storm@1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_running_sandbox_takes_limits_latency_and_lag_and_calm_lifts_them_all() {
        let sandbox = Sandbox::open(crate::sandbox::Settings::default(), super::super::sandbox::seed(vec![]))
            .expect("a sandbox");
        let mut faults = Faults { seed: 7, ..Faults::default() };
        for line in [
            "fault lose-reply@7",
            "limit 20",
            "limit-per-account 0.5",
            "latency 20-80",
            "list-lag 3s",
            "object-lag 200ms",
        ] {
            obey(line, &sandbox, &mut faults).expect(line);
        }
        assert_eq!(faults.rules.len(), 1);
        assert_eq!(faults.limit_global.per_second, Some(20.0));
        assert_eq!(faults.limit_per_account.per_second, Some(0.5));
        assert_eq!(faults.latency_ms, 20..=80);
        assert_eq!((faults.lag.lists_ms, faults.lag.objects_ms), (3_000, 200));
        for line in ["limit 0", "limit NaN", "limit -3", "latency x", "list-lag x", "limit"] {
            assert!(obey(line, &sandbox, &mut faults).is_err(), "{line}");
        }
        obey("limit off", &sandbox, &mut faults).expect("off");
        assert_eq!(faults.limit_global.per_second, None);
        obey("calm", &sandbox, &mut faults).expect("calm");
        assert!(faults.rules.is_empty() && faults.limit_per_account == Limit::default());
        assert_eq!((faults.latency_ms, faults.lag, faults.seed), (0..=0, Lag::default(), 7));
    }

    #[test]
    fn a_review_is_decided_by_hand_and_it_is_said_which_one() {
        let account = "AC00000000000000000000000000000001";
        let settings = crate::sandbox::Settings { accounts_on_demand: true, ..Default::default() };
        let sandbox = Sandbox::open(settings, super::super::sandbox::seed(vec![])).expect("a sandbox");
        let mut faults = Faults::default();
        let mut obey = |line: &str| obey(line, &sandbox, &mut faults);
        for (line, told) in [
            (format!("reject {account} 18602"), "what it submits next will be rejected with 18602"),
            (format!("reject {account} 18602, 18603"), "rejected with 18602, 18603"),
            (format!("reject {account}"), "rejected without a reason"),
            (format!("approve {account}"), "what it submits next will be approved"),
        ] {
            let said = obey(&line).expect(&line);
            assert!(said.starts_with(&format!("nothing of {account} is in review")), "{said}");
            assert!(said.ends_with(told), "{line}: {said}");
        }
        for line in
            ["reject", "approve", "reject AC12 18602", "reject AC… x", &format!("approve {account} 18602")]
        {
            assert!(obey(line).is_err(), "{line}");
        }
        let known = obey("what").expect_err("no order");
        for word in ["reject AC… CODE", "approve AC…"] {
            assert!(known.contains(word), "{known}");
        }
    }
}
