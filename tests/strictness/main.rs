//! HTTP strictness, as one table: what is sent, what is answered, and the section of the RFC that says so.
//! Each row is fed whole, byte by byte, and cut in two at every place (a long one at every place of its
//! edges); see [`row`] for what holds for all of them.

mod bounds;
mod chunks;
mod codings;
mod connections;
mod drip;
mod expectations;
mod fields;
mod half_close;
mod hosts;
mod lengths;
mod lines;
mod mutations;
mod request_lines;
mod response;
mod row;
mod smuggling;
mod targets;
mod upgrades;

use row::Row;
use std::collections::HashSet;

/// Every row of the table.
fn all() -> Vec<Row> {
    let subjects = [
        bounds::rows,
        chunks::long,
        chunks::rows,
        codings::rows,
        connections::rows,
        expectations::rows,
        fields::rows,
        hosts::rows,
        lengths::rows,
        lines::rows,
        request_lines::rows,
        smuggling::rows,
        targets::rows,
        upgrades::rows,
    ];
    subjects.iter().flat_map(|rows| rows()).collect()
}

#[test]
fn every_row_has_a_name_of_its_own_and_a_section() {
    let rows = all();
    let mut names = HashSet::new();
    for row in &rows {
        assert!(names.insert(row.name), "two rows are called {:?}", row.name);
        let (rfc, section) = row.section.split_once(' ').expect("an RFC and a section");
        let known = ["9110", "9112", "9113", "6455", "3986", "3629", "6585"];
        assert!(known.contains(&rfc), "{}: {rfc}", row.name);
        let is_section = section.split('.').all(|part| part.parse::<u8>().is_ok());
        assert!(is_section, "{}: {section}", row.name);
    }
    assert!(rows.len() >= 650, "{} rows", rows.len());
}
