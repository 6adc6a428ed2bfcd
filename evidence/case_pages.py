"""The pages a person reads: what was found, by which rule and numbers, under which permit, near which cameras."""

from __future__ import annotations

from typing import Any

from reportlab.platypus import KeepTogether, Spacer

from evidence.alarms import NAMES
from evidence.dossier import Dossier
from evidence.local_time import clock
from evidence.masking import masked
from evidence.not_known import not_known
from evidence.page_style import facts_table, list_table, paragraph
from evidence.rows import Row
from evidence.rule import rule_text
from evidence.sightings import MOST_SHOWN, event_names

_CONFIDENCE = {
    "high": "高 high：载重传感器与场地围栏俱全 · load sensor and fence of a site, nine of ten fixes seen",
    "medium": "中 medium",
    "low": "低 low：可能是设备或网络故障，不构成违规认定 · may be a fault, accuses nobody",
}
_ENDS = {
    "unloaded": "已卸载 unloaded",
    "open": "未结束 open",
    "lost": "未见卸载 not seen to unload",
}
_STATES = {
    "valid": "有效 valid", "expired": "已过期 expired", "not_yet": "尚未生效 not yet valid", "revoked": "已撤销 revoked",
    "none": "无 none", "unclear": "证件过多，未能判定 too many to tell",
}  # fmt: skip
_KINDS = {
    "construction": "建筑工地 construction", "receiving": "消纳场 receiving", "transfer": "中转站 transfer",
    "backfill": "回填点 backfill",
}  # fmt: skip


def case_page(dossier: Dossier) -> list[Any]:
    """The first page: finding, trip, rule and numbers."""
    rule, finding = dossier.rule, dossier.finding
    story: list[Any] = [
        paragraph("渣土运输证据材料  Evidence pack", "subtitle"),
        paragraph(f"{rule.name_zh}  {rule.name_en}", "title"),
        Spacer(1, 4),
    ]
    if finding["confidence"] == "low":
        story.append(paragraph(
            "置信度低：所见可能是设备或网络故障，不得据此认定违规。Low confidence: what was noticed may be a fault and accuses nobody.",
            "warning",
        ))  # fmt: skip
    story += [
        facts_table(_finding_facts(dossier)),
        paragraph("规则与法律依据 Rule and legal basis", "heading"),
        paragraph(rule.text_zh, "zh"),
        paragraph(rule.text_en),
        Spacer(1, 3),
        paragraph(rule.legal_basis_zh, "zh"),
        paragraph(rule.legal_basis_en),
    ]
    if rule.thresholds:
        rows = [[f"{t.meaning_zh} {t.meaning_en}", f"{t.value:g}", f"truck_gps.{t.name}"] for t in rule.thresholds]
        story += [Spacer(1, 4), list_table(["阈值 threshold", "值 value", "合同参数 contract parameter"], rows, [268, 53, 160])]  # fmt: skip
    if rule.rulebook:
        book = rule.rulebook
        story += [KeepTogether([
            paragraph(f"指标规则库 Rulebook: {book['name_zh']} {book['name_en']} ({book['kpi_code']}, v{book['rule_version']})", "heading"),
            paragraph(str(book["formula_zh"]), "zh"),
            paragraph(str(book["formula_en"])),
            paragraph(f"{book['owner']} · {book['legal_basis']}", "note"),
        ])]  # fmt: skip
    story += [paragraph("趟次 Trip", "heading"), facts_table(_trip_facts(dossier.trip))]
    if dossier.others:
        others = "，".join(f"{rule_text(row['finding'])}（{row['confidence']}）" for row in dossier.others)
        story.append(paragraph(f"同一趟次的其他发现 Other findings on the trip: {others}", "note"))
    return story


