"""What a pack does not know, in both languages: faults must be named as such, for they accuse nobody."""

from __future__ import annotations

from collections import Counter
from typing import Final

from evidence.dossier import Dossier
from evidence.local_time import clock

Line = tuple[str, str]  # Chinese, English

_DOUBTS: Final[dict[str, Line]] = {
    "no_fix": ("终端未定位", "without a satellite fix"),
    "encrypted": ("坐标加密", "with encrypted coordinates"),
    "out_of_region": ("超出合理区域", "outside the plausible region"),
    "repeated": ("同一时刻重复", "repeating an instant"),
    "jump": ("往返跳变（漂移）", "that jump there and back (drift)"),
}
_SHOWN_SILENCES: Final = 12


def not_known(dossier: Dossier) -> list[Line]:
    """Each limit of this evidence; there always are some."""
    return [*_of_track(dossier), *_of_lines(dossier), *_of_registers(dossier), *_of_every_case()]


def _of_track(dossier: Dossier) -> list[Line]:
    trip, found = dossier.trip, []
    share, floor = trip["observed_share"], dossier.parameters.get("observed_share_min")
    if share is not None:
        found.append((
            f"收到应报定位的 {share:.0%}；其余时间车辆在何处不得而知。",
            f"{share:.0%} of the fixes due were received; where the truck was at other times is not known.",
        ))  # fmt: skip
    if share is None or (floor is not None and share < floor):
        found.append((
            "定位不足，不能据以判定路线或倾倒。",
            "There are too few fixes to judge a route or a dump by.",
        ))  # fmt: skip
    for silence in dossier.silences[:_SHOWN_SILENCES]:
        alarm = _alarm_before(dossier, silence.started_at)
        found.append((
            f"{clock(silence.started_at)} 至 {clock(silence.ended_at, with_date=False)}（{silence.seconds} 秒）无定位{alarm[0]}。",
            f"No report from {clock(silence.started_at)} to {clock(silence.ended_at, with_date=False)} ({silence.seconds} s){alarm[1]}.",
        ))  # fmt: skip
    if len(dossier.silences) > _SHOWN_SILENCES:
        more = len(dossier.silences) - _SHOWN_SILENCES
        found.append((f"另有 {more} 段无定位，见GeoJSON。", f"{more} more silences are in the GeoJSON."))
    doubts = Counter(fix.doubt for fix in dossier.fixes if fix.doubt)
    for doubt, count in sorted(doubts.items()):
        zh, en = _DOUBTS[doubt]
        found.append((f"{count} 次定位{zh}，地图不连入轨迹。", f"Fixes {en}, not part of the way drawn: {count}."))
    if trip["drift_fixes"]:
        count = trip["drift_fixes"]
        found.append((f"清洗时记为漂移的定位 {count} 次。", f"Fixes that cleaning counted as drift: {count}."))
    if trip["wrong_datum_suspected"]:
        found.append((
            "轨迹疑似使用其他坐标系（GCJ-02/BD-09），地点不可作为依据。",
            "The track may be in another datum (GCJ-02, BD-09): its places are no evidence.",
        ))  # fmt: skip
    if trip["is_open"]:
        found.append(("趟次尚未结束。", "The trip has not ended yet."))
    if trip["load_source"] == "sites":
        found.append((
            "终端无载重信号：装卸由场地停留推定。",
            "The terminal has no load sensor: loading and unloading are inferred from stops in sites.",
        ))  # fmt: skip
    return found


def _alarm_before(dossier: Dossier, at: object) -> Line:
    for gap in dossier.gaps:
        if gap["started_at"] == at:
            if gap["after_power_off"]:
                return (
                    "，其开始前后2分钟内有断电或天线报警",
                    ", with a power-off or antenna alarm within 2 minutes of its beginning",
                )
            return "，其开始前后无断电或天线报警", ", without a power-off or antenna alarm at its beginning"
    return "", ""


def _of_lines(dossier: Dossier) -> list[Line]:
    found = []
    for file in dossier.files:
        if file.missing:
            found.append((
                f"文件 {file.sha256[:12]} 的原始行无法引用：{file.missing}。",
                f"Lines of the file {file.sha256[:12]} cannot be quoted: {file.missing}.",
            ))  # fmt: skip
    if dossier.disagreeing:
        count = len(dossier.disagreeing)
        found.append((
            f"{count} 次定位与其原始行重新解码的结果不符，不应采信。",
            f"{count} fixes are not what their own lines say when decoded again: they should not be relied on.",
        ))  # fmt: skip
    return found


def _of_registers(dossier: Dossier) -> list[Line]:
    trip, found = dossier.trip, []
    if trip["permit_id"] is not None and dossier.permit is None:
        found.append((
            "该处置证已不在当日有效的登记册中。",
            "The permit is not in the register in effect on the date.",
        ))  # fmt: skip
    if dossier.permit is not None and not dossier.permit["route"]:
        found.append(("处置证无核准路线。", "The permit has no approved route."))
    if not trip["is_registered"]:
        found.append((
            "车辆未在核准名册中：所属承运人不明。",
            "The truck is in no register of approved trucks: whose it is, is not known.",
        ))  # fmt: skip
    return found


def _of_every_case() -> list[Line]:
    return [
        (
            "本证据说明车辆与终端，不说明驾驶人；车辆以加密化名表示，对应关系由登记册持有单位查实。",
            "This is evidence of a truck and its terminal, not of a driver; the truck is a keyed pseudonym, which the unit that keeps the register resolves.",
        ),
        (
            "JT/T 808 报文不含坐标系声明，按 WGS-84 处理；时间为终端时钟。",
            "JT/T 808 states no datum: WGS-84 is assumed. Times are those of the terminal's clock.",
        ),
        (
            "视频事件只按时间和地点相近列出，未识别号牌，不能证明就是该车。",
            "Camera events are listed for being near in time and place; no plate was read, so they do not prove it was this truck.",
        ),
    ]
