"""The small district of the portal's tests: names, places and indicators (values are invented)."""

from __future__ import annotations

import json
from pathlib import Path

DISTRICT = "310117"
_MAP = json.loads((Path(__file__).parents[2] / "geography" / "data" / "townships.geojson").read_text(encoding="utf-8"))[
    "features"
]
# code, zh, en, area km2, label longitude, label latitude
TOWNSHIPS: tuple[tuple[str, str, str, float, float, float], ...] = tuple(
    (p["code"], p["name_zh"], p["name_en"], p["area_km2"], p["label_longitude"], p["label_latitude"])
    for p in (feature["properties"] for feature in _MAP)
)
GEOMETRIES = {feature["properties"]["code"]: json.dumps(feature["geometry"]) for feature in _MAP}
# code, domain, unit, better, target, base value, fed by (camera / terminal / register), zh, en
KPIS: tuple[tuple[str, str, str, str, float | None, float, str, str, str], ...] = (
    ("incidents_total", "patrol", "incidents", "lower", None, 46.0, "camera", "治理事件总数", "Governance incidents"),
    ("incidents_per_10k_residents", "patrol", "incidents/10k", "lower", 4.0, 4.2, "camera", "每万人事件数", "Incidents per 10,000 residents"),
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
    ("registrations_expiring_30d", "population", "persons", "lower", None, 38.0, "register", "30天内到期登记", "Registrations expiring in 30 days"),
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
