"""Small feeds for the page: a through coach over three trains, and a bus."""

# ruff: noqa: E501  (tables read better unbroken)
from __future__ import annotations

import polars as pl

CHINA, KOREA = "Asia/Shanghai", "Asia/Pyongyang"


def table(text: str) -> pl.DataFrame:
    header, *rows = [line.strip().split(",") for line in text.strip().splitlines()]
    return pl.DataFrame(
        [[cell or None for cell in row] for row in rows],
        schema=dict.fromkeys(header, pl.String),
        orient="row",
    )


def through_coaches() -> dict[str, pl.DataFrame]:
    """K27 > 95 > 52 with coaches on Mo We Th Sa, without them on the other days, and the way back."""
    trips, stop_times = [], []

    def train(trip: str, number: str, service: str, block: str, headsign: str, *calls: str) -> None:
        trips.append(f"{number},{service},{trip},{headsign},{number},{block}")
        for order, call in enumerate(calls, start=1):
            stop, arrival, departure, *estimate = call.split()
            point = "0" if estimate else "1"
            stop_times.append(f"{trip},{arrival}:00,{departure}:00,{stop},{order},{point}")

    k27 = (
        "beijing 17:26 17:26",
        "tianjin 19:03 19:09 ~",
        "shenyang 27:20 27:40 ~",
        "dandong 31:35 31:35",
    )
    k28 = (
        "dandong 18:18 18:18 ~",
        "shenyang 22:07 22:24 ~",
        "tianjin 30:49 30:55 ~",
        "beijing 32:40 32:40",
    )
    train("K27.through", "K27", "thru", "out", "Pyongyang", *k27)
    train("95.through", "95", "thru", "out", "Pyongyang", "dandong 34:00 34:00", "sinuiju 34:10 34:10 ~")  # fmt: skip
    train("52.through", "52", "thru", "out", "Pyongyang", "sinuiju 36:10 36:10 ~", "pyongyang 41:07 41:07")  # fmt: skip
    train("K27", "K27", "rest", "", "Dandong", *k27)
    train("95", "95", "border", "alone", "Pyongyang", "dandong 10:00 10:00", "sinuiju 10:10 10:10 ~")  # fmt: skip
    train("52", "52", "border", "alone", "Pyongyang", "sinuiju 12:10 12:10 ~", "pyongyang 17:07 17:07")  # fmt: skip
    train("51.through", "51", "thru", "in", "Beijing", "pyongyang 09:26 09:26", "sinuiju 14:13 14:13 ~")  # fmt: skip
    train("85.through", "85", "thru", "in", "Beijing", "sinuiju 16:13 16:13 ~", "dandong 16:23 16:23 ~")  # fmt: skip
    train("K28.through", "K28", "thru", "in", "Beijing", *k28)
    train("51", "51", "rest", "in2", "Dandong", "pyongyang 09:26 09:26", "sinuiju 14:13 14:13 ~")
    train("85", "85", "rest", "in2", "Dandong", "sinuiju 16:13 16:13 ~", "dandong 16:23 16:23 ~")
    train("K28", "K28", "rest", "", "Beijing", *k28)
    routes = "\n".join(f"{n},rail,{n},,2,," for n in ("K27", "95", "52", "51", "85", "K28"))
    names = {
        "beijing": ("北京", "베이징"),
        "pyongyang": ("平壤", "평양"),
        "dandong": ("丹东", "단둥"),
    }
    translations = "\n".join(
        f"stops,stop_name,{language},{name},{stop}"
        for stop, pair in names.items()
        for language, name in zip(("zh-Hans", "ko"), pair, strict=True)
    )
    return {
        "agency": table(
            f"agency_id,agency_name,agency_url,agency_timezone\nrail,Rail,https://rail.example,{CHINA}"
        ),
        "stops": table(
            f"""stop_id,stop_name,stop_lat,stop_lon,stop_timezone
            beijing,Beijing,39.9011168,116.4210134,{CHINA}
            tianjin,Tianjin,39.1357517,117.2036841,{CHINA}
            shenyang,Shenyang,41.7924481,123.3879307,{CHINA}
            dandong,Dandong,40.1228859,124.3817595,{CHINA}
            sinuiju,Sinuiju,40.1070,124.4018,{KOREA}
            pyongyang,Pyongyang,39.00472,125.73639,{KOREA}"""
        ),
        "routes": table(
            "route_id,agency_id,route_short_name,route_long_name,route_type,route_color,route_text_color\n"
            + routes
        ),
        "trips": table(
            "route_id,service_id,trip_id,trip_headsign,trip_short_name,block_id\n"
            + "\n".join(trips)
        ),
        "stop_times": table(
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint\n"
            + "\n".join(stop_times)
        ),
        "calendar": table(
            """service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
            thru,1,0,1,1,0,1,0,20260312,20271120
            rest,0,1,0,0,1,0,1,20260312,20271120
            border,1,0,1,0,0,1,0,20260312,20271120"""
        ),
        "translations": table(
            "table_name,field_name,language,translation,record_id\n" + translations
        ),
        "feed_info": table(
            """feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date
            Examples,https://feeds.example,en,20260312,20271120"""
        ),
    }


