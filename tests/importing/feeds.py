"""A small bus feed with most of what grids can say, and some of what they cannot."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

BUS: dict[str, str] = {
    "agency.txt": """\
agency_id,agency_name,agency_url,agency_timezone
t,Town Buses,https://example.org/,Asia/Tokyo
""",
    "stops.txt": """\
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,stop_code
market,Market,35.00,135.70,,,M1
school,School,35.01,135.71,,,
hill,Hill,35.02,135.72,,,
hill2,Hill,35.021,135.721,,station,
station,Main Station,35.022,135.722,1,,
route,Route,35.03,135.73,,,
nowhere,Nowhere,0,0,,,
""",
    "routes.txt": """\
route_id,agency_id,route_short_name,route_long_name,route_type,route_color
1,t,7,Market - Hill,3,00ff00
7,t,1,Hill - Market,3,zebra
""",
    "trips.txt": """\
route_id,service_id,trip_id,trip_headsign,direction_id,block_id,shape_id,wheelchair_accessible,bikes_allowed
1,wk,out-1,Hill,0,b1,s,1,2
1,wk,out-2,Hill via School,0,,,,
7,wk,back-1,Market,1,b1,,,
7,odd,back-2,Market,1,,,,
1,wk,night,Hill,0,,,,
1,wk,late block,Hill,0,b2,,,
1,wk,loop,Market,,,,,
1,wk,every,Hill,0,,,,
1,wk,untimed,Hill,0,,,,
1,wk,lost,Nowhere,0,,,,
1,never,idle,Hill,0,,,,
""",
    "stop_times.txt": """\
trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type,stop_headsign,timepoint
out-1,8:00:00,8:00:00,market,1,0,1,,
out-1,8:10:00,8:11:30,school,5,3,3,via,1
out-1,8:20:00,8:20:00,hill2,9,1,0,,
out-2,09:00:00,09:00:00,market,1,,,,1
out-2,09:20:00,09:20:00,hill,2,,,,0
back-1,10:00:00,10:00:00,hill2,1,,,,
back-1,10:30:00,10:30:00,market,2,,,,
back-2,10:00:00,10:00:00,hill2,1,,,,
back-2,10:12:00,10:12:00,school,2,1,1,,
back-2,10:30:00,10:30:00,market,3,,,,
night,24:50:00,24:50:00,market,1,,,,
night,25:10:00,25:10:00,hill,2,,,,
late block,24:55:00,24:55:00,market,1,,,,
late block,25:15:00,25:15:00,hill,2,,,,
loop,12:00:00,12:00:00,market,1,,,,
loop,12:10:00,12:10:00,route,2,,,,
loop,12:20:00,12:20:00,school,3,,,,
loop,12:30:00,12:30:00,market,4,,,,
every,06:00:00,06:00:00,market,1,,,,
every,06:20:00,06:20:00,hill,2,,,,
untimed,07:00:00,07:00:00,market,1,,,,
untimed,,,school,2,,,,
untimed,07:20:00,07:20:00,hill,3,,,,
lost,07:00:00,07:00:00,market,1,,,,
lost,07:20:00,07:20:00,nowhere,2,,,,
idle,07:00:00,07:00:00,market,1,,,,
idle,07:20:00,07:20:00,hill,2,,,,
""",
    "calendar.txt": """\
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
wk,1,1,1,1,1,0,0,20260401,20260630
""",
    "calendar_dates.txt": """\
service_id,date,exception_type
wk,20260429,2
wk,20260504,2
wk,20260505,2
wk,20260506,2
wk,20260509,1
odd,20260502,1
odd,20260620,1
""",
    "frequencies.txt": """\
trip_id,start_time,end_time,headway_secs
every,06:00:00,09:00:00,600
""",
    "shapes.txt": """\
shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence
s,35.00,135.70,1
s,35.02,135.72,2
""",
    "fare_attributes.txt": """\
fare_id,price,currency_type,payment_method,transfers
f,230,JPY,0,
""",
    "translations.txt": """\
table_name,field_name,language,translation,record_id,field_value
stops,stop_name,ja,市場,market,
stops,stop_name,ja,丘,,Hill
stop_times,stop_headsign,ja,経由,,via
""",
}


def zipped(path: Path, files: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path
