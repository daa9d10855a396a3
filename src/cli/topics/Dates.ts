import type { Topic } from "./Topic.ts"

export const dates: Topic = {
  title: "Dates and times",
  blocks: [
    "--after, --before and --since take a moment. Put it in quotes where it has blanks.",
    {
      rows: [
        ["2023-03-01", "the beginning of that day, local time; also 2023-03 and 2023"],
        ["2023-03-01 14:30", "local time; seconds may follow"],
        ["2023-03-01T14:30:00Z", "universal time; an offset such as +02:00 means the time there"],
        ["today, yesterday, now", "the beginning of the day; this moment"],
        ["15m, 1h30m, 2 weeks ago", 'that long before now, with or without "ago": s, m, h, d, w, or the words'],
        ["last monday, 3 nov, yesterday 14:00", "English; what has no year or week of its own lies in the past"],
        ["@1700000000", "seconds since 1970"]
      ]
    },
    "A day means its beginning: --after yesterday has all of yesterday, --before yesterday has nothing of it. --after takes what began at that moment or later, --before what began earlier.",
    "Numbers with slashes or dots mean one day here and another there: they are refused.",
    {
      lines: [
        'hx find "docker run" --after yesterday',
        "hx find --after 2023-03-01 --before 2023-04-01",
        "hx forget --since 15m"
      ]
    },
    "Results show local time; --json and exports have universal time, ISO 8601 with microseconds."
  ]
}