def bus(name: str = "Town bus") -> dict[str, pl.DataFrame]:
    """A bus route with a loop, headways and no shapes; its names are whatever `name` says."""
    tables = {
        "agency": table(
            "agency_name,agency_url,agency_timezone\nTown,https://town.example,Europe/Berlin"
        ),
        "stops": table(
            """stop_id,stop_name,stop_lat,stop_lon
            a,Market,50.0,10.0
            b,Church,50.01,10.01
            c,Mill,50.0,10.02"""
        ),
        "routes": table(
            "route_id,route_short_name,route_long_name,route_type,route_color\nr1,7,,3,ff0000"
        ),
        "trips": table("route_id,service_id,trip_id\nr1,wd,t1\nr1,wd,t2"),
        "stop_times": table(
            """trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,08:00:00,08:00:00,a,1
            t1,08:05:00,08:05:00,b,2
            t1,08:10:00,08:10:00,c,3
            t1,08:15:00,08:15:00,a,4
            t2,09:00:00,09:00:00,a,1
            t2,,,b,2
            t2,09:10:00,09:10:00,c,3"""
        ),
        "calendar_dates": table(
            """service_id,date,exception_type
            wd,20260504,1
            wd,20260505,1"""
        ),
        "frequencies": table("trip_id,start_time,end_time,headway_secs\nt2,09:00:00,12:00:00,1200"),
    }
    tables["routes"] = tables["routes"].with_columns(route_long_name=pl.lit(name))
    return tables


def odd() -> dict[str, pl.DataFrame]:
    """What real feeds have and tidy ones have not: a route without names, two of one name, a loop,
    a trip with one stop, trips past midnight, without times, without a day, without stop times, an
    unknown route, blanks between times; days by calendar_dates.txt alone, long past.
    """
    trips = [
        ("nameless", "w", "loop"), ("nameless", "w", "loop again"), ("twin1", "w", "one stop"),
        ("twin1", "w", "night"), ("twin2", "x", "no times"), ("twin2", "never", "no day"),
        ("twin2", "x", "no calls"), ("gone", "x", "unknown route"), ("freq", "w", "often"),
        ("freq", "x", "often too"), *(("many", "wx"[n % 2], f"m{n}") for n in range(60)),
    ]  # fmt: skip
    times = {
        "loop": "a 8:00 b 8:05 c - a 8:20",
        "loop again": "a 9:00 b 9:05 c - a 9:20",
        "one stop": "b 7:30",
        "night": "a 24:10 b 25:00",
        "no times": "a - b -",
        "no day": "a 8:00 b 8:30",
        "unknown route": "c 10:00 b 10:10",
        "often": "a 6:00 c 6:20",
        "often too": "a 6:00 c 6:20",
        **{
            f"m{n}": f"a {5 + n // 3}:{n % 3 * 20:02d} b - c {5 + n // 3}:{n % 3 * 20 + 15:02d}"
            for n in range(60)
        },
    }
    rows = []
    for trip, told in times.items():
        cells = told.split()
        for order, (stop, time) in enumerate(zip(cells[::2], cells[1::2], strict=True)):
            clock = "" if time == "-" else f"{time}:00"
            rows.append(f"{trip},{clock},{clock},{stop},{order}")
    return {
        "agency": table(
            "agency_name,agency_url,agency_timezone\nOdd,https://odd.example,Europe/Berlin"
        ),
        "stops": table(
            "stop_id,stop_name,stop_lat,stop_lon\na,Same,50.0,10.0\nb,Same,50.01,10.01\nc,,50.0,10.02"
        ),
        "routes": table(
            "route_id,route_short_name,route_long_name,route_type\nnameless,,,3\ntwin1,1,Town,3\ntwin2,1,Town,3\nfreq,F,,1\nmany,M,,3"
        ),
        "trips": table(
            "route_id,service_id,trip_id\n" + "\n".join(",".join(trip) for trip in trips)
        ),
        "stop_times": table(
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "\n".join(rows)
        ),
        "calendar_dates": table(
            "service_id,date,exception_type\nw,20140331,1\nw,20140401,1\nx,20140401,1"
        ),
        "frequencies": table(
            "trip_id,start_time,end_time,headway_secs\noften,06:00:00,09:00:00,293\noften,09:00:00,12:00:00,335\noften too,10:00:00,11:00:00,600"
        ),
    }
