//! What a configuration file may say, and why it may not say more.

use crate::model::Column;
use clap::Command;

/// What a configuration file may hold: flags that are the same every day. Each key is the name of its flag.
pub const KEYS: [&str; 7] = ["rate", "concurrency", "primary_profile", "map", "set", "products", "wait"];

/// The key as it is written in the list. Flags have hyphens, so a key may have them too.
pub fn known(written: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|key| *key == written.replace('-', "_"))
}

/// Why a file may not hold a key, and what to do instead.
pub fn refusal(written: &str, program: &Command) -> String {
    let plain: String =
        written.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let is_one_of = |words: &[&str]| words.iter().any(|word| plain.contains(word));
    let same = |name: &str| name.replace('-', "") == plain;
    let of_commands = || program.get_subcommands().flat_map(|it| it.get_arguments());
    if let Some(column) = Column::named(written) {
        format!("this is a column of the sheet: write {} = \"…\" under [set]", column.name())
    } else if is_one_of(&[
        "token",
        "secret",
        "password",
        "credential",
        "apikey",
        "accountsid",
        "auth",
        "twilio",
    ]) {
        "credentials come from the environment only (TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN), because files are copied \
         and shared"
            .to_owned()
    } else if is_one_of(&["baseurl", "proxy"]) || ["region", "edge"].contains(&plain.as_str()) {
        "a file that lies in a folder does not decide where credentials are sent: give --base-url on the command line, \
         or set a variable"
            .to_owned()
    } else if same("yes") {
        "a yes is given to one run at a time: give --yes on the command line".to_owned()
    } else if same("command") || is_command(program, &plain) {
        "what is done is said on the command line, and the keys stand without a heading".to_owned()
    } else if let Some(long) = of_commands().filter_map(clap::Arg::get_long).find(|long| same(long)) {
        format!("--{long} is said for each command: give it on the command line")
    } else {
        match nearest(&written.to_lowercase().replace('-', "_")) {
            Some(key) => format!("there is no such key; did you mean `{key}`?"),
            None => format!("there is no such key; the keys are {}", KEYS.join(", ")),
        }
    }
}

/// Whether the letters of a command's name or of one of its aliases are these.
fn is_command(program: &Command, plain: &str) -> bool {
    program.get_subcommands().any(|it| it.get_name() == plain || it.get_all_aliases().any(|it| it == plain))
}

/// How alike two names are that are taken for the same, from 0 to 1.
const ALIKE: f64 = 0.8;

fn nearest(written: &str) -> Option<&'static str> {
    let alike = KEYS.map(|key| (key, strsim::jaro_winkler(key, written)));
    let best = alike.into_iter().filter(|it| it.1 > ALIKE).max_by(|one, other| one.1.total_cmp(&other.1));
    best.map(|it| it.0)
}
