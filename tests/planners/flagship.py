"""The Beijing-Pyongyang chain as small hand-made feeds, one per way of tying the trains together.

K27, 95 and 52 carry two through coaches on Mondays, Wednesdays, Thursdays and Saturdays; each
train also runs on the other days, without them. The times at Sinuiju are invented.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

WEEKDAYS = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"

FIXED = {
    "agency.txt": """agency_id,agency_name,agency_url,agency_timezone
CR,China Railway,https://www.12306.cn,Asia/Shanghai
""",
    "stops.txt": """stop_id,stop_name,stop_lat,stop_lon,stop_timezone
beijing,Beijing,39.90278,116.42112,Asia/Shanghai
shenyang,Shenyang,41.79347,123.39104,Asia/Shanghai
dandong,Dandong,40.12104,124.38480,Asia/Shanghai
sinuiju,Sinuiju,40.10120,124.39620,Asia/Pyongyang
pyongyang,Pyongyang,39.00555,125.73623,Asia/Pyongyang
""",
    "translations.txt": """table_name,field_name,language,translation,record_id
stops,stop_name,zh-Hans,平壤,pyongyang
""",
    "routes.txt": """route_id,agency_id,route_short_name,route_type
K27,CR,K27,2
95,CR,95,2
52,CR,52,2
51,CR,51,2
85,CR,85,2
K28,CR,K28,2
""",
    "calendar.txt": f"""service_id,{WEEKDAYS},start_date,end_date
through,1,0,1,1,0,1,0,20260312,20271120
other,0,1,0,0,1,0,1,20260312,20271120
after_other,1,0,1,0,0,1,0,20260312,20271120
daily,1,1,1,1,1,1,1,20260312,20271120
""",
}

TRIPS = """route_id,service_id,trip_id,trip_headsign,trip_short_name,block_id
K27,through,K27.through,Pyongyang,K27,{out}
95,through,95.through,Pyongyang,95,{out}
52,through,52.through,Pyongyang,52,{out}
K27,other,K27,Dandong,K27,
95,after_other,95,Pyongyang,95,{alone}
52,after_other,52,Pyongyang,52,{alone}
51,through,51.through,Beijing,51,{back}
85,through,85.through,Beijing,85,{back}
K28,through,K28.through,Beijing,K28,{back}
51,other,51,Dandong,51,{back_alone}
85,other,85,Dandong,85,{back_alone}
K28,other,K28,Beijing,K28,
"""

CALLS = {
    "K27": [("beijing", "", "17:26"), ("shenyang", "27:20", "27:40"), ("dandong", "31:35", "")],
    "95": [("dandong", "", "10:00"), ("sinuiju", "10:10", "")],
    "52": [("sinuiju", "", "12:00"), ("pyongyang", "17:07", "")],
    "51": [("pyongyang", "", "09:26"), ("sinuiju", "14:15", "")],
    "85": [("sinuiju", "", "16:00"), ("dandong", "16:23", "")],
    "K28": [("dandong", "", "18:18"), ("shenyang", "22:07", "22:24"), ("beijing", "32:40", "")],
}
"""Trains with their calls, in Asia/Shanghai time: stop, arrival, departure ("" where equal)."""

NEXT_DAY = {"95.through", "52.through"}
"""Trips on the service day of the chain's origin, the day before: their clocks go past 24:00."""

TYPE4 = """from_stop_id,to_stop_id,from_trip_id,to_trip_id,transfer_type,min_transfer_time
dandong,dandong,K27.through,95.through,4,
sinuiju,sinuiju,95.through,52.through,4,
sinuiju,sinuiju,95,52,4,
sinuiju,sinuiju,51.through,85.through,4,
dandong,dandong,85.through,K28.through,4,
sinuiju,sinuiju,51,85,4,
"""

VARIANTS = ("block", "type4", "both", "none")


def flagship(variant: str, target: Path) -> Path:
    """Write the feed of one of `VARIANTS` as the zip `target`, and return it."""
    linked = {"out": "OUT", "alone": "ALONE", "back": "BACK", "back_alone": "BACK.ALONE"}
    blocks = linked if variant in ("block", "both") else dict.fromkeys(linked, "")
    tables = FIXED | {"trips.txt": TRIPS.format(**blocks), "stop_times.txt": stop_times()}
    if variant in ("type4", "both"):
        tables["transfers.txt"] = TYPE4
    return pack(tables, target)


def pack(tables: dict[str, str], target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in tables.items():
            archive.writestr(name, text)
    return target


def stop_times() -> str:
    lines = ["trip_id,stop_id,stop_sequence,arrival_time,departure_time,pickup_type,drop_off_type"]
    for line in TRIPS.splitlines()[1:]:
        trip_id = line.split(",")[2]
        days = 1 if trip_id in NEXT_DAY else 0
        for sequence, (stop, arrival, departure) in enumerate(CALLS[trip_id.split(".")[0]], 1):
            times = (later(arrival or departure, days), later(departure or arrival, days))
            lines.append(f"{trip_id},{stop},{sequence},{times[0]},{times[1]},0,0")
    return "\n".join(lines) + "\n"


def later(clock: str, days: int) -> str:
    hours, minutes = clock.split(":")
    return f"{int(hours) + 24 * days:02}:{minutes}:00"


def long_run(minutes: int, cut: bool, weekdays: str, target: Path) -> Path:
    """One train from Beijing at 10:00 to Pyongyang, whole or cut half way into two of a block."""
    start, half, end = 600, 600 + minutes // 2, 600 + minutes
    second = "second" if cut else "first"
    trips = ["route_id,service_id,trip_id,block_id", "K27,days,first,one"]
    trips += ["95,days,second,one"] if cut else []
    calls = [
        ("first", "beijing", start, start),
        ("first", "dandong", half, half if cut else half + 30),
        *([("second", "dandong", half + 30, half + 30)] if cut else []),
        (second, "pyongyang", end, end),
    ]
    rows = [
        f"{trip},{stop},{number},{clock(arrival)},{clock(departure)}"
        for number, (trip, stop, arrival, departure) in enumerate(calls, 1)
    ]
    tables = FIXED | {
        "calendar.txt": f"service_id,{WEEKDAYS},start_date,end_date\n"
        f"days,{weekdays},20260312,20271120\n",
        "trips.txt": "\n".join(trips) + "\n",
        "stop_times.txt": "\n".join(
            ["trip_id,stop_id,stop_sequence,arrival_time,departure_time", *rows, ""]
        ),
    }
    return pack(tables, target)


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}:00"
