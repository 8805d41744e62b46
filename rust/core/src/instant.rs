// SPDX-License-Identifier: Apache-2.0
//! Instants: ISO 8601 text, with the forms that `dateutil.parser.isoparse` takes, because payload dates go through it.
//!
//! Calendar, week and ordinal dates, with or without dashes; times from hours to microseconds; `Z` or a numeric offset.

/// A moment as it was written: fields of the clock there, and that clock's offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// Year, 1 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// Microsecond; digits beyond the sixth are cut off.
    pub microsecond: u32,
    /// Seconds east of UTC; 0 when the text names no offset.
    pub utc_offset: i32,
}

impl Instant {
    /// Read an instant; `None` if `text` is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        let (date, length) = calendar_date(text).or_else(|| counted_date(text))?;
        let (clock, next_day) = match text.get(length..)? {
            [] => (Clock::default(), false),
            // Any single character may stand between date and time.
            [_, time @ ..] => Clock::parse(time)?,
        };
        let days = date + i64::from(next_day);
        let (year, month, day) = civil(days);
        let Clock { hour, minute, second, microsecond, utc_offset } = clock;
        let year = u16::try_from(year).ok().filter(|year| (1..=9999).contains(year))?;
        Some(Self { year, month, day, hour, minute, second, microsecond, utc_offset })
    }

    /// Return whether the fields are those of a moment.
    pub(crate) fn is_valid(&self) -> bool {
        let (year, month, day) = (i64::from(self.year), self.month, self.day);
        (1..=9999).contains(&year)
            && civil(days_from_civil(year, month, day)) == (year, month, day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60
            && self.microsecond < 1_000_000
            && (-86_399..=86_399).contains(&self.utc_offset)
    }

    /// Microseconds since 1970-01-01T00:00:00 UTC.
    #[must_use]
    pub fn microseconds(&self) -> i64 {
        let days = days_from_civil(i64::from(self.year), self.month, self.day);
        let minutes = i64::from(self.hour) * 60 + i64::from(self.minute);
        let seconds = days * 86_400 + minutes * 60 + i64::from(self.second) - i64::from(self.utc_offset);
        seconds * 1_000_000 + i64::from(self.microsecond)
    }
}

#[derive(Default)]
struct Clock {
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
    utc_offset: i32,
}

impl Clock {
    /// Read a time; the flag tells that it was 24:00, midnight at the end of the day.
    fn parse(text: &[u8]) -> Option<(Self, bool)> {
        let mut clock = Self { hour: two_digits(text, 0)?, ..Self::default() };
        let mut at = 2;
        let colons = text.get(at) == Some(&b':');
        let mut fields = 1;
        for field in [&mut clock.minute, &mut clock.second] {
            match text.get(at) {
                None | Some(b'+' | b'-' | b'Z' | b'z') => break,
                Some(b':') if colons => at += 1,
                Some(_) if colons => return None,
                Some(_) => {}
            }
            *field = two_digits(text, at)?;
            at += 2;
            fields += 1;
        }
        if fields == 3 && matches!(text.get(at), Some(b'.' | b',')) {
            let digits = text[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            let kept = &text[at + 1..at + 1 + digits.min(6)];
            let written = kept.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
            clock.microsecond = written * 10_u32.pow(u32::try_from(6 - kept.len()).ok()?);
            at += 1 + digits;
        }
        if at < text.len() {
            clock.utc_offset = utc_offset(&text[at..])?;
        }
        let end_of_day = clock.hour == 24;
        if end_of_day {
            if (clock.minute, clock.second, clock.microsecond) != (0, 0, 0) {
                return None;
            }
            clock.hour = 0;
        }
        (clock.hour < 24 && clock.minute < 60 && clock.second < 60).then_some((clock, end_of_day))
    }
}

fn utc_offset(text: &[u8]) -> Option<i32> {
    let sign = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let hours = two_digits(text, 1)?;
    let minutes = match text.len() {
        3 => 0,
        5 => two_digits(text, 3)?,
        6 if text[3] == b':' => two_digits(text, 4)?,
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| sign * (i32::from(hours) * 3_600 + i32::from(minutes) * 60))
}

/// `YYYY`, `YYYY-MM`, `YYYYMMDD` or `YYYY-MM-DD`: days since 1970-01-01 and the length of the text.
fn calendar_date(text: &[u8]) -> Option<(i64, usize)> {
    let year = year(text)?;
    if text.len() == 4 {
        return Some((days_from_civil(year, 1, 1), 4));
    }
    let dashes = text[4] == b'-';
    let month = two_digits(text, 4 + usize::from(dashes))?;
    if dashes && text.len() == 7 {
        return (1..=12).contains(&month).then(|| (days_from_civil(year, month, 1), 7));
    }
    if dashes && text.get(7) != Some(&b'-') {
        return None;
    }
    let at = if dashes { 8 } else { 6 };
    let day = two_digits(text, at)?;
    let days = days_from_civil(year, month, day);
    // A day that the month does not have comes back as another date.
    (civil(days) == (year, month, day)).then_some((days, at + 2))
}

/// `YYYY-Www`, `YYYY-Www-D` or `YYYY-DDD`, with or without dashes.
fn counted_date(text: &[u8]) -> Option<(i64, usize)> {
    let year = year(text)?;
    let dashes = usize::from(text.get(4) == Some(&b'-'));
    let mut at = 4 + dashes;
    if text.get(at) != Some(&b'W') {
        let hundreds = i64::from(text.get(at)?.checked_sub(b'0').filter(|digit| *digit < 10)?);
        let ordinal = hundreds * 100 + i64::from(two_digits(text, at + 1)?);
        let first = days_from_civil(year, 1, 1);
        let length = days_from_civil(year + 1, 1, 1) - first;
        return (1..=length).contains(&ordinal).then_some((first + ordinal - 1, at + 3));
    }
    let week = two_digits(text, at + 1)?;
    at += 3;
    let mut weekday = 1;
    if at < text.len() {
        if (text[at] == b'-') != (dashes == 1) {
            return None;
        }
        at += dashes;
        weekday = text.get(at)?.checked_sub(b'0')?;
        at += 1;
    }
    if !(1..=53).contains(&week) || !(1..=7).contains(&weekday) {
        return None;
    }
    // Week 1 is the one that contains 4 January; 1970-01-01 was a Thursday.
    let fourth = days_from_civil(year, 1, 4);
    let monday = fourth - (fourth + 3).rem_euclid(7);
    Some((monday + (i64::from(week) - 1) * 7 + i64::from(weekday) - 1, at))
}

fn year(text: &[u8]) -> Option<i64> {
    let (century, year) = (two_digits(text, 0)?, two_digits(text, 2)?);
    Some(i64::from(century) * 100 + i64::from(year)).filter(|year| *year > 0)
}

fn two_digits(text: &[u8], at: usize) -> Option<u8> {
    match text.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + ones - b'0'),
        _ => None,
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar; years are counted from March, so that the leap
/// day is the last one.
fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let year = year - i64::from(month < 3);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month < 3);
    let small = |value: i64| u8::try_from(value).unwrap_or(0);
    (year, small(month), small(day))
}
