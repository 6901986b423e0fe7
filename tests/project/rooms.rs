//! Each room of the source uses the rooms that the table in `src/lib.rs` lets it use, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The table of `lib.rs`, in its order: the rooms of a line, and what stands in its last column.
fn table() -> Vec<(Vec<String>, String)> {
    let text = std::fs::read_to_string(source().join("lib.rs")).expect("lib.rs");
    let lines = text.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    lines
        .map(|line| {
            let columns: Vec<&str> = line.trim_end_matches(" |").split(" | ").collect();
            let rooms =
                columns[0].split(", ").map(|it| it.trim_matches(['[', ']', '`']).to_owned()).collect();
            (rooms, columns[2].trim_matches('*').to_owned())
        })
        .collect()
}

/// What each room may use besides itself.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let table = table();
    let all: BTreeSet<String> = table.iter().flat_map(|it| it.0.clone()).collect();
    let mut above = BTreeSet::new();
    let mut allowed = BTreeMap::new();
    for (rooms, may) in table {
        let may: BTreeSet<String> = match may.as_str() {
            "all" => all.clone(),
            these if these.starts_with("all above") => {
                let more = these.split(", ").skip(1).chain(["clock", "events", "private"]);
                above.iter().cloned().chain(more.map(str::to_owned)).collect()
            }
            nothing if nothing.starts_with("nothing of ours") => BTreeSet::new(),
            listed => listed.split(", ").map(str::to_owned).collect(),
        };
        assert!(may.is_subset(&all), "{rooms:?}: {may:?} names a room that has no line");
        for room in rooms {
            above.insert(room.clone());
            allowed.insert(room, may.clone());
        }
    }
    allowed
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The rooms that a text names as `crate::room`, apart from its own tests.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let word =
        |rest: &str| rest.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect::<String>();
    code.split("crate::").skip(1).map(word).filter(|it| !it.is_empty()).collect()
}

#[test]
fn every_room_uses_only_what_the_table_lets_it_use() {
    let allowed = allowed();
    let mut strangers = vec![];
    for file in files(&source()) {
        let inside = file.strip_prefix(source()).expect("a file of the source");
        let first = inside.iter().next().expect("a name").to_string_lossy();
        let room = first.trim_end_matches(".rs").to_owned();
        if ["lib", "main"].contains(&room.as_str()) {
            continue;
        }
        let may = allowed.get(&room).unwrap_or_else(|| panic!("{room} has no line in the table of lib.rs"));
        let text = std::fs::read_to_string(&file).expect("a file");
        let others = used(&text).into_iter().filter(|it| allowed.contains_key(it) && *it != room);
        strangers.extend(
            others.filter(|it| !may.contains(it)).map(|it| format!("{} uses {it}", inside.display())),
        );
    }
    assert!(strangers.is_empty(), "{strangers:#?}");
}

#[test]
fn plan_and_engine_name_no_product() {
    let names = ["voice_integrity", "VoiceIntegrity", "VOICE_INTEGRITY", "TrustProduct", "shaken", "cnam"];
    for file in
        ["facts", "plan", "engine", "ledger", "flow"].iter().flat_map(|room| files(&source().join(room)))
    {
        let text = std::fs::read_to_string(&file).expect("a file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // The two collections are Twilio's.
            let line = line.replace("TrustProducts", "");
            assert!(!names.iter().any(|name| line.contains(name)), "{}: {line}", file.display());
        }
    }
}
