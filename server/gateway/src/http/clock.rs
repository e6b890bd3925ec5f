//! Wall-clock times as the HTTP API writes them.

use std::time::{SystemTime, UNIX_EPOCH};

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_SECONDS: u64 = 86_400;

/// Milliseconds since the epoch.
pub(super) fn now() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// An ISO 8601 time in UTC with milliseconds, such as `2024-05-01T10:45:41.579+00:00`.
pub(super) fn iso(millis: u64) -> String {
    let (year, month, day) = civil(millis / 1000 / DAY_SECONDS);
    let (hour, minute, second) = time_of_day(millis / 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}+00:00", millis % 1000)
}

/// A time in UTC as fourteen digits, such as `20240501104541`.
pub(super) fn compact(millis: u64) -> String {
    let (year, month, day) = civil(millis / 1000 / DAY_SECONDS);
    let (hour, minute, second) = time_of_day(millis / 1000);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

/// An HTTP date, such as `Wed, 01 May 2024 10:45:41 GMT`.
pub(super) fn http_date(millis: u64) -> String {
    let days = millis / 1000 / DAY_SECONDS;
    let (year, month, day) = civil(days);
    let (hour, minute, second) = time_of_day(millis / 1000);
    let weekday = WEEKDAYS[usize::try_from(days % 7).expect("below 7")];
    let month = MONTHS[usize::try_from(month - 1).expect("below 12")];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

fn time_of_day(seconds: u64) -> (u64, u64, u64) {
    let second = seconds % DAY_SECONDS;
    (second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day counted from the epoch, by the proleptic Gregorian calendar: years
/// are counted from March, so that the leap day is the last one.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000+00:00");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(iso(1_714_560_341_579), "2024-05-01T10:45:41.579+00:00");
        assert_eq!(compact(1_714_560_341_579), "20240501104541");
        assert_eq!(http_date(1_714_560_341_579), "Wed, 01 May 2024 10:45:41 GMT");
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.000+00:00");
        assert_eq!(iso(951_868_800_000), "2000-03-01T00:00:00.000+00:00");
    }
}