def permit_section(dossier: Dossier) -> list[Any]:
    """The permit and the sites as the registers in effect had them."""
    trip, permit = dossier.trip, dossier.permit
    story: list[Any] = []
    if permit is None:
        facts = [("处置证 permit", "无适用的处置证 none that could be applied")]
    else:
        hours = "不限 any"
        if permit["hour_from"] is not None and permit["hour_until"] is not None:
            hours = f"{permit['hour_from']:02d}:00 – {permit['hour_until']:02d}:00"
        listed = "承运人任一车辆 any truck of the carrier"
        if permit["truck_keys"]:
            own = "在内 listed" if trip["is_permitted_truck"] else "不在内 not listed"
            listed = f"{len(str(permit['truck_keys']).split(';'))} 辆 trucks，本车{own}"
        revoked = f"，撤销 revoked {permit['revoked_on']}" if permit["revoked_on"] else ""
        facts = [
            ("处置证 permit", masked(permit["permit_id"])),
            ("出发时状态 state at departure", _STATES.get(str(trip["permit_state"]), str(trip["permit_state"]))),
            ("承运人 carrier", masked(permit["carrier"])),
            ("工地 → 消纳场 from, to", f"{permit['site_id']} → {permit['receiving_site_id'] or '-'}"),
            ("有效期 validity", f"{permit['valid_from']} – {permit['valid_until'] or '-'}{revoked}"),
            ("时段 hours (UTC+8)", hours),
            ("核准量 volume", "-" if permit["volume_m3"] is None else f"{permit['volume_m3']:g} m³"),
            ("核准车辆 trucks", listed),
            ("核准路线 route", "有，见地图 on the map" if permit["route"] else "无 none"),
            ("登记册日期 register of", str(permit["snapshot_date"])),
        ]
    story.append(KeepTogether([paragraph("所依处置证 Permit in effect", "heading"), facts_table(facts)]))
    if dossier.sites:
        rows = [
            [
                f"{site['site_id']}  {masked(site['name'])}",
                _KINDS.get(site["kind"], str(site["kind"])),
                _roles(trip, site["site_id"]),
                f"{site['filed_on'] or '未备案 not filed'}{'，关闭 closed ' + str(site['closed_on']) if site['closed_on'] else ''}",
            ]
            for site in dossier.sites
        ]
        header = ["场地 site", "类型 kind", "本趟 here", "备案 filed on"]
        story.append(KeepTogether([paragraph("场地 Sites", "heading"), list_table(header, rows, [175, 96, 116, 94])]))
    return story


def alarms_section(dossier: Dossier) -> list[Any]:
    """What the terminal said of itself."""
    heading = paragraph("终端报警 Alarms of the terminal", "heading")
    if not dossier.alarms:
        return [KeepTogether([heading, paragraph("无 none")])]
    rows = [
        [
            f"{row['bit']}",
            " ".join(NAMES.get(row["bit"], ("其他", "other"))),
            str(row["source"]),
            f"{row['reports']}",
            f"{clock(row['first_at'])} – {clock(row['last_at'], with_date=False)}",
        ]
        for row in dossier.alarms
    ]
    header = ["位 bit", "报警 alarm", "来源 feed", "次数 reports", "起止 from, until (UTC+8)"]
    return [KeepTogether([heading, list_table(header, rows, [34, 152, 88, 62, 145])])]


def sightings_section(dossier: Dossier) -> list[Any]:
    """Camera events within the contract's reach of a fix, nearest first."""
    reach = f"{dossier.parameters['camera_match_m']:g} m, {dossier.parameters['camera_match_s']:g} s"
    heading = paragraph(f"时空相近的视频事件 Camera events near in place and time ({reach})", "heading")
    if not dossier.sightings:
        return [KeepTogether([heading, paragraph("无 none")])]
    rows = []
    for number, event in enumerate(dossier.sightings[:MOST_SHOWN], 1):
        zh, en = event_names().get(event["event_type"], ("", event["event_type"]))
        rows.append([
            f"C{number}", f"{zh} {en}", clock(event["detected_at"]), masked(event["camera_id"]),
            f"{event['distance_m']:.0f}", f"{event['apart_s']:.0f}",
            "-" if event["confidence"] is None else f"{event['confidence']:.2f}", str(event["messages"]),
            masked(event["event_id"]),
        ])  # fmt: skip
    header = ["", "类型 type", "时刻 at (UTC+8)", "摄像机 camera", "m", "s", "可信 conf.", "条 msgs", "事件 event"]
    story = [heading, list_table(header, rows, [20, 86, 64, 104, 24, 24, 46, 44, 69])]
    if len(dossier.sightings) > MOST_SHOWN:
        more = len(dossier.sightings) - MOST_SHOWN
        story.append(paragraph(f"另有 {more} 处，见GeoJSON · {more} more in the GeoJSON", "note"))
    return story


