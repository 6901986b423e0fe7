//! Results whose name is a link to where they are kept.

use super::fixture::*;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn results_are_written_to_what_a_link_stands_for_and_the_link_stays() {
    let fixture = Fixture::new();
    fixture.write("sheet.csv", csv_of(&sample_rows()[..2]));
    std::fs::create_dir(fixture.path("shared")).expect("a folder");
    fixture.write("shared/of-today.csv", "of yesterday");
    // One link to a file that is there, by a detour; one to a file that is not there yet.
    symlink("shared/of-today.csv", fixture.path("detour.csv")).expect("a link");
    symlink("detour.csv", fixture.path("results.csv")).expect("a link");
    symlink("shared/numbers.csv", fixture.path("results-numbers.csv")).expect("a link");
    symlink(fixture.path("shared/failed.csv"), fixture.path("failed.csv")).expect("a link");
    let done = fixture.run(&["run", "sheet.csv", "--sandbox", "--no-submit", "--failed", "failed.csv"]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("Results: results.csv, results-numbers.csv"), "{}", done.out);
    for link in ["detour.csv", "results.csv", "results-numbers.csv", "failed.csv"] {
        assert!(fixture.path(link).is_symlink(), "{link} is still a link");
    }
    assert_eq!(fixture.results()[0]["outcome"], "drafted");
    for (file, begin) in [("of-today.csv", "row,"), ("numbers.csv", "row,"), ("failed.csv", "")] {
        let file = fixture.path("shared").join(file);
        assert!(std::fs::read_to_string(&file).expect("it is there").starts_with(begin), "{file:?}");
        let mode = std::fs::metadata(&file).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file:?}");
    }
    let left = std::fs::read_dir(fixture.path("shared")).expect("the folder").count();
    assert_eq!(left, 4, "nothing half-written is left, and the file of yesterday has a dated name");
}

#[test]
fn a_link_into_a_folder_that_is_not_there_is_refused_before_anything_is_sent() {
    let fixture = Fixture::new();
    symlink("no/such/folder/results.csv", fixture.path("results.csv")).expect("a link");
    symlink("ring.csv", fixture.path("ring.csv")).expect("a link");
    for results in ["results.csv", "ring.csv"] {
        let done = fixture.run(&["run", &sample("customers.csv"), "--sandbox", "--results", results]);
        assert_eq!(done.code, 1, "{results}: {}{}", done.out, done.err);
        assert!(done.err.contains("cannot be written"), "{}", done.err);
        assert!(!fixture.path("trusthub-onboard-sandbox.db").exists(), "nothing was begun");
    }
}
