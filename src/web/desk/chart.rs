//! Charts as pictures that the server draws: lines over a time, with the same in words beside them.

use std::fmt::Write;

/// The picture's size, in its own units.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 80.0;

/// A line over a time.
#[derive(Debug)]
pub(super) struct Chart {
    pub title: &'static str,
    /// The corners of the line, as SVG has them.
    pub points: String,
    /// What the picture shows, in words.
    pub words: String,
}

impl Chart {
    /// A chart of values, the oldest first; `None` of fewer than two.
    pub(super) fn of(title: &'static str, unit: &str, values: &[f64]) -> Option<Self> {
        let (first, last) = (values.first()?, values.last().filter(|_| values.len() > 1)?);
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let span = if highest > lowest { highest - lowest } else { 1.0 };
        #[expect(clippy::cast_precision_loss, reason = "a picture has few points")]
        let step = WIDTH / (values.len() - 1) as f64;
        let mut points = String::new();
        let mut x = 0.0;
        for value in values {
            let y = (HEIGHT - 4.0) - (value - lowest) / span * (HEIGHT - 8.0);
            // Writing into a text cannot fail.
            let _ = write!(points, "{x:.1},{y:.1} ");
            x += step;
        }
        let words = format!(
            "{title}: {} reads, first {first:.0}{unit}, last {last:.0}{unit}, at least {lowest:.0}{unit}, at most {highest:.0}{unit}",
            values.len()
        );
        Some(Self { title, points: points.trim_end().to_owned(), words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_within_its_picture_and_is_told_in_words() {
        let chart = Chart::of("Entries", "", &[10.0, 30.0, 20.0]).unwrap();
        assert_eq!(chart.points, "0.0,76.0 300.0,4.0 600.0,40.0");
        assert_eq!(chart.words, "Entries: 3 reads, first 10, last 20, at least 10, at most 30");
        assert!(Chart::of("Entries", "", &[10.0]).is_none());
        assert_eq!(Chart::of("Size", " B", &[5.0, 5.0]).unwrap().points, "0.0,76.0 600.0,76.0");
    }
}