def unknown_section(dossier: Dossier) -> list[Any]:
    """What this evidence does not show."""
    story: list[Any] = [paragraph("不知道的 What is not known", "heading")]
    for zh, en in not_known(dossier):
        story.append(KeepTogether([paragraph(f"• {zh}", "cell_zh"), paragraph(en, "under"), Spacer(1, 4)]))
    return story


def _finding_facts(dossier: Dossier) -> list[tuple[str, str]]:
    rule, finding = dossier.rule, dossier.finding
    unit = rule.measure_unit.replace("m3", "m³")
    measure = "-" if finding["measure"] is None else f"{finding['measure']:.10g} {unit}"
    span = f"{clock(finding['evidence_from'])} – {clock(finding['evidence_until'])}"
    return [
        ("发现 finding", f"{finding['finding']}"),
        ("置信度 confidence", _CONFIDENCE.get(finding["confidence"], str(finding["confidence"]))),
        ("计量 measure", f"{measure}（{rule.measure_zh} {rule.measure_en}）"),
        ("证据时段 span (UTC+8)", span),
    ]  # fmt: skip


def _trip_facts(trip: Row) -> list[tuple[str, str]]:
    share = "-" if trip["observed_share"] is None else f"{trip['observed_share']:.0%}"
    state = _STATES.get(str(trip["permit_state"]), str(trip["permit_state"]))
    facts = [
        ("趟次编号 trip", str(trip["trip_id"])),
        ("营业日 business date", str(trip["business_date"])),
        ("车辆（化名）truck (pseudonym)", f"{str(trip['vehicle_key'])[:16]}…"),
        ("承运人 carrier", masked(trip["carrier"])),
        (
            "出发 – 结束 from – until (UTC+8)",
            f"{clock(trip['started_at'])} – {clock(trip['ended_at'])}，{_ENDS.get(str(trip['end_kind']), str(trip['end_kind']))}",
        ),
        (
            "装载地 → 卸载地 loaded, unloaded",
            f"{trip['origin_site_id'] or '登记场地以外 outside every site'} → {trip['destination_site_id'] or '登记场地以外 outside every site'}",
        ),
        ("里程、容积 distance, capacity", f"{_number(trip['distance_km'])} km, {_number(trip['capacity_m3'])} m³"),
        ("处置证 permit", f"{masked(trip['permit_id']) or '-'}（{state}）"),
        ("定位数、收到比例 fixes, coverage", f"{trip['fixes']}, {share}"),
    ]
    if trip["route_known"]:
        facts.append(
            (
                "走廊以外 beyond the corridor",
                f"{_number(trip['off_route_km'])} km，占 share {_number(trip['off_route_share'], 3)}，最长 longest {_number(trip['off_route_longest_km'])} km",
            )
        )
    facts.append(
        (
            "超速、最高 overspeed, top",
            f"{trip['overspeed_s'] if trip['overspeed_s'] is not None else '-'} s, {_number(trip['top_speed_kmh'])} km/h",
        )
    )
    facts.append(
        ("时段外行驶 outside the hours", f"{trip['hours_outside_s'] if trip['hours_outside_s'] is not None else '-'} s")
    )
    return facts  # fmt: skip


def _roles(trip: Row, site_id: str) -> str:
    roles = []
    for column, text in (
        ("origin_site_id", "装载 loaded"), ("destination_site_id", "卸载 unloaded"),
        ("permit_receiving_site_id", "证载 permitted"),
    ):  # fmt: skip
        if trip[column] == site_id:
            roles.append(text)
    return "，".join(roles)


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
