//! A study as one HTML page that needs nothing else.

use super::chart::chart;
use super::row::{Row, TITLES};

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.15rem .6rem;text-align:right}\
th{position:sticky;top:0;background:#fff;border-bottom:1px solid #888}tr:nth-child(even){background:#f4f4f4}\
td:nth-child(4),td:nth-child(5),td:nth-child(9){text-align:left}svg{max-width:100%;height:auto}";

/// The charts, if there is anything to draw a line through, and every row.
#[must_use]
pub fn page(rows: &[Row], command: &str) -> String {
    let charts = chart(rows).unwrap_or_else(|why| format!("<p>No chart: {}.</p>", escaped(&why.to_string())));
    let cells = |tag: &str, words: Vec<String>| -> String {
        words.iter().map(|word| format!("<{tag}>{}</{tag}>", escaped(word))).collect()
    };
    let titles = cells("th", TITLES.map(str::to_owned).to_vec());
    let body: String = rows.iter().map(|row| format!("<tr>{}</tr>\n", cells("td", row.words()))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>quiesce: fan-out</title>\n\
         <style>{STYLE}</style>\n<h1>What it costs to know that a job has ended</h1>\n<p><code>{}</code></p>\n{charts}\n\
         <table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</html>\n",
        escaped(command),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::{Model, Setting, Study, Way};
    use super::*;

    #[test]
    fn a_page_holds_chart_and_rows_and_asks_for_nothing_from_elsewhere() {
        let study = Study {
            targets: vec![1, 3],
            members: vec![1],
            jobs: vec![1],
            models: vec![Model::IcTerm],
            reporting: vec![Way::Each],
            waiters: vec![1],
            setting: Setting::default(),
        };
        let html = page(&study.run(false).unwrap(), "quiesce fanout <x>");
        assert!(html.contains("<svg") && html.contains("quiesce fanout &lt;x&gt;"));
        assert_eq!(html.matches("<td>ic-term</td>").count(), 2);
        let elsewhere = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("http") && !elsewhere.contains("src="));
    }
}
