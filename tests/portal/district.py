"""The small district of the portal's tests: names, places and indicators (values are invented)."""

from __future__ import annotations

import json
from pathlib import Path

from shapely import MultiPoint, Point, voronoi_polygons
from shapely.geometry import mapping, shape

DISTRICT = "310117"
MAP_FILE = Path(__file__).parents[2] / "geography" / "data" / "townships.geojson"
# code, zh, en, area km2, label longitude, label latitude
TOWNSHIPS: tuple[tuple[str, str, str, float, float, float], ...] = (
    ("310117001", "岳阳街道", "Yueyang Subdistrict", 5.649, 121.220756, 31.013943),
    ("310117002", "永丰街道", "Yongfeng Subdistrict", 24.257, 121.215808, 30.993833),
    ("310117003", "方松街道", "Fangsong Subdistrict", 14.774, 121.205091, 31.032668),
    ("310117004", "中山街道", "Zhongshan Subdistrict", 39.967, 121.270476, 31.039754),
    ("310117005", "广富林街道", "Guangfulin Subdistrict", 18.925, 121.200451, 31.058875),
    ("310117006", "九里亭街道", "Jiuliting Subdistrict", 6.873, 121.308838, 31.146549),
    ("310117102", "泗泾镇", "Sijing Town", 24.155, 121.2597, 31.113174),
    ("310117103", "佘山镇", "Sheshan Town", 66.52, 121.187222, 31.096411),
    ("310117104", "车墩镇", "Chedun Town", 50.644, 121.289416, 31.002796),
    ("310117105", "新桥镇", "Xinqiao Town", 36.002, 121.31788, 31.07173),
    ("310117106", "洞泾镇", "Dongjing Town", 25.082, 121.259796, 31.086556),
    ("310117107", "九亭镇", "Jiuting Town", 24.364, 121.319115, 31.124425),
    ("310117109", "泖港镇", "Maogang Town", 57.471, 121.171012, 30.935343),
    ("310117116", "石湖荡镇", "Shihudang Town", 44.426, 121.148988, 30.980989),
    ("310117117", "新浜镇", "Xinbang Town", 44.642, 121.063514, 30.934296),
    ("310117120", "叶榭镇", "Yexie Town", 72.663, 121.299727, 30.940113),
    ("310117121", "小昆山镇", "Xiaokunshan Town", 48.016, 121.132748, 31.028888),
)
# code, domain, unit, better, target, base value, fed by (camera / terminal / register), zh, en
KPIS: tuple[tuple[str, str, str, str, float | None, float, str, str, str], ...] = (
    ("incidents_total", "patrol", "count", "lower", None, 46.0, "camera", "治理事件总数", "Governance incidents"),
    ("incidents_per_10k_residents", "patrol", "per_10k", "lower", 4.0, 4.2, "camera", "每万人事件数", "Incidents per 10,000 residents"),
    ("camera_online_rate", "cameras", "ratio", "higher", 0.98, 0.962, "camera", "摄像机在线率", "Camera online rate"),
    ("camera_coverage", "cameras", "ratio", "higher", 0.95, 0.955, "camera", "摄像机观测覆盖率", "Camera observation coverage"),
    ("detection_latency_p95", "cameras", "s", "lower", 30.0, 21.4, "camera", "检测时延（95分位）", "Detection latency (p95)"),
    ("trucks_reporting_rate", "waste_trucks", "ratio", "higher", 0.95, 0.931, "terminal", "渣土车上线率", "Trucks reporting"),
    ("gps_completeness", "waste_trucks", "ratio", "higher", 0.97, 0.978, "terminal", "定位完整率", "GPS completeness"),
    ("gps_drift_rate", "waste_trucks", "ratio", "lower", 0.01, 0.006, "terminal", "定位漂移率", "GPS drift rate"),
    ("waste_truck_night_km", "waste_trucks", "km", "lower", None, 412.0, "terminal", "渣土车夜间行驶里程", "Waste-truck night kilometres"),
    ("residents_total", "population", "persons", "higher", None, 1120.0, "register", "实有人口", "Residents"),
    ("residents_registered", "population", "persons", "higher", None, 640.0, "register", "户籍人口", "Registered residents"),
    ("residents_migrant", "population", "persons", "higher", None, 470.0, "register", "来沪人员", "Migrant residents"),
    ("residents_overseas", "population", "persons", "higher", None, 12.0, "register", "境外人员", "Overseas residents"),
    ("migrant_share", "population", "ratio", "lower", None, 0.42, "register", "来沪人员占比", "Migrant share"),
    ("registrations_expiring_30d", "population", "registrations", "lower", None, 38.0, "register", "30天内到期登记", "Registrations expiring in 30 days"),
)  # fmt: skip
EVENT_TYPES: tuple[tuple[str, str, str, str], ...] = (
    ("unlicensed_vendor", "patrol", "无照经营游商", "Unlicensed street vendor"),
    ("street_occupation", "patrol", "占道经营堆物", "Street occupation"),
    ("random_garbage", "garbage", "乱丢垃圾", "Random garbage"),
    ("illegal_dumping", "garbage", "违法倾倒", "Illegal dumping"),
    ("truck_spillage", "waste_trucks", "车辆道路遗撒", "Truck spillage"),
    ("night_construction", "construction", "夜间施工", "Night construction"),
    ("illegal_parking", "traffic", "违法停车", "Illegal parking"),
    ("blocked_fire_passage", "fire_passages", "占用消防通道", "Blocked fire passage"),
    ("river_debris", "rivers", "河道漂浮物", "River debris"),
    ("ebike_in_lift", "property", "电动自行车进电梯", "E-bike in lift"),
)
FEEDS = ("detection_events", "truck_gps", "population_records", "cameras", "camera_status", "trucks")


def geometries() -> dict[str, str]:
    """area_code -> GeoJSON geometry text: the project's map where it is there, else cells around the label points."""
    if MAP_FILE.exists():
        features = json.loads(MAP_FILE.read_text(encoding="utf-8"))["features"]
        found = {
            str(f["properties"].get("area_code") or f["properties"]["code"]): json.dumps(f["geometry"])
            for f in features
        }
        if found.keys() >= {row[0] for row in TOWNSHIPS}:
            return found
    points = MultiPoint([(row[4], row[5]) for row in TOWNSHIPS])
    outline = points.convex_hull.buffer(0.04)
    cells = voronoi_polygons(points, extend_to=outline).geoms
    return {
        code: json.dumps(mapping(next(c for c in cells if c.contains(Point(x, y))).intersection(outline)))
        for code, _, _, _, x, y in TOWNSHIPS
    }


def is_valid(geometry: str) -> bool:
    return bool(shape(json.loads(geometry)).is_valid)
